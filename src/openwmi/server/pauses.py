"""Python's collector in a process that serves: how long it stops everybody, and how often."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

# Of Python's collector in a server; the third is 10 by default. A look at everything takes some 20 ms with 500
# sessions, and comes every ten seconds at 250 queries a second, oftener with more: now it is a tenth of that. What it
# finds late is what is left of sessions that have ended: of some 7,000, at 10 KB each.
COLLECTOR_THRESHOLDS: Final = (700, 10, 100)


@contextmanager
def short_pauses() -> Iterator[None]:
    """What is there by now (modules, classes, codecs) is not looked at again, and what has grown old seldom.

    Else each look at everything stops all clients for tens of milliseconds, every few seconds while they are many: one
    query of a hundred waits for it.
    """
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTOR_THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        if not frozen:  # there is no way back to some of it
            gc.unfreeze()
