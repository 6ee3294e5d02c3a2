"""One line at the bottom of a terminal that says how a server does, below the lines that are written meanwhile."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Self

EACH_SECONDS = 1.0


class Live:
    """`with Live(line):` on the loop. Where standard error is no terminal, nothing is shown."""

    def __init__(self, line: Callable[[], str]) -> None:
        self._line = line
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        stream = sys.stderr
        if stream is None or not stream.isatty() or os.environ.get("TERM", "dumb") == "dumb":
            return self
        from rich.console import Console  # noqa: PLC0415 - only who looks pays for it
        from rich.live import Live as RichLive  # noqa: PLC0415 - likewise
        from rich.text import Text  # noqa: PLC0415 - likewise

        self._shown = self._line()
        # It takes standard error over while it is shown, so that what is printed there goes above.
        self._live = RichLive(
            console=Console(stderr=True),
            auto_refresh=False,
            transient=True,
            get_renderable=lambda: Text(self._shown, overflow="ellipsis", no_wrap=True),
            redirect_stdout=False,
        )
        self._live.start(refresh=True)
        self._timer = asyncio.get_running_loop().call_later(EACH_SECONDS, self._refresh)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._live.stop()

    def _refresh(self) -> None:
        self._shown = self._line()
        self._live.refresh()
        self._timer = asyncio.get_running_loop().call_later(EACH_SECONDS, self._refresh)
