"""`openwmi classes`."""

from __future__ import annotations

import click

from openwmi.base.case import fold
from openwmi.cli.options import Settings, shared
from openwmi.cli.output import TABLE_OR_LIST
from openwmi.cli.records import is_system
from openwmi.cli.running import Caller, run


@click.command("classes")
@click.argument("superclass", required=False)
@click.option("--system", is_flag=True, help="Also those of the system, whose names begin with two underscores.")
@shared("on a terminal table, else jsonl")
def command(settings: Settings, superclass: str | None, system: bool) -> None:
    """Lists the classes of the namespace, or only those derived from SUPERCLASS, by name.

    Those of the system are left out, unless SUPERCLASS is one of them.

    An abstract class has no instances of its own: a query for it answers with those of the classes derived from it.

    \b
    Examples:
      openwmi classes
      openwmi classes CIM_LogicalElement --format csv
    """

    async def work(caller: Caller) -> None:
        found = await caller.fetch(lambda ns: ns.classes(superclass))
        if not system and not is_system(superclass or ""):
            found = [class_ for class_ in found if not is_system(class_.name)]
        found.sort(key=lambda class_: fold(class_.name))
        caller.writer.write(found)
        if not found:
            caller.writer.note(f"no class is derived from {superclass}" if superclass else "there are no classes")

    run(settings, work, on_terminal=TABLE_OR_LIST)
