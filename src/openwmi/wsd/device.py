"""What a client knows of a device, and what becomes of it when the next message comes.

Microsoft's "AppSequence Validation Rules": of each device a message is dropped that is older than the last one, and
addresses are that come with an older instance, or an older version of its metadata.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from openwmi.net.datagram import Endpoint
from openwmi.soap import AppSequence, Fragment, Headers, Profile, QName
from openwmi.wsd.messages import MOST_EXTENSIONS, Description


@dataclass(frozen=True, slots=True)
class Device:
    """A device that was found.

    Attributes:
        address: what it is called for ever, usually `urn:uuid:…`.
        types: what it is.
        scopes: where it is, and whatever else its owner says of it.
        xaddrs: where it listens, as it says; `usable_xaddrs` says which to trust. Empty: ask by `resolve`.
        metadata_version: grows with each change of its metadata.
        profile: the versions that it speaks.
        source: who told.
        interface: the name of the interface where it was heard.
        instance: grows each time that it loses its state (AppSequence); None where it does not say. As with what
            follows, it is no change of the device if this alone changes.
        headers: elements that the last message about it had among its headers and that are nobody's here.
        extensions: the same of what it said of the device.
    """

    address: str
    types: tuple[QName, ...]
    scopes: tuple[str, ...]
    xaddrs: tuple[str, ...]
    metadata_version: int
    profile: Profile
    source: Endpoint
    interface: str
    instance: int | None = field(default=None, compare=False)
    headers: tuple[Fragment, ...] = field(default=(), compare=False)
    extensions: tuple[Fragment, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Found:
    """A device is there that was not known."""

    device: Device


@dataclass(frozen=True, slots=True)
class Updated:
    """A device says something else than before."""

    device: Device


@dataclass(frozen=True, slots=True)
class Gone:
    """A device has said Bye. What was last known of it."""

    device: Device


Event = Found | Updated | Gone


class Known:
    """The last that was heard of one device; one that said Bye stays known, so that older messages do not revive it."""

    __slots__ = ("device", "gone", "sequence")

    def __init__(self, device: Device, sequence: AppSequence | None) -> None:
        self.device = device
        self.sequence = sequence
        self.gone = False

    @property
    def weight(self) -> int:
        """About how many octets of memory it takes."""
        device = self.device
        texts = (device.address, *device.scopes, *device.xaddrs, *(part for name in device.types for part in name))
        beside = (*device.headers, *device.extensions)
        return OVERHEAD + sum(OVERHEAD + len(text) for text in (*texts, *(each.text for each in beside)))

    def is_stale(self, sequence: AppSequence | None) -> bool:
        """Whether a message of that sequence is older than the last one of the same."""
        last = self.sequence
        if sequence is None or last is None:
            return False
        if (sequence.instance, sequence.sequence) == (last.instance, last.sequence):
            return sequence.number < last.number
        return sequence.instance < last.instance

    def hear(self, said: Device, sequence: AppSequence | None, *, versioned: bool) -> bool:
        """Takes in what a message says that is not stale. Whether that changes anything.

        With `versioned` false the message does not say which version of the metadata it speaks of.
        """
        before, last = self.device, self.sequence
        was_gone, self.gone = self.gone, False
        restarted = sequence is not None and last is not None and sequence.instance > last.instance
        if sequence is not None:
            self.sequence = sequence
        version = said.metadata_version if versioned else before.metadata_version
        if version < before.metadata_version and not restarted and not was_gone:
            return False
        same = version == before.metadata_version and not restarted and not was_gone
        xaddrs = tuple(dict.fromkeys((*before.xaddrs, *said.xaddrs))) if same else said.xaddrs
        types = said.types or before.types
        scopes = said.scopes or before.scopes if same else said.scopes
        if same and set(types) <= set(before.types):
            types = before.types  # a short answer leaves some out
        self.device = replace(
            before,
            types=types,
            scopes=scopes,
            xaddrs=xaddrs[:MOST_XADDRS],
            metadata_version=version,
            instance=before.instance if said.instance is None else said.instance,
            headers=said.headers or before.headers if same else said.headers,
            extensions=said.extensions or before.extensions if same else said.extensions,
        )
        if self.device == before and not was_gone:
            return False
        if not same:
            self.device = replace(self.device, source=said.source, interface=said.interface, profile=said.profile)
        return True


OVERHEAD = 64
"""Octets that any object takes, whatever it holds."""

MOST_XADDRS = 16
"""Addresses that are gathered of one device: one for each of its interfaces and each of ours."""


def device_of(description: Description, headers: Headers, profile: Profile, source: Endpoint, interface: str) -> Device:
    """What a message says of a device."""
    sequence = headers.app_sequence
    return Device(
        description.address,
        description.types,
        description.scopes,
        description.xaddrs[:MOST_XADDRS],
        description.metadata_version or 0,
        profile,
        source,
        interface,
        None if sequence is None else sequence.instance,
        headers.others[:MOST_EXTENSIONS],
        description.extensions,
    )
