"""ClassType ([MS-WMIO] 2.2.11-2.2.14): the parent of a class and the class itself, each with its methods."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from openwmi.base.case import fold
from openwmi.base.cursor import Reader
from openwmi.base.fault import LocalProtocolError
from openwmi.model import CimClass, DeferredClass, Flavor, Qualifier, Qualifiers, qualifier_set
from openwmi.wmio import class_image, class_part, method_part, origin
from openwmi.wmio.class_image import WireSource
from openwmi.wmio.class_part import ClassPart
from openwmi.wmio.heap import DecodeBlock, Decoding, HeapWriter, WireObject, checked
from openwmi.wmio.instance_layout import InstanceLayout


def encode(cls: CimClass, parent: CimClass | None, block: Callable[[WireObject], bytes]) -> bytes:
    """A class -> its ClassType.

    `parent` is its superclass; if it is not given, the parent part says what the class shows of it: the name, what was
    declared further up, and the qualifiers that came down. `block` encodes an object inside a heap.
    """
    image = class_image.of(cls)
    if parent is None and image is not None and image.class_type is not None:
        return image.class_type
    if parent is not None and fold(parent.name) != fold(cls.superclass or ""):
        raise LocalProtocolError(f"{parent.name} is not the superclass of {cls.name}")
    return _encode_both(parent or _inherited(cls), block) + _encode_both(cls, block)


def decode(
    reader: Reader,
    decoding: Decoding,
    server: str = "",
    namespace: str = "",
    *,
    projected: bool = False,
    lost_keys: bool = False,
) -> CimClass:
    """The class; its parent is only looked over. The last four are what the object's head said of it."""
    start, before = reader.offset, decoding.spent
    _check_both(reader, decoding)
    part = _check_both(reader, decoding)
    octets = reader.data[start : reader.offset]
    sendable = (
        decoding.depth == 0
        and part.sendable
        and class_image.is_sendable(part.layout, len(octets), decoding.spent - before)
    )
    return DeferredClass(_OfClass(octets, decoding.block, sendable, server, namespace, projected, lost_keys))


@dataclass(frozen=True, slots=True)
class _OfClass(WireSource):
    """The source of a class."""

    octets: bytes
    block: DecodeBlock
    sendable: bool
    server: str
    namespace: str
    projected: bool
    lost_keys: bool

    def decode_class(self) -> CimClass:
        reader = self._at_class()
        name, derivation, properties, found = class_part.content(reader, self.block).said
        methods = method_part.decode(reader, origin.chain(name, derivation), checked(self.block))
        where = self.namespace, self.server
        return CimClass(name, None, derivation, properties, methods, found, *where, self.projected, self.lost_keys)

    @property
    def image(self) -> _OfClass | None:
        return self if self.sendable else None

    @property
    def class_part(self) -> bytes:
        return class_part.content(self._at_class(), self.block).octets

    @property
    def class_type(self) -> bytes:
        return self.octets

    @property
    def layout(self) -> InstanceLayout:
        return class_part.decode(self._at_class(), checked(self.block)).layout

    def _at_class(self) -> Reader:
        """Behind the parent."""
        reader = Reader(self.octets)
        for _ in ("class part", "methods part"):
            reader.offset += int.from_bytes(reader.data[reader.offset : reader.offset + 4], "little")
        return reader


def _encode_both(cls: CimClass, block: Callable[[WireObject], bytes]) -> bytes:
    """ClassAndMethodsPart (2.2.14)."""
    return class_part.encode(cls, HeapWriter(block)) + method_part.encode(cls, HeapWriter(block))


def _check_both(reader: Reader, decoding: Decoding) -> ClassPart:
    part = class_part.decode(reader, decoding)
    method_part.check(reader, decoding)
    return part


def _inherited(cls: CimClass) -> CimClass:
    """What a class shows of its parent; without one, the empty class that 2.2.11 asks for."""
    name, own = cls.superclass or "", fold(cls.name)
    return CimClass(
        name=name,
        derivation=cls.derivation[1:],
        properties=tuple(
            replace(
                prop,
                qualifiers=_seen_from(name, prop.origin, prop.qualifiers),
                inherited_default=fold(prop.origin) != fold(name),
            )
            for prop in cls.properties
            if prop.origin and fold(prop.origin) != own
        ),
        methods=tuple(
            replace(method, qualifiers=_seen_from(name, method.origin, method.qualifiers))
            for method in cls.methods
            if method.origin and fold(method.origin) != own
        ),
        qualifiers=qualifier_set(
            *[_local(each) for each in cls.qualifiers.values() if name and each.flavor & Flavor.ORIGIN_PROPAGATED]
        ),
        namespace=cls.namespace,
        server=cls.server,
    )


def _seen_from(name: str, declared_by: str, qualifiers: Qualifiers) -> Qualifiers:
    """Qualifiers of an inherited declaration as the class `name` has them: its own ones did not come down to it."""
    if fold(declared_by) != fold(name):
        return qualifiers
    return qualifier_set(*map(_local, qualifiers.values()))


def _local(qualifier: Qualifier) -> Qualifier:
    return replace(qualifier, flavor=qualifier.flavor & ~Flavor.ORIGIN_PROPAGATED)
