"""Devices as rows: what discovery and metadata say of them, with the names of types that people know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from openwmi.cli.records import Record
from openwmi.soap import Metadata, QName, Service, plain
from openwmi.soap.namespaces import DPWS_2009, PREFIXES, WSA_2005, WSD_2009
from openwmi.wsd import COMPUTER, Device, Event

# A prefix stands for one namespace; of what has two versions, for that of Windows.
_PREFIX_OF: Final = {uri: prefix for uri, prefix in PREFIXES.items() if uri not in {DPWS_2009, WSA_2005, WSD_2009}}
_NAMESPACE_OF: Final = {prefix: uri for uri, prefix in _PREFIX_OF.items()}


def parse_type(text: str) -> QName:
    """`pub:Computer`, with a prefix that is known here, or `{namespace}local`. ValueError says what there is."""
    prefix, colon, local = text.partition(":")
    if text.startswith("{") or not colon:
        return QName.parse(text)
    if prefix not in _NAMESPACE_OF:
        known = ", ".join(sorted(_NAMESPACE_OF))
        raise ValueError(f"no prefix {prefix!r} is known: it is {{namespace}}local, or one of {known}")
    return QName.parse(f"{{{_NAMESPACE_OF[prefix]}}}{local}")


def format_type(name: QName) -> str:
    """The same, as short as can be."""
    prefix = _PREFIX_OF.get(name.namespace)
    return str(name) if prefix is None else f"{prefix}:{name.local}"


def device_record(device: Device) -> Record:
    """What discovery says."""
    return Record(
        None,
        {
            "Address": device.address,
            "Types": _types(device.types),
            "XAddrs": device.xaddrs,
            "Scopes": device.scopes,
            "MetadataVersion": device.metadata_version,
            "Profile": device.profile.name,
            "Source": device.source.host,
            "Interface": device.interface,
        },
    )


def event_record(event: Event) -> Record:
    """The same with what has happened."""
    return Record(None, {"Event": type(event).__name__, **device_record(event.device).values})


def metadata_record(metadata: Metadata) -> Record:
    """What the device itself says. What it does not say is NULL."""
    model, device, host = metadata.model, metadata.device, metadata.host
    return Record(
        None,
        {
            "Address": host.endpoints[0].address if host is not None else None,
            "FriendlyName": None if device is None else plain(device.friendly_name) or None,
            "Computer": _computer(host),
            "Manufacturer": None if model is None else plain(model.manufacturer) or None,
            "ModelName": None if model is None else plain(model.model_name) or None,
            "ModelNumber": None if model is None else model.model_number or None,
            "FirmwareVersion": None if device is None else device.firmware_version or None,
            "SerialNumber": None if device is None else device.serial_number or None,
            "PresentationUrl": None if model is None else model.presentation_url or None,
            "Types": () if host is None else _types(host.types),
            "Services": tuple(each.service_id for each in metadata.hosted),
            "ServiceTypes": tuple(" ".join(_types(each.types)) for each in metadata.hosted),
            "ServiceAddresses": tuple(" ".join(e.address for e in each.endpoints) for each in metadata.hosted),
        },
    )


def _types(types: Sequence[QName]) -> tuple[str, ...]:
    return tuple(map(format_type, types))


def _computer(host: Service | None) -> str | None:
    """`NAME/Workgroup:GROUP`, of a computer."""
    found = [each for each in (host.extensions if host is not None else ()) if each.name == COMPUTER]
    return (found[0].element().text or "").strip() if found else None
