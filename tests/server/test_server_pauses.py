"""The collector while a server runs."""

from __future__ import annotations

import gc
from weakref import ref

from openwmi.server import short_pauses


class Knot:
    """Holds itself."""

    def __init__(self) -> None:
        self.self = self


def test_what_was_there_is_not_looked_at_and_everything_is_as_it_was_afterwards() -> None:
    before, looked_at, frozen = gc.get_threshold(), len(gc.get_objects()), gc.get_freeze_count()
    with short_pauses():
        assert len(gc.get_objects()) < 1000 < looked_at + frozen
        assert gc.get_threshold()[2] > before[2]
        knot = ref(Knot())
        gc.collect()
        assert knot() is None  # what comes later is collected as ever
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0 or frozen  # what others had frozen stays so
