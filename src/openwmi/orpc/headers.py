"""ORPCTHIS and ORPCTHAT, which stand before the parameters of every call and reply ([MS-DCOM] 2.2.11, 2.2.13).

Extensions are kept as octets under the GUID of their format; what a format means is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Final

from openwmi.base.error import WbemError
from openwmi.base.fault import LocalProtocolError
from openwmi.base.guid import Guid
from openwmi.base.status import HResult
from openwmi.ndr import GUID, U16, U32, SizeIs, Unique


@dataclass(frozen=True, slots=True)
class ComVersion:
    """COMVERSION (2.2.11)."""

    major: U16
    minor: U16

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"

    def accepts(self, client: ComVersion) -> bool:
        """Whether a server of this version serves that client: the same major version, no higher minor one (1.7)."""
        return client.major == self.major and client.minor <= self.minor

    def negotiate(self, server: ComVersion) -> ComVersion:
        """What a client of this version says to that server (1.7): the lower minor version.

        WbemError(RPC_E_VERSION_MISMATCH) if the major versions differ.
        """
        if server.major != self.major:
            raise WbemError(HResult.RPC_E_VERSION_MISMATCH, f"the server speaks COM {server}, this client COM {self}")
        return ComVersion(self.major, min(self.minor, server.minor))


OUR_VERSION: Final = ComVersion(5, 7)


@dataclass(frozen=True, slots=True)
class OrpcExtent:
    """ORPC_EXTENT (2.2.13.1): `data` is padded to a multiple of 8, `value` is not."""

    id: GUID
    size: U32
    data: Annotated[bytes, SizeIs("size", multiple_of=8)]

    @classmethod
    def of(cls, format_id: Guid, value: bytes) -> OrpcExtent:
        return cls(format_id, len(value), value + bytes(-len(value) % 8))

    @property
    def value(self) -> bytes:
        return self.data[: self.size]


@dataclass(frozen=True, slots=True)
class OrpcExtentArray:
    """ORPC_EXTENT_ARRAY (2.2.13.2): an even number of pointers, some of them NULL."""

    size: U32
    reserved: U32
    extent: Unique[Annotated[tuple[Unique[OrpcExtent], ...], SizeIs("size", multiple_of=2)]]

    @classmethod
    def of(cls, extents: Iterable[OrpcExtent]) -> OrpcExtentArray:
        given = tuple(extents)
        if not given:
            raise LocalProtocolError("no extensions are a NULL pointer, not an empty array")
        return cls(len(given), 0, given + (None,) * (len(given) % 2))

    @property
    def extents(self) -> tuple[OrpcExtent, ...]:
        """Those that are there, in order."""
        return tuple(extent for extent in self.extent or () if extent is not None)


@dataclass(frozen=True, slots=True)
class OrpcThis:
    """ORPCTHIS (2.2.13.3): first in every request. `cid` is the same along a chain of calls that cause each other."""

    version: ComVersion
    flags: U32
    reserved1: U32
    cid: GUID
    extensions: Unique[OrpcExtentArray]

    @classmethod
    def of(cls, cid: Guid, version: ComVersion = OUR_VERSION) -> OrpcThis:
        """Flags 0 and no extensions."""
        return cls(version, 0, 0, cid, None)

    def extension(self, format_id: Guid) -> bytes | None:
        return _extension(self.extensions, format_id)


@dataclass(frozen=True, slots=True)
class OrpcThat:
    """ORPCTHAT (2.2.13.4): first in every response. Ours has no extensions: some clients fail on any."""

    flags: U32 = 0
    extensions: Unique[OrpcExtentArray] = None

    def extension(self, format_id: Guid) -> bytes | None:
        return _extension(self.extensions, format_id)


def _extension(array: OrpcExtentArray | None, format_id: Guid) -> bytes | None:
    """The octets of the first extension of that format, without their padding; None if there is none."""
    extents = array.extents if array is not None else ()
    return next((extent.value for extent in extents if extent.id == format_id), None)
