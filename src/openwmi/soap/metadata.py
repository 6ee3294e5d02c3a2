"""What a device says of itself (DPWS 2006: 5; DPWS 1.1: 4): its model, itself, and the services that it hosts.

It travels as sections of WS-MetadataExchange's Metadata. What has no place here, such as the printer's and scanner's
own sections or pub:Computer, is kept as it came.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.base.limits import DISCOVERY_TYPES, DPWS_FIELD_CHARS
from openwmi.soap import namespaces as ns
from openwmi.soap.addressing import EndpointReference, checked_uri
from openwmi.soap.fragment import Fragment, keep
from openwmi.soap.markup import Element, elements, name_of, resolve_qnames, text_of
from openwmi.soap.name import QName
from openwmi.soap.profile import Profile
from openwmi.soap.writer import Writer

_LANGUAGE: Final = f"{{{ns.XML}}}lang"


@dataclass(frozen=True, slots=True)
class LocalizedText:
    """A text for people, and its language (`en-US`; empty where none is said)."""

    text: str
    language: str = ""


Texts = tuple[LocalizedText, ...]


@dataclass(frozen=True, slots=True)
class ThisModel:
    """What all devices of a kind have in common. URLs and the number are empty where nothing is said."""

    manufacturer: Texts
    model_name: Texts
    manufacturer_url: str = ""
    model_number: str = ""
    model_url: str = ""
    presentation_url: str = ""
    extensions: tuple[Fragment, ...] = ()


@dataclass(frozen=True, slots=True)
class ThisDevice:
    """What this one alone has."""

    friendly_name: Texts
    firmware_version: str = ""
    serial_number: str = ""
    extensions: tuple[Fragment, ...] = ()


@dataclass(frozen=True, slots=True)
class Service:
    """The device itself (Host), or a service on it (Hosted).

    Attributes:
        endpoints: where it is; of the device, what it is called.
        types: its port types.
        service_id: what it is called on this device.
        extensions: such as `pub:Computer`, by which Windows knows a computer.
    """

    endpoints: tuple[EndpointReference, ...]
    types: tuple[QName, ...] = ()
    service_id: str = ""
    extensions: tuple[Fragment, ...] = ()


@dataclass(frozen=True, slots=True)
class Relationship:
    """A device and the services that it hosts. One of the two may be missing."""

    host: Service | None = None
    hosted: tuple[Service, ...] = ()
    extensions: tuple[Fragment, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A section of a dialect that is not DPWS's, such as a WSDL or where it is."""

    dialect: str
    identifier: str = ""
    content: tuple[Fragment, ...] = ()


@dataclass(frozen=True, slots=True)
class Metadata:
    """All sections, by what they say."""

    model: ThisModel | None = None
    device: ThisDevice | None = None
    relationships: tuple[Relationship, ...] = ()
    others: tuple[Section, ...] = ()

    @property
    def host(self) -> Service | None:
        """The device among its relationships."""
        return next((each.host for each in self.relationships if each.host is not None), None)

    @property
    def hosted(self) -> tuple[Service, ...]:
        """The services of all its relationships."""
        return tuple(service for each in self.relationships for service in each.hosted)

    @classmethod
    def parse(cls, element: Element, profile: Profile) -> Metadata:
        """The element Metadata. RemoteProtocolError."""
        if name_of(element) != QName(profile.mex, "Metadata"):
            raise RemoteProtocolError(f"{str(element.tag)[:200]} is no metadata")
        model, device, relationships, others = None, None, [], []
        for section in elements(element, profile.mex, "MetadataSection"):
            inside = section[0] if len(section) else None
            name = None if inside is None else name_of(inside)
            if inside is None or name is None or name.namespace != profile.devprof:
                others.append(_parse_section(section))
            elif name.local == "ThisModel":
                model = _parse_model(inside, profile)
            elif name.local == "ThisDevice":
                device = _parse_device(inside, profile)
            elif name.local == "Relationship" and inside.get("Type") == _host_type(profile):
                relationships.append(_parse_relationship(inside, profile))
            else:
                others.append(_parse_section(section))
        return cls(model, device, tuple(relationships), tuple(others))

    def format(self, writer: Writer) -> None:
        """As the body of a message. LocalProtocolError for what DPWS does not allow."""
        profile = writer.profile
        writer.open(profile.mex, "Metadata")
        if self.device is not None:
            _open_section(writer, f"{profile.devprof}/ThisDevice")
            _format_device(self.device, writer)
            writer.close(profile.mex, "MetadataSection")
        if self.model is not None:
            _open_section(writer, f"{profile.devprof}/ThisModel")
            _format_model(self.model, writer)
            writer.close(profile.mex, "MetadataSection")
        for relationship in self.relationships:
            _open_section(writer, f"{profile.devprof}/Relationship")
            _format_relationship(relationship, writer)
            writer.close(profile.mex, "MetadataSection")
        for section in self.others:
            _open_section(writer, section.dialect, section.identifier)
            writer.fragments(section.content)
            writer.close(profile.mex, "MetadataSection")
        writer.close(profile.mex, "Metadata")


def plain(texts: Texts) -> str:
    """The text without a language, or the first; empty where there is none."""
    return next((each.text for each in texts if not each.language), texts[0].text if texts else "")


def localized(text: str) -> Texts:
    """A text of no particular language."""
    return (LocalizedText(text),)


# In.


def _parse_section(section: Element) -> Section:
    content = tuple(keep(child) for child in section)
    return Section(section.get("Dialect", ""), section.get("Identifier", ""), content)


def _split(element: Element, namespace: str) -> tuple[dict[str, list[Element]], tuple[Fragment, ...]]:
    """The children of the namespace by their local names, and the others as they came."""
    own: dict[str, list[Element]] = {}
    others = []
    for child in element:
        name = name_of(child)
        if name.namespace == namespace:
            own.setdefault(name.local, []).append(child)
        else:
            others.append(keep(child))
    return own, tuple(others)


def _texts(found: Iterable[Element]) -> Texts:
    return tuple(LocalizedText(text_of(each), each.get(_LANGUAGE, "")) for each in found)


def _one(own: dict[str, list[Element]], local: str) -> str:
    found = own.get(local)
    return text_of(found[0]) if found else ""


def _parse_model(element: Element, profile: Profile) -> ThisModel:
    own, extensions = _split(element, profile.devprof)
    return ThisModel(
        _texts(own.get("Manufacturer", ())),
        _texts(own.get("ModelName", ())),
        _one(own, "ManufacturerUrl"),
        _one(own, "ModelNumber"),
        _one(own, "ModelUrl"),
        _one(own, "PresentationUrl"),
        extensions,
    )


def _parse_device(element: Element, profile: Profile) -> ThisDevice:
    own, extensions = _split(element, profile.devprof)
    names = _texts(own.get("FriendlyName", ()))
    return ThisDevice(names, _one(own, "FirmwareVersion"), _one(own, "SerialNumber"), extensions)


def _parse_relationship(element: Element, profile: Profile) -> Relationship:
    own, extensions = _split(element, profile.devprof)
    hosts = own.get("Host", [])
    hosted = tuple(_parse_service(each, profile) for each in own.get("Hosted", ()))
    return Relationship(_parse_service(hosts[0], profile) if hosts else None, hosted, extensions)


def _parse_service(element: Element, profile: Profile) -> Service:
    reference = QName(profile.addressing, "EndpointReference")
    own, extensions = _split(element, profile.devprof)
    endpoints = tuple(EndpointReference.parse(each, profile) for each in elements(element, *reference))
    if not endpoints:
        raise RemoteProtocolError(f"no endpoint in {element.tag}")
    types = own.get("Types")
    return Service(
        endpoints,
        resolve_qnames(types[0], DISCOVERY_TYPES) if types else (),
        _one(own, "ServiceId"),
        tuple(each for each in extensions if each.name != reference),
    )


# Out.


def _host_type(profile: Profile) -> str:
    return f"{profile.devprof}/host"


def _open_section(writer: Writer, dialect: str, identifier: str = "") -> None:
    attributes = {"Dialect": dialect, "Identifier": identifier}
    writer.open(writer.profile.mex, "MetadataSection", {name: text for name, text in attributes.items() if text})


def _field(writer: Writer, local: str, text: str) -> None:
    if len(text) >= DPWS_FIELD_CHARS:
        raise LocalProtocolError(f"{local} has {len(text)} characters, and must have fewer than {DPWS_FIELD_CHARS}")
    if text:
        writer.text(writer.profile.devprof, local, text)


def _localized(writer: Writer, local: str, texts: Texts) -> None:
    if not texts:
        raise LocalProtocolError(f"DPWS wants at least one {local}")
    for each in texts:
        if len(each.text) >= DPWS_FIELD_CHARS:
            raise LocalProtocolError(f"{local} must have fewer than {DPWS_FIELD_CHARS} characters: {each.text[:40]!r}…")
        attributes = {"xml:lang": each.language} if each.language else None
        writer.text(writer.profile.devprof, local, each.text, attributes)


def _uri(writer: Writer, local: str, text: str) -> None:
    if text:
        writer.text(writer.profile.devprof, local, checked_uri(text))


def _format_model(model: ThisModel, writer: Writer) -> None:
    writer.open(writer.profile.devprof, "ThisModel")
    _localized(writer, "Manufacturer", model.manufacturer)
    _uri(writer, "ManufacturerUrl", model.manufacturer_url)
    _localized(writer, "ModelName", model.model_name)
    _field(writer, "ModelNumber", model.model_number)
    _uri(writer, "ModelUrl", model.model_url)
    _uri(writer, "PresentationUrl", model.presentation_url)
    writer.fragments(model.extensions)
    writer.close(writer.profile.devprof, "ThisModel")


def _format_device(device: ThisDevice, writer: Writer) -> None:
    writer.open(writer.profile.devprof, "ThisDevice")
    _localized(writer, "FriendlyName", device.friendly_name)
    _field(writer, "FirmwareVersion", device.firmware_version)
    _field(writer, "SerialNumber", device.serial_number)
    writer.fragments(device.extensions)
    writer.close(writer.profile.devprof, "ThisDevice")


def _format_relationship(relationship: Relationship, writer: Writer) -> None:
    devprof = writer.profile.devprof
    writer.open(devprof, "Relationship", {"Type": _host_type(writer.profile)})
    if relationship.host is not None:
        _format_service(relationship.host, writer, "Host")
    for service in relationship.hosted:
        _format_service(service, writer, "Hosted")
    writer.fragments(relationship.extensions)
    writer.close(devprof, "Relationship")


def _format_service(service: Service, writer: Writer, local: str) -> None:
    devprof = writer.profile.devprof
    writer.open(devprof, local)
    for endpoint in service.endpoints:
        endpoint.format(writer)
    writer.qnames(devprof, "Types", service.types)
    if local == "Hosted" or writer.profile.host_has_id:
        _uri(writer, "ServiceId", service.service_id)
    writer.fragments(service.extensions)
    writer.close(devprof, local)
