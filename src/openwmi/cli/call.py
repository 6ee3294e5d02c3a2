"""`openwmi call`."""

from __future__ import annotations

from collections.abc import Sequence

import click

from openwmi.cli.arguments import Wanted, typed_inputs
from openwmi.cli.options import Settings, shared
from openwmi.cli.running import Caller, run
from openwmi.model import CimClass, ObjectPath


@click.command("call")
@click.argument("path")
@click.argument("method")
@click.argument("parameters", nargs=-1, metavar="[NAME=VALUE]...")
@shared("on a terminal list, else jsonl")
def command(settings: Settings, path: str, method: str, parameters: tuple[str, ...]) -> None:
    """Runs a method of the instance at PATH, or a static one of a class, and prints what it returns.

    A ReturnValue that is not 0 is printed like any other: what it means is told by the class, and the exit status is 0.

    A VALUE is written as its parameter's type wants it: 42 or 0x2a, TRUE, text, 2026-01-31T12:00:00+00:00. For an array
    repeat NAME=VALUE; [1, 2] does as well. For an embedded object write JSON, such as {"Title": "x"}. A parameter that
    is left out is NULL.

    \b
    Examples:
      openwmi describe Win32_Process
      openwmi call 'Win32_Process.Handle="4"' GetOwner
      openwmi call Win32_Process Create CommandLine='sleep 1'
    """

    async def work(caller: Caller) -> None:
        class_ = await _class(caller, str(_class_path(path)))
        wanted = Wanted(class_, method, parameters)
        embedded = {name: await _class(caller, name) for name in wanted.embedded}
        inputs = typed_inputs(wanted, embedded)
        await caller.show(lambda ns: ns.call(path, method, **inputs))

    run(settings, work, on_terminal="list")


def _class_path(path: str) -> ObjectPath:
    parsed = ObjectPath.parse(path)
    return ObjectPath(parsed.server, parsed.namespace, parsed.class_name)


async def _class(caller: Caller, path: str) -> CimClass:
    found: Sequence[CimClass] = await caller.fetch(lambda ns: ns.get(path))
    return found[0]
