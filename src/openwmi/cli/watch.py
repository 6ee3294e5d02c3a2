"""`openwmi watch`."""

from __future__ import annotations

from collections.abc import Sequence

import click

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.cli.options import Settings, shared
from openwmi.cli.output import FORMATS
from openwmi.cli.records import Record
from openwmi.cli.running import Caller, EnoughError, run
from openwmi.model import CimInstance
from openwmi.operation import Operation, ResultSet
from openwmi.session import Namespace
from openwmi.wql import parse_event, selected

_FORMATS = [name for name in FORMATS if name != "table"]
"""A table is written when its last row is known."""


@click.command("watch")
@click.argument("wql", metavar="WQL")
@click.option("--count", type=click.IntRange(min=1), metavar="N", help="Ends after so many events.")
@shared("on a terminal list, else jsonl", formats=_FORMATS)
def command(settings: Settings, wql: str, count: int | None) -> None:
    """Prints the events that a notification query asks for, as they happen.

    WITHIN says how many seconds may pass until a change is noticed that nobody tells of: of instances that come from
    this system, such as processes, and of what other programs write into the repository.

    It ends with Ctrl-C, after --count events, or after --timeout seconds. With both, fewer events than asked for are a
    failure. With several hosts, those of all are counted together, and a host that fails is told of at once.

    \b
    Examples:
      openwmi watch "SELECT * FROM __InstanceCreationEvent WITHIN 1 WHERE TargetInstance ISA 'Win32_Process'"
      openwmi watch "SELECT * FROM __InstanceOperationEvent WITHIN 2 WHERE TargetInstance ISA 'Demo_Lamp'" --count 1
    """
    left = _Left(count)

    async def work(caller: Caller) -> None:
        watching = _Watching(caller, wql, left, whole=settings.format == "mof")
        try:
            await caller.each(watching.start, watching.take)
        except WbemError as error:
            timed_out = error.status == WbemStatus.TIMED_OUT and watching.has_begun
            if not timed_out or count is not None:
                raise

    run(settings, work, on_terminal="list", columns=_columns(wql), endless=True)


class _Left:
    """How many events are wanted still, of all machines together; None: all that come."""

    def __init__(self, count: int | None) -> None:
        self.count = count


class _Watching:
    """One subscription, and what has been written of it."""

    def __init__(self, caller: Caller, wql: str, left: _Left, *, whole: bool) -> None:
        self._caller = caller
        self._wql = wql
        self._left = left
        self._whole = whole or caller.writer.columns is not None
        self._results: ResultSet[CimInstance] | None = None

    @property
    def has_begun(self) -> bool:
        """Whether there was a subscription at all."""
        return self._results is not None and self._results.began

    def start(self, ns: Namespace) -> Operation[CimInstance]:
        operation = ns.events(self._wql)
        self._results = operation.results
        return operation

    def take(self, events: Sequence[CimInstance]) -> None:
        """More events, of which no more are written than were asked for. EnoughError with the last of them."""
        left = self._left
        taken = events if left.count is None else events[: left.count]
        self._caller.writer.write(taken if self._whole else [_row(each) for each in taken])
        if left.count is not None:
            left.count -= len(taken)
            if not left.count:
                raise EnoughError


def _row(event: CimInstance) -> Record:
    """With the class first, which says what has happened."""
    name = event.class_.name
    return Record(name, {"__CLASS": name, **event.to_dict_()})


def _columns(wql: str) -> tuple[str, ...] | None:
    try:
        return selected(parse_event(wql).select)
    except WbemError:
        return None  # whoever answers the query says what is wrong with it
