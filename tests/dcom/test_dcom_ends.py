"""Which addresses are one machine's."""

from __future__ import annotations

import asyncio

import pytest

from openwmi.dcom.ends import Ends, same_place


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("127.0.0.1", "127.0.0.2", True),
        ("127.0.0.1", "::1", True),
        ("127.0.0.1", "192.0.2.1", False),
        ("fe80::1%eth0", "fe80::1%eth0", True),
        ("fe80::1%eth0", "fe80::1%eth1", False),
        ("", "127.0.0.1", False),
        ("localhost", "127.0.0.1", False),
    ],
)
def test_same_place(one: str, other: str, same: bool) -> None:
    assert same_place(one, other) is same
    assert same_place(other, one) is same


@pytest.mark.parametrize(
    ("sockname", "peername", "ends"),
    [
        (("192.0.2.1", 135), ("192.0.2.2", 50000), Ends("192.0.2.1", "192.0.2.2")),
        (("::ffff:192.0.2.1", 135, 0, 0), ("::ffff:192.0.2.2", 50000, 0, 0), Ends("192.0.2.1", "192.0.2.2")),
        (("2001:db8::1", 135, 0, 0), ("fe80::1%eth0", 50000, 0, 2), Ends("2001:db8::1", "fe80::1%eth0")),
        ("/run/socket", "", Ends("", "")),
        (None, None, Ends("", "")),
    ],
)
def test_what_a_socket_says(sockname: object, peername: object, ends: Ends) -> None:
    assert Ends.of(asyncio.BaseTransport({"sockname": sockname, "peername": peername})) == ends
