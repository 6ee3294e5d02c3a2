"""A client's view of one exporter: its objects by IPID, the references to them, and connections to call them over.

References are counted here as the server counts them ([MS-DCOM] 3.2.4.4), and given back together.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from typing import TypeVar

from openwmi.base import limits
from openwmi.base.error import WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.guid import Guid
from openwmi.base.record import printable
from openwmi.base.status import HResult
from openwmi.dcom.ladder import Ladder
from openwmi.dcom.pool import Pool
from openwmi.dcom.proxy import proxy
from openwmi.interfaces import Interface, IRemUnknown2, RemInterfaceRef
from openwmi.orpc import PUBLIC_REFS, HeldReferences, OxidEntry, Reference, StdObjRef

log = logging.getLogger("openwmi.dcom")

I = TypeVar("I", bound=Interface)  # noqa: E741 - the type of an interface


class RemoteExporter:
    """One exporter.

    Args:
        entry: what its resolver says of it.
        pool: the connections.
    """

    def __init__(self, entry: OxidEntry, pool: Pool | Ladder) -> None:
        self.oxid = entry.oxid
        self.pool = pool
        self._held = HeldReferences()
        self._rem_unknown = proxy(IRemUnknown2, self.pool, entry.ipid_rem_unknown)

    def __len__(self) -> int:
        """How many interfaces of its objects are held."""
        return len(self._held)

    @property
    def multiplexed(self) -> bool:
        """Whether a call that waits leaves its connection to others; known after the first call."""
        return self.pool.multiplexed

    @property
    def pinged(self) -> frozenset[int]:
        """The OIDs of the objects that live by pings."""
        return self._held.pinged

    def proxy(self, interface: type[I], ipid: Guid) -> I:
        """The object behind `ipid`, as one of its interfaces."""
        return proxy(interface, self.pool, ipid)

    async def adopt(self, std: StdObjRef) -> Guid:
        """A reference came with an answer: it is held from now on. A reference without counts gets some (3.2.4.4)."""
        if not self._held.add(std):
            try:
                reply = await self._rem_unknown.RemAddRef(1, (RemInterfaceRef(std.ipid, PUBLIC_REFS, 0),))
            except WbemError:
                self._held.remove([std.ipid])
                raise
            if reply.pResults[0]:
                self._held.remove([std.ipid])
                raise WbemError(HResult.RPC_E_DISCONNECTED, f"object {std.oid:016x} is gone")
            self._held.added(std.ipid, PUBLIC_REFS)
        return std.ipid

    async def query(self, ipid: Guid, *interfaces: type[Interface]) -> Sequence[Guid | None]:
        """RemQueryInterface: the IPIDs of more interfaces of an object, held; None for one that it does not have."""
        iids = tuple(each.iid for each in interfaces)
        try:
            reply = await self._rem_unknown.RemQueryInterface(ipid, PUBLIC_REFS, len(iids), iids)
        except WbemError as error:
            if error.status != HResult.E_NOINTERFACE:
                raise
            return [None] * len(iids)
        results = reply.ppQIResults or ()
        if len(results) != len(iids):
            raise RemoteProtocolError(f"asked for {len(iids)} interfaces, it told of {len(results)}")
        return [None if each.hResult else await self.adopt(each.std) for each in results]

    async def release(self, *ipids: Guid) -> None:
        """These are not needed any more. What is gone already does no harm."""
        await self._give_back(self._held.remove(ipids))

    async def close(self) -> None:
        """Gives everything back, and ends the connections.

        Where they have been lost, nobody is asked to: what is still held over there goes without pings.
        """
        if self.pool.lost:
            self._held.clear()
        try:
            async with asyncio.timeout(limits.CLOSE_SECONDS):
                await self._give_back(self._held.clear())
        except (WbemError, RemoteProtocolError, TimeoutError) as error:
            log.debug("references were not given back: %s", printable(error))
        finally:
            self.pool.close()

    async def _give_back(self, references: Iterable[Reference]) -> None:
        elements = tuple(RemInterfaceRef(each.ipid, each.public, each.private) for each in references)
        if elements:
            await self._rem_unknown.RemRelease(len(elements), elements)
