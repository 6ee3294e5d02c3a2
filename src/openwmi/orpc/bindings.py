"""DUALSTRINGARRAY: where a resolver or an exporter is reached, and how one proves oneself to it ([MS-DCOM] 2.2.19).

The packet form (in an OBJREF) and the NDR form (in a call) are the same octets, but for the count before the latter.
Nothing here resolves a name or opens a connection.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from struct import pack, unpack
from typing import Annotated, Final

from openwmi.base.cursor import Reader, Writer
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.ndr import U16, SizeIs

TOWER_TCP: Final = 0x07  # ncacn_ip_tcp ([C706] appendix I)
NO_AUTHORIZATION: Final = 0xFFFF  # the Reserved field of a SECURITYBINDING

_NUL = b"\0\0"
_KEPT_OCTETS: Final = 1024


@dataclass(frozen=True, slots=True)
class DualStringArray:
    """The array as it travels (2.2.19.2); `bindings` is what it says."""

    num_entries: U16
    security_offset: U16
    strings: Annotated[tuple[U16, ...], SizeIs("num_entries")]

    @property
    def bindings(self) -> Bindings:
        """RemoteProtocolError where an offset or a string does not fit."""
        return _decode_bindings(pack(f"<{len(self.strings)}H", *self.strings), self.security_offset)


@dataclass(frozen=True, slots=True)
class StringBinding:
    """STRINGBINDING (2.2.19.3): a protocol sequence, and `server` or `server[endpoint]`."""

    tower: int
    address: str

    @classmethod
    def tcp(cls, host: str, port: int | None = None) -> StringBinding:
        """A TCP binding: with a port for an exporter, without for a resolver, whose endpoint is well known."""
        return cls(TOWER_TCP, host if port is None else f"{host}[{port}]")

    @property
    def host(self) -> str:
        return self._parts()[0]

    @property
    def endpoint(self) -> str | None:
        """What stands in the brackets, or None."""
        return self._parts()[1]

    @property
    def port(self) -> int | None:
        """The endpoint as a TCP port; None if there is no endpoint, or none that is a port."""
        endpoint = self.endpoint
        if endpoint is None or not (endpoint.isascii() and endpoint.isdecimal()) or len(endpoint) > 5:
            return None
        port = int(endpoint)
        return port if 0 < port <= 0xFFFF else None

    def _parts(self) -> tuple[str, str | None]:
        if self.address.endswith("]") and "[" in self.address[1:]:  # a lone "[::1]" is all address
            host, _, endpoint = self.address[:-1].rpartition("[")
            return host, endpoint
        return self.address, None


@dataclass(frozen=True, slots=True)
class SecurityBinding:
    """SECURITYBINDING (2.2.19.4): a security provider ([MS-RPCE] 2.2.1.1.7) and the server's principal name, or ""."""

    authentication: int
    principal: str = ""
    authorization: int = NO_AUTHORIZATION


@dataclass(frozen=True, slots=True)
class Bindings:
    """String and security bindings, each in the order of the server's preference."""

    strings: tuple[StringBinding, ...] = ()
    securities: tuple[SecurityBinding, ...] = ()

    @classmethod
    def tcp(cls, hosts: Iterable[str], port: int | None = None, securities: Iterable[SecurityBinding] = ()) -> Bindings:
        """One TCP binding for each host, no host twice: with `port` for an exporter, without for a resolver."""
        return cls(tuple(StringBinding.tcp(host, port) for host in dict.fromkeys(hosts)), tuple(securities))

    @property
    def array(self) -> DualStringArray:
        """LocalProtocolError for a string with NUL in it, a zero number, or more than 65,535 USHORTs in all."""
        octets, security_offset = _encode(self)
        count = len(octets) // 2
        return DualStringArray(count, security_offset, unpack(f"<{count}H", octets))

    @classmethod
    def decode(cls, octets: bytes) -> Bindings:
        """The packet form (2.2.19.1), whole."""
        reader = Reader(octets)
        bindings = cls.decode_from(reader)
        reader.expect_end()
        return bindings

    @classmethod
    def decode_from(cls, reader: Reader) -> Bindings:
        """The packet form, from where the reader stands."""
        entries, security_offset = reader.u16(), reader.u16()
        decode = _decode_again if 2 * entries <= _KEPT_OCTETS else _decode_bindings
        return decode(reader.octets(2 * entries), security_offset)

    def encode(self) -> bytes:
        """The packet form; raises as `array` does."""
        writer = Writer()
        self.encode_into(writer)
        return bytes(writer)

    def encode_into(self, writer: Writer) -> None:
        octets, security_offset = _encode(self)
        writer.u16(len(octets) // 2)
        writer.u16(security_offset)
        writer.octets(octets)


@lru_cache(maxsize=64)
def _encode(bindings: Bindings) -> tuple[bytes, int]:
    """The two sections, and where the second begins, in USHORTs. An exporter says the same with each reference."""
    writer = Writer()
    for string in bindings.strings:
        _encode_entry(writer, string.tower, (), string.address)
    _end_section(writer, bindings.strings)
    security_offset = len(writer) // 2
    for security in bindings.securities:
        _encode_entry(writer, security.authentication, (security.authorization,), security.principal)
    _end_section(writer, bindings.securities)
    if len(writer) > 2 * 0xFFFF:
        raise LocalProtocolError("a DUALSTRINGARRAY holds at most 65,535 USHORTs")
    return bytes(writer), security_offset


def _decode_bindings(octets: bytes, security_offset: int) -> Bindings:
    # A section may end without its terminator, and what follows a terminator is not looked at: neither hides anything.
    if 2 * security_offset > len(octets):
        raise RemoteProtocolError(f"security bindings at {security_offset} in an array of {len(octets) // 2} USHORTs")
    strings, securities = Reader(octets, 0, 2 * security_offset), Reader(octets, 2 * security_offset)
    return Bindings(
        tuple(StringBinding(tower, _decode_text(strings)) for tower in _numbers(strings)),
        tuple(_decode_security(service, securities) for service in _numbers(securities)),
    )


_decode_again = lru_cache(maxsize=64)(_decode_bindings)
"""Each reference that comes from a machine says the same. What is long is not kept: it is memory of a stranger's."""


def _decode_security(service: int, reader: Reader) -> SecurityBinding:
    authorization = reader.u16()
    return SecurityBinding(service, _decode_text(reader), authorization)


def _numbers(reader: Reader) -> Iterator[int]:
    """The first USHORT of each entry, up to the terminator (a zero) or the end of the section."""
    while reader.remaining and (number := reader.u16()):
        yield number


def _decode_text(reader: Reader) -> str:
    end = reader.offset
    while reader.data[end : end + 2] != _NUL:
        end += 2
        if end >= reader.end:
            raise RemoteProtocolError(f"a binding's string at offset {reader.offset} has no end")
    text = reader.octets(end - reader.offset)
    reader.skip(2)
    return text.decode("utf-16-le", "surrogatepass")


def _encode_entry(writer: Writer, number: int, more: tuple[int, ...], text: str) -> None:
    if not number:
        raise LocalProtocolError("a binding that begins with 0 would end its section")
    if "\0" in text:
        raise LocalProtocolError(f"a binding's string cannot hold NUL: {text!r}")
    for value in (number, *more):
        writer.u16(value)
    writer.octets(text.encode("utf-16-le", "surrogatepass") + _NUL)


def _end_section(writer: Writer, entries: tuple[object, ...]) -> None:
    writer.octets(_NUL if entries else 2 * _NUL)  # an empty entry, then the terminator: the smallest form of 2.2.19.1
