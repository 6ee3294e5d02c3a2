"""`openwmi query`."""

from __future__ import annotations

import click

from openwmi.base.error import WbemError
from openwmi.cli.options import Settings, shared
from openwmi.cli.output import TABLE_OR_LIST
from openwmi.cli.running import Caller, run
from openwmi.wql import Select, parse, selected


@click.command("query")
@click.argument("wql", metavar="WQL")
@shared("on a terminal table, or list if that does not fit; else jsonl")
def command(settings: Settings, wql: str) -> None:
    """Prints what a WQL query selects: instances, such as all processes of one name, or classes (FROM meta_class).

    WQL is a small SQL: SELECT properties (or *) FROM one class WHERE condition. The columns come in the order in which
    you name them.

    \b
    Examples:
      openwmi query "SELECT ProcessId FROM Win32_Process WHERE Name LIKE 'ssh%'"
      openwmi query "SELECT * FROM Win32_OperatingSystem" --format json
    """

    async def work(caller: Caller) -> None:
        await caller.show(lambda ns: ns.query(wql))
        if not caller.writer.count:
            caller.writer.note("no instances match")

    run(settings, work, on_terminal=TABLE_OR_LIST, columns=_columns(wql))


def _columns(wql: str) -> tuple[str, ...] | None:
    try:
        query = parse(wql)
    except WbemError:
        return None  # whoever answers the query says what is wrong with it
    return selected(query) if isinstance(query, Select) else None
