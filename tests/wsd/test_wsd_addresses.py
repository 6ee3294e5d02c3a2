"""Where devices listen: how we say it, and which addresses of strangers may be used."""

from __future__ import annotations

import pytest
from hypothesis import given
from tests.soap.given import TEXTS, URIS
from tests.wsd.world import interface

from openwmi.wsd import usable_xaddrs
from openwmi.wsd.addresses import format_xaddr, local_address

BOTH = interface("192.0.2.1/24", "198.51.100.1/24", "2001:db8::1/64", "fe80::1/64")


@pytest.mark.parametrize(
    ("asker", "ours"),
    [
        ("192.0.2.9", "192.0.2.1"),
        ("198.51.100.9", "198.51.100.1"),
        ("fe80::9", "fe80::1"),
        ("2001:db8::9", "2001:db8::1"),
        ("2001:db8:1::9", "2001:db8::1"),
        ("name", None),
    ],
)
def test_our_address_for_each_asker(asker: str, ours: str | None) -> None:
    assert local_address(BOTH, asker) == ours


def test_an_interface_without_an_address_of_that_kind() -> None:
    assert local_address(interface("192.0.2.1/24"), "fe80::9") is None


def test_how_we_say_it() -> None:
    assert format_xaddr("http", "192.0.2.1", 5357, "/x") == "http://192.0.2.1:5357/x"
    assert format_xaddr("https", "fe80::1%eth0", 5358, "/") == "https://[fe80::1]:5358/"


@pytest.mark.parametrize(
    ("given", "usable"),
    [
        (("http://192.0.2.7:80/a?b", "http://192.0.2.8"), ("http://192.0.2.7:80/a?b", "http://192.0.2.8")),
        (("http://[fe80::7]:5357/x",), ("http://[fe80::7%eth0]:5357/x",)),
        (("http://[fe80::7%4]:5357/x",), ("http://[fe80::7%eth0]:5357/x",)),
        (("HTTP://[2001:db8::7]/",), ("http://[2001:db8::7]/",)),
        (("http://printer.local/",), ("http://printer.local/",)),
        (("soap.udp://192.0.2.7:3702", "https://192.0.2.7/"), ("https://192.0.2.7/",)),
        (("http://192.0.2.7/", "https://192.0.2.7/"), ()),
        (("http://203.0.113.1/", "http://192.0.2.7/"), ("http://192.0.2.7/",)),
        (("http://203.0.113.9/",), ("http://203.0.113.9/",)),
        (("http://127.0.0.1/", "http://[::1]/", "http://0.0.0.0/", "http://239.255.255.250/"), ()),
        (("http://[::ffff:127.0.0.1]/", "http://user@192.0.2.7/", "http://192.0.2.7 /", "http:///", "http://[x]/"), ()),
        (("http://192.0.2.7:port/", "http://192.0.2.7#x", "file:///etc/passwd", ""), ()),
    ],
)
def test_which_may_be_used(given: tuple[str, ...], usable: tuple[str, ...]) -> None:
    assert usable_xaddrs(given, BOTH, sender="203.0.113.9") == usable


def test_on_the_loopback_interface_its_own_addresses_may_be() -> None:
    loopback = interface("127.0.0.1/8", name="lo", index=1)
    assert usable_xaddrs(["http://127.0.0.1:5357/"], loopback) == ()
    real = type(loopback)(1, "lo", loopback.addresses, loopback=True)
    assert usable_xaddrs(["http://127.0.0.1:5357/"], real) == ("http://127.0.0.1:5357/",)


@given(TEXTS | URIS)
def test_no_text_fails(text: str) -> None:
    assert set(usable_xaddrs([text, f"http://{text}"], BOTH)) <= {text, f"http://{text}"}
