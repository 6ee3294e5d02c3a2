"""What is kept per class for encoding its instances: the octets that they begin with, and encoders made for it.

A plan lives as long as its class. Two equal classes have two plans, which differ where one of them came over the wire:
see `class_image`.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable

from openwmi.base import limits
from openwmi.model import CimClass, CimInstance, CimType
from openwmi.wmio import class_image, class_part, compiled, encoded_string, instance, property_table, seam
from openwmi.wmio.heap import HeapWriter, WireObject


class ClassCodec:
    """The encoding of the instances of one class.

    Attributes:
        decoration: server and namespace.
        class_part: the class, as every instance carries it that is not announced otherwise.
        has_objects: whether a value can be an object.
    """

    __slots__ = ("_block", "_encoders", "_instances", "_layout", "class_part", "decoration", "has_objects")

    def __init__(self, cls: CimClass, block: Callable[[WireObject], bytes]) -> None:
        self._block = block
        self._encoders: tuple[compiled.Encoder, compiled.Encoder] | None = None
        self._instances = 0
        self.decoration = encoded_string.encode(cls.server) + encoded_string.encode(cls.namespace)
        image = class_image.of(cls)
        self.class_part = class_part.encode(cls, HeapWriter(block)) if image is None else image.class_part
        self._layout = property_table.layout(cls) if image is None else image.layout
        self.has_objects = any(prop.type.cim is CimType.OBJECT for prop in cls.properties)

    def encode(self, obj: CimInstance) -> bytes:
        """An instance of the class -> what stands behind its class part."""
        row, own, of_properties = obj.values_, obj.own_qualifiers_, obj.own_property_qualifiers_
        if self._encoders is None:
            self._count(obj.class_)
        elif not own and not of_properties:
            narrow, wide = self._encoders
            try:
                return narrow(row)
            except compiled.WIDE:
                try:
                    return wide(row)
                except compiled.FAILURES:
                    pass
            except compiled.FAILURES:
                pass  # the general encoder says which value it was
        return instance.encode(obj.class_, row, own.values(), HeapWriter(self._block), self._layout, of_properties)

    def _count(self, cls: CimClass) -> None:
        self._instances += 1
        if self._instances >= limits.WMIO_COMPILE_AFTER and 0 < len(cls.properties) <= limits.WMIO_COMPILED_PROPERTIES:
            self._encoders = seam.USED.encoders(cls, self._block, self._layout.whole)


def of(cls: CimClass, block: Callable[[WireObject], bytes]) -> ClassCodec:
    """The codec of a class; `block` encodes an object inside a heap and is the same in every call."""
    key = id(cls)
    entry = _codecs.get(key)
    if entry is not None and entry[0]() is cls:
        return entry[1]
    codec = ClassCodec(cls, block)
    _codecs[key] = weakref.ref(cls, lambda _: _codecs.pop(key, None)), codec
    return codec


# By identity, since comparing classes by value would cost more than it saves.
_codecs: dict[int, tuple[weakref.ref[CimClass], ClassCodec]] = {}
