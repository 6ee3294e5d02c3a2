"""A client's connections to one exporter, all in one association group ([MS-RPCE] 3.3.1.5.7-8).

Unless the server takes several calls at once on a connection, a call that waits blocks it: an enumerator's Next may,
for a minute. So there are several, opened when they are needed; the group tells the server that they are one client's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from openwmi.base import limits
from openwmi.base.error import WbemError
from openwmi.base.guid import Guid
from openwmi.base.status import HResult
from openwmi.dcom.channel import Channel
from openwmi.orpc import OUR_VERSION, ComVersion


class Pool:
    """Carries calls, as a Channel does.

    Args:
        open_channel: opens a connection in a group; 0 is a new one.
        size: the most connections that are open at once; further calls wait for one of them.

    Attributes:
        version: of COM, that was agreed upon with the server.
    """

    def __init__(self, open_channel: Callable[[int], Awaitable[Channel]], size: int = limits.POOL_CONNECTIONS) -> None:
        self._open_channel = open_channel
        self._size = size
        self._channels: list[Channel] = []
        self._taking = asyncio.Lock()
        self._freed = asyncio.Event()  # a call has ended, or all have
        self._closed = self._opened = False
        self._late = 0
        self._watchers: list[Callable[[bool], object]] = []
        self.version: ComVersion = OUR_VERSION

    def __len__(self) -> int:
        """How many connections are open."""
        return sum(not channel.closed for channel in self._channels)

    @property
    def late(self) -> int:
        """How many answers came to calls that were given up, and were dropped."""
        return self._late + sum(channel.late for channel in self._channels)

    @property
    def lost(self) -> bool:
        """Whether there have been connections, and none is left."""
        return self._opened and not len(self)

    @property
    def multiplexed(self) -> bool:
        """Whether several calls may be open at once on a connection; known after the first."""
        return any(channel.multiplexed for channel in self._channels)

    async def bound(self, interface: Guid) -> None:
        """Has a connection on which the interface is bound, without a call. Raises what `request` does."""
        await (self._idle() or await self._take(interface)).bound(interface)

    async def request(self, interface: Guid, opnum: int, stub: bytes, target: Guid | None) -> bytes:
        """One call: the stub of its reply. Cancelling the task abandons the call. Raises what a Channel's does."""
        # Who waits for a connection has the lock, and nobody overtakes.
        channel = None if self._taking.locked() else self._idle()
        if channel is None:
            channel = await self._take(interface)
        try:
            return await channel.request(interface, opnum, stub, target)
        finally:
            self._freed.set()

    def watch(self, callback: Callable[[bool], object]) -> None:
        """Calls `callback(lost)` whenever the last connection has ended, but by `close`.

        `lost`: whether the network or the server ended it; else it was given up on this side, with a call on it.
        """
        self._watchers.append(callback)

    def close(self) -> None:
        """Ends all connections; calls that are open fail."""
        self._closed = True
        self._freed.set()
        for channel in self._channels:
            channel.close()

    def _idle(self) -> Channel | None:
        """A connection that a call can be made on at once."""
        self._forget_closed()
        usable = [each for each in self._channels if each.load < (limits.POOL_CALLS if each.multiplexed else 1)]
        return min(usable, key=lambda channel: channel.load, default=None)

    async def _take(self, interface: Guid) -> Channel:
        """A connection that is free, or a new one; where there are enough, the first that becomes free."""
        async with self._taking:
            while True:
                if self._closed:
                    raise WbemError(HResult.RPC_S_CALL_FAILED, "the connections were closed on this side")
                if (idle := self._idle()) is not None:
                    return idle
                if len(self._channels) < self._size:
                    group = next((channel.group for channel in self._channels if channel.group), 0)
                    channel = await self._joined(interface, group)
                    self._keep(channel)
                    return channel
                self._freed.clear()
                await self._freed.wait()

    def _keep(self, channel: Channel) -> None:
        self._opened = True
        self._channels.append(channel)
        channel.on_end = self._ended
        if self._closed:  # while it was being opened
            channel.close()

    async def _joined(self, interface: Guid, group: int) -> Channel:
        """A connection that is in the group. The group may have ended with its last connection: then in a new one."""
        channel = await self._open_channel(group)
        try:
            await channel.bound(interface)
        except WbemError:
            channel.close()
            if not group or len(self):
                raise
            return await self._joined(interface, 0)
        except BaseException:
            channel.close()
            raise
        return channel

    def _ended(self, channel: Channel) -> None:
        if not self._closed and not len(self):
            for callback in list(self._watchers):
                callback(channel.lost)

    def _forget_closed(self) -> None:
        for channel in [each for each in self._channels if each.closed]:
            self._late += channel.late
            self._channels.remove(channel)
