"""What a class looked like when it came in, for as long as the class lives.

[MS-WMIO] 2.3.4: the class part of an instance is an image of the class's, and "objects that have this image altered
MUST be rejected by the server". So a class that came over the wire, and an instance of it, go back with the octets that
came: slack in the heap, flavors and reserved octets that nobody understands, dictionary words or none, and the order of
the heap's items. Windows leaves a random MethodCountPadding and remains of earlier strings there (2.2.40, 2.3.4).

What is made from such a class (`replace`, `derive`, `project`) is another class, and encoded anew.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass

from openwmi.base import limits
from openwmi.model import CimClass
from openwmi.wmio.instance_layout import InstanceLayout


@dataclass(frozen=True, slots=True)
class ClassImage:
    """The octets of a class.

    Attributes:
        class_part: as the class and its instances carry it.
        layout: of its instances.
        class_type: all of a class object, with parent and methods; None where the class came with an instance.
    """

    class_part: bytes
    layout: InstanceLayout
    class_type: bytes | None = None


def is_sendable(layout: InstanceLayout, size: int, spent: int) -> bool:
    """Whether a class can go as it came: its values do not overlap, and decoding it costs no more than is allowed for
    so many octets, and not only for those of a longer message.
    """
    return layout.in_order and spent <= (limits.WMIO_HEAP_READS - 2) * size


def keep(cls: CimClass, image: ClassImage) -> None:
    """Remembers the image of a class. It must not have one yet that was used."""
    key = id(cls)
    _images[key] = weakref.ref(cls, lambda _: _images.pop(key, None)), image


def of(cls: CimClass) -> ClassImage | None:
    """What `keep` was told of this very class."""
    entry = _images.get(id(cls))
    return entry[1] if entry is not None and entry[0]() is cls else None


# By identity: an equal class that was made here has no image.
_images: dict[int, tuple[weakref.ref[CimClass], ClassImage]] = {}
