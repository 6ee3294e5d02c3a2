"""`openwmi delete`."""

from __future__ import annotations

from functools import partial

import click

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.cli.options import Settings, shared
from openwmi.cli.records import is_system
from openwmi.cli.running import Caller, run
from openwmi.model import ObjectPath
from openwmi.operation import Operation
from openwmi.session import Namespace


@click.command("delete")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--recursive",
    is_flag=True,
    help="Also a class with its instances and all classes derived from it, or a namespace with all that is in it.",
)
@shared(None)
def command(settings: Settings, paths: tuple[str, ...], recursive: bool) -> None:
    """Deletes the instances or classes at these paths, one after another; the first failure ends it.

    The path of a class is its name. Without --recursive a class is only deleted if it has no instances and nothing is
    derived from it, and a namespace if it is empty.

    \b
    Examples:
      openwmi delete 'Demo_Shelf.Name="a"' 'Demo_Shelf.Name="b"'
      openwmi delete Demo_Shelf --recursive
      openwmi delete '__NAMESPACE.Name="demo"' --namespace root
    """
    parsed = [ObjectPath.parse(path) for path in paths]

    async def work(caller: Caller) -> None:
        for path in parsed:
            if not recursive:
                await _check_alone(caller, path)
            await caller.fetch(partial(_delete, path))

    run(settings, work, on_terminal="list")


_NOBODY_KNOWS = {WbemStatus.PROVIDER_NOT_FOUND, WbemStatus.PROVIDER_NOT_CAPABLE}
"""Whether there are instances."""


def _delete(path: ObjectPath, ns: Namespace) -> Operation[None]:
    return ns.delete(path)


async def _check_alone(caller: Caller, path: ObjectPath) -> None:
    """CLASS_HAS_CHILDREN, CLASS_HAS_INSTANCES, INVALID_OPERATION for what would take something with it."""
    if path.is_class:
        await _check_class(caller, str(path))
    elif fold(path.class_name) == "__namespace" and path.keys:
        await _check_namespace(caller, str(path.keys[0][1]), path)


async def _check_class(caller: Caller, name: str) -> None:
    class_ = await caller.fetch_class(name)
    derived = await caller.fetch(lambda ns: ns.classes(class_.name, deep=False))
    if derived:
        raise _refusal(
            WbemStatus.CLASS_HAS_CHILDREN, f"{derived[0].name} is derived from {class_.name}", "what is derived from it"
        )
    try:
        has_instances = await caller.has_any(lambda ns: ns.instances(class_.name))
    except WbemError as error:
        if error.status not in _NOBODY_KNOWS:
            raise
        has_instances = False
    if has_instances:
        raise _refusal(WbemStatus.CLASS_HAS_INSTANCES, f"{class_.name} has instances", "its instances")


_WHAT_IS_PUT = "SELECT * FROM __SystemClass WHERE __CLASS <> '__SystemSecurity'"
"""Of the system's classes; that one has its instance in each namespace."""


async def _check_namespace(caller: Caller, name: str, path: ObjectPath) -> None:
    await caller.fetch(lambda ns: ns.get(path))
    async with caller.within(name) as inner:
        classes = [each for each in await inner.fetch(lambda ns: ns.classes()) if not is_system(each.name)]
        if classes or await inner.has_any(lambda ns: ns.query(_WHAT_IS_PUT)):
            raise _refusal(WbemStatus.INVALID_OPERATION, f"{inner.namespace} is not empty", "all that is in it")


def _refusal(status: WbemStatus, problem: str, what: str) -> WbemError:
    return WbemError(status, f"{problem}: give --recursive to delete {what} as well")
