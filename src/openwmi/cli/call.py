"""`openwmi call`."""

from __future__ import annotations

import click

from openwmi.base.case import NameMap, fold
from openwmi.cli.arguments import parse_pairs, typed_values
from openwmi.cli.options import Settings, shared
from openwmi.cli.running import Caller, run
from openwmi.cli.typed import with_classes
from openwmi.model import CimClass, ObjectPath, Type


@click.command("call")
@click.argument("path")
@click.argument("method")
@click.argument("parameters", nargs=-1, metavar="[NAME=VALUE]...")
@shared("on a terminal list, else jsonl")
def command(settings: Settings, path: str, method: str, parameters: tuple[str, ...]) -> None:
    """Runs a method of the instance at PATH, or a static one of a class, and prints what it returns.

    A ReturnValue that is not 0 is printed like any other: what it means is told by the class, and the exit status is 0.

    A VALUE is written as its parameter's type wants it: 42 or 0x2a, TRUE, text, 2026-01-31T12:00:00+00:00. For an array
    repeat NAME=VALUE; [1, 2] does as well. For an embedded object write JSON, such as {"Title": "x"}. NAME:=JSON takes
    JSON for any type; NAME:=null is NULL, and so is a parameter that is left out.

    \b
    Examples:
      openwmi describe Win32_Process
      openwmi call 'Win32_Process.Handle="1"' GetOwner
      openwmi call Win32_Process Create CommandLine='sleep 1'
    """
    given = parse_pairs(parameters)

    async def work(caller: Caller) -> None:
        class_ = await caller.fetch_class(str(_class_path(path)))
        types = _inputs(class_, method)
        inputs = await with_classes(lambda known: typed_values(given, types, known), caller.fetch_class, {})
        await caller.show(lambda ns: ns.call(path, method, **inputs))

    run(settings, work, on_terminal="list")


def _class_path(path: str) -> ObjectPath:
    parsed = ObjectPath.parse(path)
    return ObjectPath(parsed.server, parsed.namespace, parsed.class_name)


def _inputs(class_: CimClass, method: str) -> NameMap[Type]:
    found = [declared for declared in class_.methods if fold(declared.name) == fold(method)]
    return NameMap((each.name, each.type) for each in (found[0].inputs if found else ()))
