"""Calls at the highest level of protection that the other side lets us use, going down a level at a time.

For calling back: a server seldom has an account that its clients know ([MS-WMI] 3.1.1.1.3 and note 16).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from openwmi.base.error import WbemError
from openwmi.base.guid import Guid
from openwmi.base.status import HResult
from openwmi.dcom.pool import Pool
from openwmi.orpc import OUR_VERSION, ComVersion

REFUSED: Final = frozenset({int(HResult.E_ACCESSDENIED)})
"""What says that a level will not do: the login, or a call at this level, was refused below the interface."""


class Ladder:
    """Carries calls, as a Pool does.

    Args:
        rungs: the connections of each level, highest first; each is made when it is needed. At least one.

    Attributes:
        version: of COM, that was agreed upon with the server.
    """

    def __init__(self, rungs: Sequence[Callable[[], Pool]], version: ComVersion = OUR_VERSION) -> None:
        self.version = version
        self._below = list(rungs)
        self._pool = self._next()

    def __len__(self) -> int:
        """How many connections are open."""
        return len(self._pool)

    @property
    def lost(self) -> bool:
        """Whether there have been connections, and none is left."""
        return self._pool.lost

    @property
    def multiplexed(self) -> bool:
        """Whether several calls may be open at once on a connection; known after the first."""
        return self._pool.multiplexed

    @property
    def lowest(self) -> bool:
        """Whether there is no level below that of the last call."""
        return not self._below

    async def request(self, interface: Guid, opnum: int, stub: bytes, target: Guid | None) -> bytes:
        """One call: the stub of its reply. Raises what a Channel's does; E_ACCESSDENIED where no level will do."""
        while True:
            pool = self._pool
            try:
                return await pool.request(interface, opnum, stub, target)
            except WbemError as error:
                if error.status not in REFUSED or (pool is self._pool and not self._below):
                    raise
            if pool is self._pool:  # another call may have gone down meanwhile
                self._pool = self._next()
                pool.close()

    def close(self) -> None:
        """Ends all connections; calls that are open fail."""
        self._below.clear()
        self._pool.close()

    def _next(self) -> Pool:
        pool = self._below.pop(0)()
        pool.version = self.version
        return pool
