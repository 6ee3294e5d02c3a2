"""Python's collector in a process that serves: how long it stops everybody, and how often."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from openwmi.base.limits import COLLECTOR_THRESHOLDS


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
