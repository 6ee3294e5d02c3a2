"""What a class looked like when it came in, for as long as the class lives: its octets, of which it is made when
somebody asks for something of it.

[MS-WMIO] 2.3.4: the class part of an instance is an image of the class's, and "objects that have this image altered
MUST be rejected by the server". So a class that came over the wire, and an instance of it, go back with the octets that
came: slack in the heap, flavors and reserved octets that nobody understands, dictionary words or none, and the order of
the heap's items. Windows leaves a random MethodCountPadding and remains of earlier strings there (2.2.40, 2.3.4).

What is made from such a class (`replace`, `derive`, `project`) is another class, and encoded anew.
"""

from __future__ import annotations

import weakref
from typing import Protocol

from openwmi.base import limits
from openwmi.model import CimClass, source_of
from openwmi.wmio.instance_layout import InstanceLayout


class ClassImage(Protocol):
    """The octets of a class."""

    @property
    def class_part(self) -> bytes:
        """As the class and its instances carry it."""

    @property
    def layout(self) -> InstanceLayout:
        """Of its instances."""

    @property
    def class_type(self) -> bytes | None:
        """All of a class object, with parent and methods; None where the class came with an instance."""


class WireSource:
    """Octets that were looked over, of which a class is made."""

    __slots__ = ()

    def decode(self, what: CimClass) -> CimClass:
        """What DeferredClass asks for."""
        key = id(what)
        _sources[key] = weakref.ref(what, lambda _: _sources.pop(key, None)), self
        return self.decode_class()

    def decode_class(self) -> CimClass:
        """The class. Does not fail."""
        raise NotImplementedError

    @property
    def image(self) -> ClassImage | None:
        """What the class looked like; None if it cannot go as it came."""
        raise NotImplementedError


def is_sendable(layout: InstanceLayout, size: int, spent: int) -> bool:
    """Whether a class can go as it came: its values do not overlap, and decoding it costs no more than is allowed for
    so many octets, and not only for those of a longer message.
    """
    return layout.in_order and spent <= (limits.WMIO_HEAP_READS - 2) * size


def of(cls: CimClass) -> ClassImage | None:
    """What this very class looked like; None if it was made here."""
    source = source_of(cls)
    if source is None:
        entry = _sources.get(id(cls))
        source = entry[1] if entry is not None and entry[0]() is cls else None
    return source.image if isinstance(source, WireSource) else None


# By identity: an equal class that was made here has no image.
_sources: dict[int, tuple[weakref.ref[CimClass], WireSource]] = {}
