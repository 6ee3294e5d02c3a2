"""The messages of WS-Discovery (2005: 4 to 6; 1.1: 4 to 7), in either profile: octets <-> values.

A device tells the same of itself in each of them: Hello, Bye, ProbeMatch, ResolveMatch hold a Description.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from openwmi.base.fault import RemoteProtocolError
from openwmi.base.limits import (
    DISCOVERY_ADDRESSES,
    DISCOVERY_MATCHES,
    DISCOVERY_SCOPES,
    DISCOVERY_TYPES,
    DPWS_URI_OCTETS,
)
from openwmi.soap import DATAGRAM, PROFILES, Fragment, Headers, Limits, Message, Profile, QName, Writer, decode, encode
from openwmi.soap.addressing import checked_uri, is_long, parse_number, uri_of
from openwmi.soap.fragment import keep
from openwmi.soap.markup import Element, resolve_qnames, text_of

MOST_EXTENSIONS: Final = 16
"""Elements that are kept of one description; nobody is known to send more than one."""


@dataclass(frozen=True, slots=True)
class Description:
    """What a device says of itself.

    Attributes:
        address: what it is called for ever, usually `urn:uuid:…`.
        types: what it is.
        scopes: where it is, and whatever else its owner says of it, as URIs.
        xaddrs: where it listens, best first; empty where one has to ask (Resolve).
        metadata_version: grows with each change; None in a Bye, which need not say it.
        extensions: the first elements that are not of WS-Discovery.
    """

    address: str
    types: tuple[QName, ...] = ()
    scopes: tuple[str, ...] = ()
    xaddrs: tuple[str, ...] = ()
    metadata_version: int | None = None
    extensions: tuple[Fragment, ...] = ()

    @classmethod
    def parse(cls, element: Element, profile: Profile) -> Description:
        """The content of an element that holds one."""
        address = ""
        types: tuple[QName, ...] = ()
        scopes: tuple[str, ...] = ()
        xaddrs: tuple[str, ...] = ()
        version = None
        extensions: list[Fragment] = []
        names = _NAMES[profile.discovery]
        for child in element:
            local = names.get(str(child.tag))
            if local == "EndpointReference":
                address = _address_in(child, profile)
            elif local == "Types":
                types = resolve_qnames(child, DISCOVERY_TYPES)
            elif local == "Scopes":
                scopes = _uris(child, DISCOVERY_SCOPES)
            elif local == "XAddrs":
                xaddrs = _uris(child, DISCOVERY_ADDRESSES)
            elif local == "MetadataVersion":
                version = parse_number(text_of(child))
            elif len(extensions) < MOST_EXTENSIONS and isinstance(child.tag, str):
                extensions.append(keep(child))
        if not address:
            raise RemoteProtocolError(f"no address in {element.tag}")
        return cls(address, types, scopes, xaddrs, version, tuple(extensions))

    def format(self, writer: Writer) -> None:
        """The same."""
        discovery = writer.profile.discovery
        _format_address(self.address, writer)
        writer.qnames(discovery, "Types", self.types)
        if self.scopes:
            writer.text(discovery, "Scopes", _list(self.scopes))
        if self.xaddrs:
            writer.text(discovery, "XAddrs", _list(self.xaddrs))
        if self.metadata_version is not None:
            writer.text(discovery, "MetadataVersion", str(self.metadata_version))
        writer.fragments(self.extensions)


@dataclass(frozen=True, slots=True)
class Hello:
    """A device has come, or has changed."""

    name: ClassVar[str] = "Hello"

    description: Description

    @classmethod
    def parse(cls, element: Element, profile: Profile) -> Hello:
        return cls(Description.parse(element, profile))

    def format(self, writer: Writer) -> None:
        _format_described(writer, self.name, self.description)


@dataclass(frozen=True, slots=True)
class Bye:
    """A device goes."""

    name: ClassVar[str] = "Bye"

    description: Description

    @classmethod
    def parse(cls, element: Element, profile: Profile) -> Bye:
        return cls(Description.parse(element, profile))

    def format(self, writer: Writer) -> None:
        _format_described(writer, self.name, self.description)


@dataclass(frozen=True, slots=True)
class Probe:
    """Who is there? All types, and a match for each scope.

    Attributes:
        match_by: the rule for scopes, a URI; empty for the profile's own.
    """

    name: ClassVar[str] = "Probe"

    types: tuple[QName, ...] = ()
    scopes: tuple[str, ...] = ()
    match_by: str = ""

    @classmethod
    def parse(cls, element: Element, profile: Profile) -> Probe:
        types: tuple[QName, ...] = ()
        scopes: tuple[str, ...] = ()
        match_by = ""
        names = _NAMES[profile.discovery]
        for child in element:
            local = names.get(str(child.tag))
            if local == "Types":
                types = resolve_qnames(child, DISCOVERY_TYPES)
            elif local == "Scopes":
                scopes, match_by = _uris(child, DISCOVERY_SCOPES), child.get("MatchBy", "").strip()
        return cls(types, scopes, match_by)

    def format(self, writer: Writer) -> None:
        discovery = writer.profile.discovery
        writer.open(discovery, "Probe")
        writer.qnames(discovery, "Types", self.types)
        if self.scopes or self.match_by:
            rule = {"MatchBy": checked_uri(self.match_by)} if self.match_by else None
            writer.text(discovery, "Scopes", _list(self.scopes), rule)
        writer.close(discovery, "Probe")


@dataclass(frozen=True, slots=True)
class Resolve:
    """Where is the device of this address?"""

    name: ClassVar[str] = "Resolve"

    address: str

    @classmethod
    def parse(cls, element: Element, profile: Profile) -> Resolve:
        found = element.find(f"{{{profile.addressing}}}EndpointReference")
        if found is None:
            raise RemoteProtocolError("a Resolve that does not say what")
        return cls(_address_in(found, profile))

    def format(self, writer: Writer) -> None:
        writer.open(writer.profile.discovery, "Resolve")
        _format_address(self.address, writer)
        writer.close(writer.profile.discovery, "Resolve")


@dataclass(frozen=True, slots=True)
class ProbeMatches:
    """Answers to a Probe. None at all is an answer, too, over HTTP."""

    name: ClassVar[str] = "ProbeMatches"

    matches: tuple[Description, ...] = ()

    @classmethod
    def parse(cls, element: Element, profile: Profile) -> ProbeMatches:
        return cls(_matches(element, profile, "ProbeMatch"))

    def format(self, writer: Writer) -> None:
        _format_matches(writer, self.name, "ProbeMatch", self.matches)


@dataclass(frozen=True, slots=True)
class ResolveMatches:
    """The answer to a Resolve."""

    name: ClassVar[str] = "ResolveMatches"

    matches: tuple[Description, ...] = ()

    @classmethod
    def parse(cls, element: Element, profile: Profile) -> ResolveMatches:
        return cls(_matches(element, profile, "ResolveMatch"))

    def format(self, writer: Writer) -> None:
        _format_matches(writer, self.name, "ResolveMatch", self.matches)


Content = Hello | Bye | Probe | Resolve | ProbeMatches | ResolveMatches


@dataclass(frozen=True, slots=True)
class Discovery:
    """A message of discovery."""

    profile: Profile
    headers: Headers
    content: Content


def decode_discovery(octets: bytes, limits: Limits = DATAGRAM) -> Discovery:
    """A message of discovery. RemoteProtocolError for whatever else came."""
    return discovery_in(decode(octets, limits))


def discovery_in(message: Message) -> Discovery:
    """The same, of an envelope that was decoded."""
    profile, headers, body = message.profile, message.headers, message.body
    known = _ACTIONS[profile.discovery].get(headers.action)
    if known is None:
        raise RemoteProtocolError(f"no action of discovery: {headers.action[:200]!r}")
    tag, parse = known
    if body is None or body.tag != tag:
        raise RemoteProtocolError(f"the body of a message with the action {headers.action} is not {tag}")
    return Discovery(profile, headers, parse(body, profile))


def encode_discovery(profile: Profile, headers: Headers, content: Content) -> bytes:
    """The envelope. LocalProtocolError for what it cannot hold."""
    return encode(profile, headers, content, declared=False)


def _address_in(element: Element, profile: Profile) -> str:
    found = element.find(f"{{{profile.addressing}}}Address")
    address = "" if found is None else uri_of(found)
    if not address:
        raise RemoteProtocolError("an endpoint without an address")
    return address


def _uris(element: Element, limit: int) -> tuple[str, ...]:
    found = text_of(element).split()
    if len(found) > limit or any(map(is_long, found)):
        raise RemoteProtocolError(f"more than {limit} URIs in {element.tag}, or one of more than {DPWS_URI_OCTETS}")
    return tuple(found)


def _matches(element: Element, profile: Profile, local: str) -> tuple[Description, ...]:
    found = [Description.parse(child, profile) for child in element.iterchildren(f"{{{profile.discovery}}}{local}")]
    if len(found) > DISCOVERY_MATCHES:
        raise RemoteProtocolError(f"{len(found)} matches in one message, where {DISCOVERY_MATCHES} are allowed")
    return tuple(found)


def _list(uris: Sequence[str]) -> str:
    return " ".join(map(checked_uri, uris))


def _format_address(address: str, writer: Writer) -> None:
    addressing = writer.profile.addressing
    writer.open(addressing, "EndpointReference")
    writer.text(addressing, "Address", checked_uri(address))
    writer.close(addressing, "EndpointReference")


def _format_described(writer: Writer, local: str, description: Description) -> None:
    writer.open(writer.profile.discovery, local)
    description.format(writer)
    writer.close(writer.profile.discovery, local)


def _format_matches(writer: Writer, local: str, each: str, matches: Sequence[Description]) -> None:
    writer.open(writer.profile.discovery, local)
    for match in matches:
        _format_described(writer, each, match)
    writer.close(writer.profile.discovery, local)


def _names(profile: Profile) -> dict[str, str]:
    own = {f"{{{profile.discovery}}}{local}": local for local in ("Types", "Scopes", "XAddrs", "MetadataVersion")}
    return own | {f"{{{profile.addressing}}}EndpointReference": "EndpointReference"}


_KINDS: Final = (Hello, Bye, Probe, Resolve, ProbeMatches, ResolveMatches)
_Known = tuple[str, Callable[[Element, Profile], Content]]
_NAMES: Final = {profile.discovery: _names(profile) for profile in PROFILES}
_ACTIONS: Final[dict[str, dict[str, _Known]]] = {
    profile.discovery: {
        profile.action(kind.name): (f"{{{profile.discovery}}}{kind.name}", kind.parse) for kind in _KINDS
    }
    for profile in PROFILES
}
