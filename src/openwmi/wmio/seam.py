"""The seam: the hot part of the codec, which a compiled twin may replace one day, is reached through this module only.

A twin gives the functions below with the same results. Which rows it takes, and which it leaves to the general
code, may differ: `row` returns None and a walk stops early for those. Octets and values may not. It is put into
IMPLEMENTATIONS under a name of its own, the tests of plans run over every entry, and USED says which one the codec
takes.

    plan(properties, offsets, size, flags, fixed) -> Plan      decodes instances; see `row_plan`
    price(live, arrays) -> int                                 what one of so many values and arrays takes
    encoders(cls, block, whole) -> (narrow, wide)              encodes them; see `compiled`
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Final, Protocol

from openwmi.model import CimClass, Property, Value
from openwmi.wmio import compiled, row_plan
from openwmi.wmio.heap import WireObject
from openwmi.wmio.lazy_instance import RowShape
from openwmi.wmio.row_plan import MakeInstance, Walk

__all__ = ["IMPLEMENTATIONS", "USED", "Implementation", "MakeInstance", "Plan", "RowShape", "Walk"]


class Plan(Protocol):
    """A decoder made for one class and NULL pattern; see `row_plan.RowPlan`."""

    @property
    def row(self) -> MakeInstance: ...

    def walk(self, prefix: bytes, cls: CimClass) -> Walk: ...


MakePlan = Callable[[Sequence[Property], Sequence[int], int, bytes, dict[int, Value]], Plan]
MakeEncoders = Callable[[CimClass, Callable[[WireObject], bytes], Struct], tuple[compiled.Encoder, compiled.Encoder]]


@dataclass(frozen=True, slots=True)
class Implementation:
    """The hot part."""

    plan: MakePlan
    price: Callable[[int, int], int]
    encoders: MakeEncoders


IMPLEMENTATIONS: Final = {"python": Implementation(row_plan.RowPlan, row_plan.price, compiled.build)}
USED: Final = IMPLEMENTATIONS["python"]
