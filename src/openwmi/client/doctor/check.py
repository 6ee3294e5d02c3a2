"""One check: a small function, and what it finds.

What a check finds is in three parts, since a report goes to strangers: a text for whoever asked, facts that are numbers
alone, so that no name and no value can get into them, and names.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias, Union

from openwmi.client.doctor.denied import Layer

if TYPE_CHECKING:
    from openwmi.client.doctor.visit import Visit

Fact: TypeAlias = Union[int, float, bool, Sequence[int], Mapping[str, "Fact"], None]  # noqa: UP007 - it names itself
"""Of texts only the keys, which are this program's own words."""


class Code(int):
    """A fact that is a status, 0 for none: a report names it."""


class Status(StrEnum):
    """How a check came out."""

    OK = "ok"
    SLOW = "slow"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Found:
    """What a check returns.

    Attributes:
        text: in one line.
        todo: what to do about it; "" for nothing.
        facts: for the report.
        names: for the report of who wants names in it.
        status: SLOW where the check itself knows; its time tells otherwise.
    """

    text: str
    todo: str = ""
    facts: Mapping[str, Fact] = field(default_factory=dict)
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    status: Status = Status.OK


class Skip(Exception):  # noqa: N818 - it is what happens
    """There is nothing to check.

    Attributes:
        found: why, and what to do so that there is.
    """

    def __init__(self, text: str, todo: str = "") -> None:
        super().__init__(text)
        self.found = Found(text, todo)


class Broken(Exception):  # noqa: N818 - likewise
    """It fails, and the check knows better than its status what to do about that.

    Attributes:
        error: the failure.
        todo: what to do.
    """

    def __init__(self, error: Exception, todo: str) -> None:
        super().__init__(str(error))
        self.error = error
        self.todo = todo


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    Attributes:
        name: a word.
        run: carries it out. It raises WbemError or RemoteProtocolError where it fails, Broken where it knows what to do
            about that, and Skip.
        needs: the checks before it that have to be good.
        layer: who denies access, if access is denied; `layer_of` where that depends.
        todo: what to do if it fails otherwise.
        seconds: how long it may take.
        slow: from so many seconds on it is slow.
        slow_todo: what to do then.
        door: whether nobody gets in where it fails.
    """

    name: str
    run: Callable[[Visit], Awaitable[Found]]
    needs: tuple[str, ...] = ()
    layer: Layer = Layer.NETWORK
    layer_of: Callable[[Exception], Layer] | None = None
    todo: str = ""
    seconds: float = 15.0
    slow: float = 1.0
    slow_todo: str = ""
    door: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """How a check came out.

    Attributes:
        check: its name.
        status: how.
        text: what it found.
        todo: what to do about it; "" for nothing.
        seconds: how long it took; None where it was skipped.
        layer: who denied access; None where nobody did.
        code: the status of the failure; None where there is none.
        facts, names: for the report.
        shut: whether nobody gets in: not reached, or not let in.
    """

    check: str
    status: Status
    text: str
    todo: str = ""
    seconds: float | None = None
    layer: Layer | None = None
    code: int | None = None
    facts: Mapping[str, Fact] = field(default_factory=dict)
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    shut: bool = False
