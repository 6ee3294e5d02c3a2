"""What `openwmi serve` opens besides the port of `--listen`: one for objects, one for its figures."""

from __future__ import annotations

import asyncio
import logging
import signal
from functools import partial

from openwmi.cli.figures import Figures
from openwmi.cli.journal import Say, note
from openwmi.cli.listening import METRICS, OBJECTS
from openwmi.cli.metrics import Metrics
from openwmi.cli.systemd import Manager
from openwmi.net import Address, Listener, listen, listen_at
from openwmi.server import Server


class Ports:
    """Opened with the server, and closed after it.

    Args:
        server: what serves.
        manager: who may have opened some already.
        host: of `--listen`.
        object_port: None for none.
        metrics: None for none.
        figures: the server's.
        say: tells where they are.
    """

    def __init__(
        self,
        server: Server,
        manager: Manager,
        host: str,
        object_port: int | None,
        metrics: Address | None,
        figures: Figures,
        say: Say,
    ) -> None:
        self._server = server
        self._sockets = {opened.name: opened.socket for opened in manager.sockets}
        self._objects = None if object_port is None else Address(host, object_port)
        self._address = metrics
        self._figures = figures
        self._metrics = Metrics(figures.prometheus)
        self._listener: Listener | None = None
        self._say = say

    async def open(self) -> None:
        """WbemError where a port cannot be had. SIGUSR1 logs the figures from here on."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, self._log)
        opened, nowhere = self._sockets.get(OBJECTS), Address("", 0)
        if opened is not None:
            await self._server.listen(nowhere, objects=True, open_port=partial(listen_at, listening=opened))
        elif self._objects is not None:
            await self._server.listen(self._objects, objects=True)
        opened = self._sockets.get(METRICS)
        if opened is not None:
            self._listener = await listen_at(self._metrics, nowhere, listening=opened)
        elif self._address is not None:
            self._listener = await listen(self._metrics, self._address)
        if self._listener is not None:
            self._say("metrics", f"figures at http://{self._listener.address}/metrics")

    async def close(self) -> None:
        """Nobody asks any more."""
        if self._listener is not None:
            await self._listener.close()
        self._metrics.close()

    def _log(self) -> None:
        note(logging.INFO, "figures", self._figures.table(), **self._figures.fields())
