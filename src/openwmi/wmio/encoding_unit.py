"""EncodingUnit ([MS-WMIO] 2.2.1, 2.2.4, 2.2.77): one object, as it travels in an OBJREF_CUSTOM."""

from __future__ import annotations

from struct import Struct

from openwmi.base.cursor import Reader
from openwmi.base.fault import RemoteProtocolError
from openwmi.model import CimClass
from openwmi.wmio import object_block
from openwmi.wmio.heap import Decoding, WireObject

SIGNATURE = 0x12345678
_HEAD = Struct("<II")  # Signature, ObjectEncodingLength


def encode_object(obj: WireObject, *, decorated: bool = True, parent: CimClass | None = None) -> bytes:
    """An instance or a class -> EncodingUnit.

    Args:
        obj: a CimInstance, which carries its class without methods, or a CimClass.
        decorated: with the server and namespace of the class. In parameters go without.
        parent: the superclass of a class, if it is at hand; without it the parent part is made of what is inherited.

    Raises:
        LocalProtocolError: a value that its type cannot hold, or objects nested too deep.
    """
    object_block.check_depth(obj)
    block = object_block.encode(obj, decorated=decorated, parent=parent)
    return _HEAD.pack(SIGNATURE, len(block)) + block


def decode_object(octets: bytes | bytearray | memoryview) -> WireObject:
    """EncodingUnit -> an instance or a class.

    Windows: ObjectEncodingLength may be larger than the object, and larger than all that came; rubbish may follow.

    Raises:
        RemoteProtocolError: the octets are no such thing. Nothing else is raised.
    """
    reader = Reader(octets)
    signature, size = reader.unpack(_HEAD)
    if signature != SIGNATURE:
        raise RemoteProtocolError(f"signature {signature:#x}: {SIGNATURE:#x} expected")
    block = Reader(reader.data, reader.offset, min(reader.offset + size, reader.end))
    return object_block.decode(block, Decoding(len(reader.data), object_block.decode))
