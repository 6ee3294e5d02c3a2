"""ObjectArray, the 'WBEMDATA' packet ([MS-WMI] 2.2.14): many objects, of which only the first of a class carries it.

The two ends of one conversation (an enumerator and a proxy GUID, or a sink) remember by GUID which classes were sent;
that memory is the encoder or decoder itself, and its owner decides how long it lasts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from struct import Struct
from typing import Any
from uuid import uuid4

from openwmi.base import guid, limits
from openwmi.base.cursor import Reader
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.model import CimClass, CimInstance
from openwmi.wmio import columns, object_block
from openwmi.wmio.codec import ClassCodec
from openwmi.wmio.heap import Decoding, WireObject


class PacketType(IntEnum):
    """bPacketType: the call that the array belongs to."""

    INDICATE = 0  # IWbemObjectSink::Indicate
    NEXT = 1  # IWbemWCOSmartEnum::Next


class ObjectType(IntEnum):
    """bObjectType (2.2.14.1)."""

    CLASS = 1
    INSTANCE = 2
    INSTANCE_NO_CLASS = 3


MAGIC = b"WBEMDATA"
VERSION = 1
# dwByteOrdering, abSignature, dwSizeOfHeader1, dwDataSize1, dwFlags, bVersion, bPacketType;
# dwSizeOfHeader2, dwDataSize2; dwSizeOfHeader3, dwDataSize3, dwNumObjects
_HEADER = Struct("<I8sIIIBB II III")
_HEADER_1, _HEADER_2, _HEADER_3 = 26, 8, 12
# WBEM_DATAPACKET_OBJECT: dwSizeOfHeader, dwSizeOfData, bObjectType; in it WBEMOBJECT_CLASS: dwSizeOfHeader and
# dwSizeOfData; the other two kinds have the classID behind these.
_PACKET, _INSTANCE = Struct("<IIBII"), Struct("<IIBII16s")


class ObjectArrayEncoder:
    """The sending end of one conversation.

    Args:
        packet_type: what the arrays are for.
        decorated: whether objects carry the server and namespace of their class.
        new_guid: gives the names under which classes are sent.
    """

    def __init__(
        self,
        packet_type: PacketType = PacketType.NEXT,
        *,
        decorated: bool = True,
        new_guid: Callable[[], guid.Guid] = uuid4,
    ) -> None:
        self._packet_type = packet_type
        self._decorated = decorated
        self._new_guid = new_guid
        # By identity: a projection has the name of its class and other properties.
        self._sent: dict[int, _Sent] = {}

    def encode(self, rows: Iterable[WireObject]) -> bytes:
        """Objects -> one ObjectArray. The errors of `encode_object`."""
        return self.array([self.packet(row) for row in rows])

    def packet(self, row: WireObject) -> bytes:
        """One object -> its WBEM_DATAPACKET_OBJECT, for `array`.

        What was made must be sent, in this order: the first instance of a class is the only one that says what it is.
        """
        if not isinstance(row, CimInstance):
            object_block.check_depth(row)
            block = object_block.encode(row, decorated=self._decorated)
            return _PACKET.pack(9, len(block) + 8, ObjectType.CLASS, 8, len(block)) + block
        known = self._sent.get(id(row.class_))
        sent = self._announcement(row.class_) if known is None else known
        plan = sent.plan
        if plan.has_objects:
            object_block.check_depth(row)
        body = plan.encode(row)
        if known is not None:
            size = len(sent.head) + len(body)
            head = _INSTANCE.pack(9, size + 24, ObjectType.INSTANCE_NO_CLASS, 24, size, sent.name)
            return b"".join((head, sent.head, body))
        size = len(sent.head) + len(plan.class_part) + len(body)
        head = _INSTANCE.pack(9, size + 24, ObjectType.INSTANCE, 24, size, sent.name)
        self._sent[id(row.class_)] = sent  # not before: an instance that fails has not told anything
        return b"".join((head, sent.head, plan.class_part, body))

    def array(self, packets: Sequence[bytes]) -> bytes:
        """Packets of `packet` -> one ObjectArray."""
        body = b"".join(packets)
        if len(body) + _HEADER.size > 0xFFFFFFFF:
            raise LocalProtocolError(f"an ObjectArray of {len(body)} octets")
        sizes = len(body) + _HEADER_2 + _HEADER_3, len(body) + _HEADER_3, len(body)
        head = _HEADER.pack(
            0, MAGIC, _HEADER_1, sizes[0], 0, VERSION, self._packet_type,
            _HEADER_2, sizes[1], _HEADER_3, sizes[2], len(packets),
        )  # fmt: skip
        return head + body

    def _announcement(self, cls: CimClass) -> _Sent:
        plan = object_block.plan_of(cls)
        return _Sent(guid.encode(self._new_guid()), object_block.head_of(plan, decorated=self._decorated), plan, cls)


@dataclass(frozen=True, slots=True)
class _Sent:
    """A class that the other end knows: by which name, and how its instances are encoded."""

    name: bytes
    head: bytes
    plan: ClassCodec
    cls: CimClass  # held, so that no other class gets its identity


class ObjectArrayDecoder:
    """The receiving end of one conversation: what it was told of a class holds for all later arrays."""

    def __init__(self) -> None:
        self._classes: dict[bytes, object_block.KnownClass] = {}
        self._small = 0

    def decode(self, octets: bytes | bytearray | memoryview) -> list[WireObject]:
        """ObjectArray -> its objects. RemoteProtocolError, and nothing else, if it is none."""
        reader = Reader(octets)
        fields = reader.unpack(_HEADER)
        if fields[:3] != (0, MAGIC, _HEADER_1) or fields[5] != VERSION:
            raise RemoteProtocolError("no ObjectArray of version 1")
        if (fields[7], fields[9]) != (_HEADER_2, _HEADER_3):
            raise RemoteProtocolError(f"ObjectArray headers of {fields[7]} and {fields[9]} octets: 8 and 12 expected")
        size, count = fields[10], fields[11]
        start = reader.skip(size)
        body = Reader(reader.data, start, reader.offset)
        decoding = Decoding(size, object_block.decode)
        objects: list[WireObject] = []
        while len(objects) < count:
            before = len(objects)
            self._walk(body, objects, count)
            if len(objects) == before:
                objects.append(self._decode_packet(body, decoding))
        return objects

    def to_arrow(self, octets: bytes | bytearray | memoryview) -> list[Any]:
        """ObjectArray -> a pyarrow.RecordBatch for each class in it, in the order in which they come; see `columns`.

        The values go from the octets into the columns, and no object is made of them. Needs the extra `arrow`.

        Raises:
            RemoteProtocolError: as `decode` does.
            LocalProtocolError: there are classes in the array, and no instances of them.
            ImportError: pyarrow is not there.
        """
        groups: dict[int, list[CimInstance]] = {}
        for found in self.decode(octets):
            if not isinstance(found, CimInstance):
                raise LocalProtocolError(f"columns of {found.name}: the array holds the class itself")
            groups.setdefault(id(found.class_), []).append(found)
        return [columns.encode(rows[0].class_, rows) for rows in groups.values()]

    def _walk(self, body: Reader, objects: list[WireObject], count: int) -> None:
        """Decodes as many instances as a plan can at one go, until there are `count` objects."""
        start = body.offset
        if body.remaining < _INSTANCE.size:
            return
        _, _, kind, _, _, name = _INSTANCE.unpack_from(body.data, start)
        known = self._classes.get(name) if kind == ObjectType.INSTANCE_NO_CLASS else None
        walk = None if known is None else known.walk(name, body.data, start + _INSTANCE.size)
        if known is not None and walk is not None:
            left = count - len(objects)
            body.offset = walk(body.data, start, body.end, left, objects, known.part.layout.rows)

    def _decode_packet(self, reader: Reader, decoding: Decoding) -> WireObject:
        outer_header, outer_size, kind, header, size = reader.unpack(_PACKET)
        outer_end = reader.offset - 8 + outer_size
        name = b"" if kind == ObjectType.CLASS else reader.octets(guid.SIZE)
        if (outer_header, header) != (9, 8 + len(name)) or not reader.offset + size <= outer_end <= reader.end:
            raise RemoteProtocolError(f"a packet of {outer_header} + {outer_size} octets with {header} + {size} in it")
        block = Reader(reader.data, reader.offset, reader.offset + size)
        reader.offset = outer_end
        if kind == ObjectType.INSTANCE_NO_CLASS:
            known = self._classes.get(name)
            if known is None:
                raise RemoteProtocolError(f"an instance of the class {name.hex()}, which was never sent")
            return object_block.decode_without_class(block, decoding, known)
        if kind == ObjectType.CLASS:
            return object_block.decode(block, decoding)
        if kind != ObjectType.INSTANCE:
            raise RemoteProtocolError(f"a packet of type {kind}: 1, 2 or 3 expected")
        self._small += size < limits.WMIO_SMALL_CLASS_OCTETS
        if len(self._classes) >= limits.WMIO_CLASSES_SENT or self._small > limits.WMIO_SMALL_CLASSES:
            most = f"{limits.WMIO_CLASSES_SENT} classes, {limits.WMIO_SMALL_CLASSES} small ones"
            raise RemoteProtocolError(f"more than {most} in one conversation")
        obj, self._classes[name] = object_block.decode_instance(block, decoding)
        return obj
