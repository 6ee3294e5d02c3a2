"""How far a call has come, on a terminal that shows nothing else meanwhile."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Self, TextIO

from openwmi.cli.output import Writer

FIRST_SECONDS, EACH_SECONDS = 1.0, 0.5


class Progress:
    """`with Progress(writer):` on the loop. A call that ends within a second shows none.

    `source` says where the objects come from, such as ` from 3 of 5 hosts`.
    """

    def __init__(self, writer: Writer, source: Callable[[], str] = str) -> None:
        self._writer = writer
        self._source = source
        self._began = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._shown = False

    def __enter__(self) -> Self:
        if _terminal() is not None and not self._writer.shows_rows:
            loop = asyncio.get_running_loop()
            self._began = loop.time()
            self._timer = loop.call_later(FIRST_SECONDS, self._show)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._shown:
            _put("\r\x1b[K")

    def _show(self) -> None:
        loop = asyncio.get_running_loop()
        count = self._writer.count
        objects = "1 object" if count == 1 else f"{count:,} objects"
        self._shown = _put(f"\r{objects}{self._source()} in {loop.time() - self._began:.0f} s\x1b[K")
        if self._shown:
            self._timer = loop.call_later(EACH_SECONDS, self._show)


def _terminal() -> TextIO | None:
    stream = sys.stderr
    if stream is None or not stream.isatty() or os.environ.get("TERM", "dumb") == "dumb":
        return None
    return stream


def _put(text: str) -> bool:
    stream = _terminal()
    try:
        if stream is not None:
            stream.write(text)
            stream.flush()
    except OSError:
        return False
    return stream is not None
