"""`openwmi get`."""

from __future__ import annotations

import click

from openwmi.cli.options import Settings, shared
from openwmi.cli.running import Caller, run
from openwmi.model import CimClass


@click.command("get")
@click.argument("path")
@shared("on a terminal list, else jsonl")
def command(settings: Settings, path: str) -> None:
    """Prints the instance at an object path: Class.Key="value", or Class=@ where a class has only one instance.

    The path of a class is its name. Put the path into single quotes, so that your shell leaves its quotes alone.

    \b
    Examples:
      openwmi get Win32_OperatingSystem=@
      openwmi get 'Win32_Process.Handle="1"' --format json
    """

    async def work(caller: Caller) -> None:
        for found in await caller.fetch(lambda ns: ns.get(path)):
            if isinstance(found, CimClass):
                caller.writer.describe(found)
            else:
                caller.writer.write([found])

    run(settings, work, on_terminal="list")
