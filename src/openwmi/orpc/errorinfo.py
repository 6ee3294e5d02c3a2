"""What a server says of a failure besides its HRESULT: the error information extension ([MS-DCOM] 2.2.21.1-3).

The extension holds an OBJREF: that of a plain error object, which is understood here, or of whatever a higher protocol
has for it (WMI's is an object of its own).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from openwmi.base import guid
from openwmi.base.cursor import Reader, Writer
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.guid import Guid
from openwmi.orpc import objref
from openwmi.orpc.objref import ObjRefCustom

ERROR_EXTENSION: Final = Guid("0000031c-0000-0000-c000-000000000046")
CLSID_ErrorObject: Final = Guid("0000031b-0000-0000-c000-000000000046")
IID_IErrorInfo: Final = Guid("1cf2b120-547d-101b-8e65-08002b2bd119")
_PRESENT: Final = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class ErrorInfo:
    """The plain error object. `iid` is the interface that failed; a text that is missing is None."""

    iid: Guid = guid.NULL
    source: str | None = None
    description: str | None = None
    help_file: str | None = None
    help_context: int = 0

    @classmethod
    def decode(cls, octets: bytes) -> ErrorInfo | None:
        """From an OBJREF; None for one of another kind of object. RemoteProtocolError."""
        reference = objref.decode(octets)
        if not isinstance(reference, ObjRefCustom) or reference.clsid != CLSID_ErrorObject:
            return None
        reader = Reader(reference.data)
        if version := reader.u32():
            raise RemoteProtocolError(f"error information of version {version}")
        context, iid = reader.u32(), reader.guid()
        source, description, help_file = (_decode_text(reader) for _ in range(3))
        return cls(iid, source, description, help_file, context)

    def encode(self) -> bytes:
        """An OBJREF."""
        writer = Writer()
        writer.u32(0)
        writer.u32(self.help_context)
        writer.guid(self.iid)
        for text in (self.source, self.description, self.help_file):
            _encode_text(writer, text)
        return objref.encode(ObjRefCustom(IID_IErrorInfo, CLSID_ErrorObject, bytes(writer)))


def _decode_text(reader: Reader) -> str | None:
    if reader.u32() != _PRESENT:
        return None
    most, offset, count = reader.u32(), reader.u32(), reader.u32()
    if offset or count > most:
        raise RemoteProtocolError(f"a text of {count} of {most} characters from {offset}, at {reader.offset}")
    return reader.octets(2 * count).decode("utf-16-le", "surrogatepass").partition("\0")[0]


def _encode_text(writer: Writer, text: str | None) -> None:
    if text is None:
        writer.u32(0)
        return
    octets = text.encode("utf-16-le", "surrogatepass") + b"\0\0"
    for number in (_PRESENT, len(octets) // 2, 0, len(octets) // 2):
        writer.u32(number)
    writer.octets(octets)
