"""ObjectBlock, ObjectFlags and Decoration ([MS-WMIO] 2.2.2-2.2.10), with or without the class (2.2.3)."""

from __future__ import annotations

from typing import Final

from openwmi.base import limits
from openwmi.base.cursor import Reader
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.model import CimClass, CimInstance
from openwmi.wmio import class_part, class_type, codec, encoded_string, instance
from openwmi.wmio.class_part import ClassPart
from openwmi.wmio.heap import Decoding, WireObject
from openwmi.wmio.instance_fields import HEAD_SIZE
from openwmi.wmio.seam import Walk

# ObjectFlags (2.2.6). What is not listed is ignored when it comes in.
CLASS: Final = 0x01
INSTANCE: Final = 0x02
DECORATED: Final = 0x04
PROTOTYPE: Final = 0x10
KEYS_MISSING: Final = 0x40


def encode(obj: WireObject, *, decorated: bool, parent: CimClass | None = None) -> bytes:
    """An object -> its block. `parent` as in `class_type.encode`. Call `check_depth` before."""
    if isinstance(obj, CimInstance):
        plan = plan_of(obj.class_)
        return head_of(plan, decorated=decorated) + plan.class_part + plan.encode(obj)
    # [MS-WMI] 2.2.4.1: the prototype of what a query with a PROPERTY-LIST gives. A class that came with the second flag
    # alone, which no class should, goes out as it came.
    prototype = (PROTOTYPE if obj.projected else 0) | (KEYS_MISSING if obj.lost_keys else 0)
    flags = CLASS | (DECORATED if decorated else 0) | prototype
    decoration = encoded_string.encode(obj.server) + encoded_string.encode(obj.namespace) if decorated else b""
    return bytes((flags,)) + decoration + class_type.encode(obj, parent, encode_embedded)


def encode_embedded(obj: WireObject) -> bytes:
    """An object inside another one: decorated if it knows where it is from."""
    cls = obj.class_ if isinstance(obj, CimInstance) else obj
    return encode(obj, decorated=bool(cls.server or cls.namespace))


def plan_of(cls: CimClass) -> codec.ClassCodec:
    """How the instances of a class are encoded."""
    return codec.of(cls, encode_embedded)


def head_of(plan: codec.ClassCodec, *, decorated: bool) -> bytes:
    """What an instance begins with."""
    return bytes((INSTANCE | DECORATED,)) + plan.decoration if decorated else bytes((INSTANCE,))


def check_depth(obj: WireObject) -> None:
    """Refuses objects nested deeper than any decoder of ours would read them."""
    if isinstance(obj, CimInstance) and not plan_of(obj.class_).has_objects:
        return
    level: list[object] = [obj]
    for _ in range(limits.WMIO_DEPTH + 1):
        level = [value for each in level for value in _objects_in(each)]
        if not level:
            return
    raise LocalProtocolError(f"objects nested deeper than {limits.WMIO_DEPTH}")


def decode(reader: Reader, decoding: Decoding) -> WireObject:
    """The object at the reader, which moves on behind it."""
    flags, server, namespace = _decode_head(reader)
    if flags & CLASS:
        projected, lost_keys = bool(flags & PROTOTYPE), bool(flags & KEYS_MISSING)
        return class_type.decode(reader, decoding, server, namespace, projected=projected, lost_keys=lost_keys)
    part = class_part.decode(reader, decoding)
    return instance.decode(reader, part.without_methods(server, namespace), part.layout, decoding)


class KnownClass:
    """The class of an instance that carried it, for those that will not.

    Attributes:
        part, cls: the class.
        head: how such an instance began: ObjectFlags and Decoration.
    """

    __slots__ = ("_walks", "cls", "head", "part")

    def __init__(self, part: ClassPart, head: bytes, cls: CimClass) -> None:
        self.part = part
        self.head = head
        self.cls = cls
        self._walks: dict[bytes, Walk] | None = None

    def walk(self, name: bytes, data: bytes, start: int) -> Walk | None:
        """What decodes the instance at `start` and those behind it, if there is such a thing for them.

        `name` is the GUID of the class.
        """
        if not data.startswith(self.head, start):
            return None
        layout = self.part.layout
        start += len(self.head) + HEAD_SIZE
        flags = data[start : start + layout.flags_size]
        walks = self._walks or {}
        walk = walks.get(flags)
        if walk is None:
            plan = layout.known_plan(flags)
            if plan is not None:
                walk = walks[flags] = plan.walk(name + self.head, self.cls)
                self._walks = walks
        return walk


def decode_instance(reader: Reader, decoding: Decoding) -> tuple[CimInstance, KnownClass]:
    """An instance that carries its class, and that."""
    start = reader.offset
    server, namespace = _decode_instance_head(reader)
    head = reader.data[start : reader.offset]
    part = class_part.decode(reader, decoding)
    known = KnownClass(part, head, part.without_methods(server, namespace))
    return instance.decode(reader, known.cls, part.layout, decoding), known


def decode_without_class(reader: Reader, decoding: Decoding, known: KnownClass) -> CimInstance:
    """EncodingUnitInstanceNoClass (2.2.3)."""
    if reader.data.startswith(known.head, reader.offset, reader.end):
        reader.offset += len(known.head)
        return instance.decode(reader, known.cls, known.part.layout, decoding)
    server, namespace = _decode_instance_head(reader)
    return instance.decode(reader, known.part.without_methods(server, namespace), known.part.layout, decoding)


def _decode_instance_head(reader: Reader) -> tuple[str, str]:
    flags, server, namespace = _decode_head(reader)
    if flags & CLASS:
        raise RemoteProtocolError("a class where an instance is announced")
    return server, namespace


def _decode_head(reader: Reader) -> tuple[int, str, str]:
    flags = reader.u8()
    if bool(flags & CLASS) == bool(flags & INSTANCE):
        raise RemoteProtocolError(f"object flags {flags:#x}: either a class or an instance")
    if not flags & DECORATED:
        return flags, "", ""
    server, reader.offset = encoded_string.decode(reader.data, reader.offset, reader.end)
    namespace, reader.offset = encoded_string.decode(reader.data, reader.offset, reader.end)
    return flags, server, namespace


def _objects_in(obj: object) -> list[object]:
    """The objects that are values of an object, or defaults of its class."""
    if isinstance(obj, CimInstance):
        row = (*obj.values_, *obj.class_.defaults)
    else:
        row = obj.defaults if isinstance(obj, CimClass) else ()
    found: list[object] = []
    for value in row:
        found += [each for each in (value if isinstance(value, tuple) else (value,)) if isinstance(each, WireObject)]
    return found
