"""ClassType ([MS-WMIO] 2.2.11-2.2.14): the parent of a class and the class itself, each with its methods."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from openwmi.base.case import fold
from openwmi.base.cursor import Reader
from openwmi.base.fault import LocalProtocolError
from openwmi.model import CimClass, Flavor, Method, Qualifier, Qualifiers, qualifier_set
from openwmi.wmio import class_image, class_part, method_part, origin
from openwmi.wmio.class_part import ClassPart
from openwmi.wmio.heap import Decoding, HeapWriter, WireObject


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
) -> tuple[CimClass | None, CimClass]:
    """The parent, None if there is none, and the class. The last four are what the object's head said of it."""
    start, before = reader.offset, decoding.spent
    part, methods = _decode_both(reader, decoding)
    parent = part.with_methods(methods, server, namespace) if part.name else None
    part, methods = _decode_both(reader, decoding)
    cls = part.with_methods(methods, server, namespace, projected=projected, lost_keys=lost_keys)
    octets = reader.data[start : reader.offset]
    if (
        decoding.depth == 0
        and part.image is not None
        and class_image.is_sendable(part.layout, len(octets), decoding.spent - before)
    ):
        class_image.keep(cls, replace(part.image, class_type=octets))
    return parent, cls


def _encode_both(cls: CimClass, block: Callable[[WireObject], bytes]) -> bytes:
    """ClassAndMethodsPart (2.2.14)."""
    return class_part.encode(cls, HeapWriter(block)) + method_part.encode(cls, HeapWriter(block))


def _decode_both(reader: Reader, decoding: Decoding) -> tuple[ClassPart, tuple[Method, ...]]:
    part = class_part.decode(reader, decoding)
    return part, method_part.decode(reader, origin.chain(part.name, part.derivation), decoding)


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
