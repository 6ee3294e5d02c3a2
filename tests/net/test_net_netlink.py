"""The kernel's messages about interfaces."""

from __future__ import annotations

import ipaddress
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openwmi.net import netlink
from openwmi.net.interfaces import Interface, from_netlink
from openwmi.net.netlink import End, Link, LinkAddress, decode, encode_listing

UP_ETHERNET = netlink.UP | netlink.RUNNING | netlink.MULTICAST


def attribute(kind: int, octets: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(octets), kind) + octets + bytes(-len(octets) % 4)


def message(kind: int, body: bytes) -> bytes:
    return struct.pack("=IHHII", 16 + len(body), kind, 0, 1, 0) + body + bytes(-len(body) % 4)


def link(index: int, name: str, flags: int) -> bytes:
    body = struct.pack("=BxHiII", 0, 1, index, flags, 0)
    return message(netlink.NEW_LINK, body + attribute(99, b"abc") + attribute(3, name.encode() + b"\0"))


def address(index: int, text: str, *, flags: int = 0, local: str = "") -> bytes:
    given = ipaddress.ip_interface(text)
    width = given.network.prefixlen
    body = struct.pack("=BBBBI", 2 if given.version == 4 else 10, width, flags & 0xFF, 0, index)
    attributes = attribute(1, given.ip.packed) + attribute(8, struct.pack("=I", flags))
    if local:
        attributes += attribute(2, ipaddress.ip_address(local).packed)
    return message(netlink.NEW_ADDRESS, body + attributes)


LISTING = (
    link(1, "lo", netlink.UP | netlink.RUNNING | netlink.LOOPBACK)
    + link(3, "eth1", UP_ETHERNET)
    + link(2, "eth0", netlink.UP | netlink.MULTICAST)
    + message(77, b"news of the future")
    + address(3, "192.0.2.1/24")
    + address(3, "192.0.2.99/32", local="192.0.2.7")
    + address(3, "fe80::1/64", flags=0x40)
    + address(3, "fe80::2/64", flags=0x80)
    + message(netlink.DONE, bytes(4))
)


def test_a_listing() -> None:
    assert list(decode(LISTING)) == [
        Link(1, "lo", netlink.UP | netlink.RUNNING | netlink.LOOPBACK),
        Link(3, "eth1", UP_ETHERNET),
        Link(2, "eth0", netlink.UP | netlink.MULTICAST),
        LinkAddress(3, ipaddress.ip_interface("192.0.2.1/24"), True),
        LinkAddress(3, ipaddress.ip_interface("192.0.2.7/32"), True),
        LinkAddress(3, ipaddress.ip_interface("fe80::1/64"), False),
        LinkAddress(3, ipaddress.ip_interface("fe80::2/64"), True),
        End(0),
    ]


def test_the_interfaces_of_a_listing() -> None:
    """Those with a carrier; an address that is still being tried out is none yet."""
    said = [each for each in decode(LISTING) if not isinstance(each, End)]
    addresses = tuple(map(ipaddress.ip_interface, ("192.0.2.1/24", "192.0.2.7/32", "fe80::2/64")))
    assert from_netlink(said) == (
        Interface(1, "lo", (), multicast=True, loopback=True),
        Interface(3, "eth1", addresses, multicast=True, loopback=False),
    )


def test_an_error() -> None:
    assert list(decode(message(netlink.ERROR, struct.pack("=i", -1) + bytes(16)))) == [End(1)]


@pytest.mark.parametrize("kind", [netlink.GET_LINK, netlink.GET_ADDRESS])
def test_what_is_asked(kind: int) -> None:
    octets = encode_listing(kind, 7)
    length, said, flags, sequence, _ = struct.unpack_from("=IHHII", octets)
    assert (length, said, flags & 1, sequence) == (len(octets), kind, 1, 7)


@pytest.mark.parametrize("length", range(len(LISTING)))
def test_a_listing_that_is_cut_short(length: int) -> None:
    whole = list(decode(LISTING))
    cut = list(decode(LISTING[:length]))
    assert cut == whole[: len(cut)]


@given(st.binary(max_size=200))
def test_any_octets(octets: bytes) -> None:
    assert len(list(decode(octets))) <= len(octets) / 16


@given(st.sampled_from([netlink.NEW_LINK, netlink.NEW_ADDRESS, netlink.ERROR]), st.binary(max_size=100))
def test_any_body(kind: int, body: bytes) -> None:
    for said in decode(message(kind, body)):
        assert isinstance(said, Link | LinkAddress | End)
