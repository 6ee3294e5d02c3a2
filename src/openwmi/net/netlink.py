"""What Linux says of its network interfaces: the messages of rtnetlink(7), decoded; no socket is touched here.

All numbers are in the machine's own byte order. A message that is cut short is the end of what can be decoded: the
kernel does not send such, and what it adds to its messages in years to come is passed over.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

LINKS, IPV4_ADDRESSES, IPV6_ADDRESSES = 0x1, 0x10, 0x100
GROUPS: Final = LINKS | IPV4_ADDRESSES | IPV6_ADDRESSES
"""As the groups of a socket: whatever changes of interfaces and addresses is told."""

ERROR, DONE = 2, 3
NEW_LINK, GET_LINK, NEW_ADDRESS, GET_ADDRESS = 16, 18, 20, 22

UP, LOOPBACK, RUNNING, MULTICAST = 0x1, 0x8, 0x40, 0x1000

_HEADER = struct.Struct("=IHHII")
_LINK = struct.Struct("=BxHiII")
_ADDRESS = struct.Struct("=BBBBI")
_ATTRIBUTE = struct.Struct("=HH")
_REQUEST, _DUMP = 0x1, 0x300

_NAME = 3  # IFLA_IFNAME
_PEER, _LOCAL, _FLAGS = 1, 2, 8  # IFA_ADDRESS, IFA_LOCAL, IFA_FLAGS
_UNUSABLE = 0x40 | 0x08  # tentative: nobody may bind to it yet; or somebody else has it
_INET, _INET6 = 2, 10
_WIDTHS = {_INET: 4, _INET6: 16}


@dataclass(frozen=True, slots=True)
class Link:
    """An interface."""

    index: int
    name: str
    flags: int


@dataclass(frozen=True, slots=True)
class LinkAddress:
    """An address of an interface. `usable` is whether it can be bound to by now."""

    index: int
    address: ipaddress.IPv4Interface | ipaddress.IPv6Interface
    usable: bool


@dataclass(frozen=True, slots=True)
class End:
    """A listing is at its end; `error` is 0, or the number of what went wrong."""

    error: int


def encode_listing(kind: int, sequence: int) -> bytes:
    """Asks for all links (GET_LINK) or all addresses (GET_ADDRESS)."""
    body = _LINK.pack(0, 0, 0, 0, 0) if kind == GET_LINK else _ADDRESS.pack(0, 0, 0, 0, 0)
    return _HEADER.pack(_HEADER.size + len(body), kind, _REQUEST | _DUMP, sequence, 0) + body


def decode(octets: bytes) -> Iterator[Link | LinkAddress | End]:
    """The messages of one datagram; those of other kinds are passed over."""
    for kind, body in _messages(octets):
        if kind == NEW_LINK and len(body) >= _LINK.size:
            yield _link(body)
        elif kind == NEW_ADDRESS and len(body) >= _ADDRESS.size:
            found = _address(body)
            if found is not None:
                yield found
        elif kind == DONE:
            yield End(0)
        elif kind == ERROR and len(body) >= 4:
            yield End(-struct.unpack_from("=i", body)[0])


def _messages(octets: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while len(octets) - at >= _HEADER.size:
        length, kind, *_ = _HEADER.unpack_from(octets, at)
        if not _HEADER.size <= length <= len(octets) - at:
            return
        yield kind, octets[at + _HEADER.size : at + length]
        at += _aligned(length)


def _attributes(octets: bytes) -> dict[int, bytes]:
    found = {}
    at = 0
    while len(octets) - at >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(octets, at)
        if not _ATTRIBUTE.size <= length <= len(octets) - at:
            break
        found[kind] = octets[at + _ATTRIBUTE.size : at + length]
        at += _aligned(length)
    return found


def _link(body: bytes) -> Link:
    _, _, index, flags, _ = _LINK.unpack_from(body)
    name = _attributes(body[_LINK.size :]).get(_NAME, b"").rstrip(b"\0")
    return Link(index, name.decode("utf-8", "replace"), flags)


def _address(body: bytes) -> LinkAddress | None:
    family, prefix, flags, _, index = _ADDRESS.unpack_from(body)
    attributes = _attributes(body[_ADDRESS.size :])
    # Between two points the first is the other end; where there is a local one, that is ours.
    octets = attributes.get(_LOCAL) or attributes.get(_PEER, b"")
    if len(octets) != _WIDTHS.get(family) or prefix > 8 * len(octets):
        return None
    more = attributes.get(_FLAGS, b"")
    if len(more) == 4:
        (flags,) = struct.unpack("=I", more)
    address = ipaddress.ip_interface((octets, prefix))
    return LinkAddress(index, address, not flags & _UNUSABLE)


def _aligned(length: int) -> int:
    return (length + 3) & ~3
