"""Addresses that are one stranger's."""

from __future__ import annotations

import pytest

from openwmi.base.origin import origin


@pytest.mark.parametrize(
    ("peer", "whose"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("", ""),
        ("a host", "a host"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8:0:0:ffff:ffff:ffff:ffff", "2001:db8::/64"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("::1", "::/64"),
        ("fe80::1%eth0", "fe80::%eth0/64"),
        ("fe80::2%eth1", "fe80::%eth1/64"),
        ("not:an:address", "not:an:address"),
    ],
)
def test_what_a_peer_cannot_change(peer: str, whose: str) -> None:
    assert origin(peer) == whose
