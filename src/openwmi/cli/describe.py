"""`openwmi describe`."""

from __future__ import annotations

import click

from openwmi.cli.options import Settings, shared
from openwmi.cli.running import Caller, run
from openwmi.model import ObjectPath


@click.command("describe")
@click.argument("class_name", metavar="CLASS")
@shared("table")
def command(settings: Settings, class_name: str) -> None:
    """Prints a class: what it derives from, its properties with their types and keys, and its methods.

    \b
    Examples:
      openwmi describe Win32_Process
      openwmi describe Win32_OperatingSystem --format json
    """
    if not ObjectPath.parse(class_name).is_class:
        raise click.UsageError(f"{class_name} is the path of an instance, not of a class: 'openwmi get' prints it")

    async def work(caller: Caller) -> None:
        for class_ in await caller.fetch(lambda ns: ns.get(class_name)):
            caller.writer.describe(class_)

    run(settings, work, on_terminal="table", elsewhere="table")
