"""How long a server may take that was to answer at once: finite, so that one that has gone silent is found out."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from openwmi.base import limits
from openwmi.base.error import WbemError
from openwmi.base.status import HResult

T = TypeVar("T")

POLL_MILLISECONDS: Final = 10_000
"""How long one question for what there is later may wait over there: for rows, for events, for the end of a call. It is
asked again as long as there is nothing."""
BEGUN_MILLISECONDS: Final = 60_000
"""What a server may take to begin a call that it answers at once, and whose results are asked for later: it may have to
start a provider first."""


async def in_time(asked: Coroutine[Any, Any, T], milliseconds: int = 0) -> T:
    """What the server was to answer at once, or within this time: Unreachable where it has gone silent."""
    seconds = milliseconds / 1000 + limits.SILENT_SECONDS
    try:
        async with asyncio.timeout(seconds):
            return await asked
    except TimeoutError as error:
        if isinstance(error, WbemError):
            raise
        text = f"the server was to answer within {milliseconds / 1000:g} s, and let us wait for {seconds:g} s"
        raise WbemError(HResult.RPC_S_CALL_FAILED, text) from None
