"""Objects on the wire: [MS-WMIO] blocks and [MS-WMI] 2.2.14 arrays <-> CimInstance and CimClass. No I/O.

One object, as an OBJREF_CUSTOM carries it (the OBJREF itself belongs to orpc):

    encode_object(obj, *, decorated=True, parent=None) -> bytes
    decode_object(octets) -> CimInstance | CimClass

Many objects, as IWbemWCOSmartEnum::Next and the optimized IWbemObjectSink::Indicate carry them. The first instance of a
class carries the class, so encoder and decoder have a memory: hold one per enumerator and proxy GUID, or one per sink.

    encoder = ObjectArrayEncoder(PacketType.NEXT)
    encoder.encode(rows) -> bytes
    encoder.packet(row) -> bytes; encoder.array(packets) -> bytes      to stop at a number of octets
    ObjectArrayDecoder().decode(octets) -> list[CimInstance | CimClass]
    ObjectArrayDecoder().to_arrow(octets) -> list[pyarrow.RecordBatch]     straight into columns; the extra `arrow`

An instance that came in keeps its octets and decodes a property when asked; so does a class, of which objects are made
when somebody asks for something of it. All that could be wrong with them is found before. A class that came in, and its
instances, go out with the octets that they came in: see `class_image`.

What a caller says by name to those who carry its call out, IWbemContext ([MS-WMI] 2.2.13); it is what
CallContext.values takes:

    decode_context(octets) -> NameMap[ContextValue]
    encode_context(values, *, types={name: VariantType}, request=GUID) -> bytes

Method parameters travel as instances of the classes __PARAMETERS that model.input_class and model.output_class make.

Values are the model's. NULL, 0, "", False and () stay five different values. The class without a name, which
GetObject("") gives, is a CimClass whose name is "". A datetime whose text is no CIM datetime comes in as that text.
Encoders raise LocalProtocolError, decoders RemoteProtocolError, and nothing else.
"""

from openwmi.wmio.context import ARRAY, ContextValue, VariantType, decode_context, encode_context
from openwmi.wmio.encoding_unit import decode_object, encode_object
from openwmi.wmio.object_array import ObjectArrayDecoder, ObjectArrayEncoder, ObjectType, PacketType

__all__ = [
    "ARRAY",
    "ContextValue",
    "ObjectArrayDecoder",
    "ObjectArrayEncoder",
    "ObjectType",
    "PacketType",
    "VariantType",
    "decode_context",
    "decode_object",
    "encode_context",
    "encode_object",
]
