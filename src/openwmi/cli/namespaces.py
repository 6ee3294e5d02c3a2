"""`openwmi namespaces`."""

from __future__ import annotations

import click

from openwmi.base.case import fold
from openwmi.cli.options import Settings, shared
from openwmi.cli.output import ROW_FORMATS
from openwmi.cli.records import Record
from openwmi.cli.running import Caller, run


@click.command("namespaces")
@click.option("--recursive", "--deep", is_flag=True, help="Also those within these.")
@shared("on a terminal table, else jsonl", formats=ROW_FORMATS, namespace="root")
def command(settings: Settings, recursive: bool) -> None:
    """Lists the namespaces within one, by name.

    \b
    Examples:
      openwmi namespaces
      openwmi namespaces --recursive --format csv
      openwmi namespaces --namespace root/cimv2
    """

    async def work(caller: Caller) -> None:
        await _list(caller, recursive=recursive)
        if not caller.writer.count:
            caller.writer.note(f"there are no namespaces in {caller.namespace}")

    run(settings, work, on_terminal="table")


async def _list(caller: Caller, *, recursive: bool) -> None:
    names = sorted([each.Name for each in await caller.fetch(lambda ns: ns.instances("__NAMESPACE"))], key=fold)
    for name in names:
        caller.writer.write([Record(None, {"Namespace": f"{caller.namespace}\\{name}"})])
        if recursive:
            async with caller.within(name) as inner:
                await _list(inner, recursive=True)
