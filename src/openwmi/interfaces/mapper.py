"""The endpoint mapper, which says at what port an interface is served ([C706] appendix O, [MS-RPCE] 2.2.1.2)."""

# A declaration has no body.
# mypy: disable-error-code="empty-body"

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, NamedTuple

from openwmi.base import guid
from openwmi.interfaces.declaration import Interface, call
from openwmi.ndr import GUID, HRESULT, U32, Full, LengthIs, SizeIs


@dataclass(frozen=True, slots=True)
class LookupHandle:
    """ept_lookup_handle_t, a context handle: NULL where a search begins, and where it is over."""

    attributes: U32 = 0
    uuid: GUID = guid.NULL


@dataclass(frozen=True, slots=True)
class EncodedTower:
    """twr_t: an `openwmi.rpc.Tower`, as octets."""

    tower_length: U32
    tower_octet_string: Annotated[bytes, SizeIs("tower_length")]


class MapReply(NamedTuple):
    entry_handle: LookupHandle
    num_towers: U32
    ITowers: Annotated[tuple[Full[EncodedTower], ...], SizeIs("max_towers"), LengthIs("num_towers")]
    hresult: HRESULT = 0


class IEndpointMapper(Interface, iid="e1af8308-5d1f-11c9-91a4-08002b14a0fa", version=(3, 0), unused=range(3)):
    """What its calls return is an error_status_t. The calls that list and change the map are not served."""

    @call(3)
    async def ept_map(
        self,
        obj: Full[GUID],
        map_tower: Full[EncodedTower],
        entry_handle: LookupHandle,
        max_towers: U32,
    ) -> MapReply:
        """[MS-RPCE] 2.2.1.2.5: where the interface of a tower is."""
