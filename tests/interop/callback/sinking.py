"""A client whose sink hears of a query: what it has heard, and what the log said, as a line of JSON.

Arguments: the server, a user, a password, a query, and how sinks are called: auto, require or never. With a sixth
argument the call is cancelled with the first objects.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Sequence
from typing import Any

import openwmi


class Log(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


class Sink(openwmi.Sink[Any]):
    def __init__(self) -> None:
        self.names: list[str] = []
        self.statuses: list[int] = []
        self.heard = asyncio.Event()
        self.ended = asyncio.Event()

    async def indicate(self, objects: Sequence[Any]) -> None:
        self.names += [each.name for each in objects]
        self.heard.set()

    async def set_status(self, status: int, error: openwmi.WbemError | None) -> None:
        self.statuses.append(int(status))
        self.heard.set()
        self.ended.set()


async def main(host: str, user: str, password: str, query: str, callbacks: Any, cancel: str = "") -> None:
    log, sink = Log(), Sink()
    logging.getLogger("openwmi").addHandler(log)
    async with openwmi.connect("root/cimv2", host=host, user=user, password=password, callbacks=callbacks) as ns:
        call = ns.with_sink(sink).query(query)
        await call.started()
        await sink.heard.wait()
        if cancel:
            ns.cancel_calls(sink)
        await sink.ended.wait()
        status = await call.status()
    said = {"names": sink.names, "statuses": sink.statuses, "status": int(status), "log": log.lines}
    print(json.dumps(said), flush=True)


asyncio.run(main(*sys.argv[1:]))
