"""`openwmi put`."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import click

from openwmi.base.case import NameMap, fold
from openwmi.base.error import NotFound, WbemError
from openwmi.base.status import WbemStatus
from openwmi.cli.arguments import Given, parse_pairs, typed_values
from openwmi.cli.options import Settings, shared
from openwmi.cli.records import HOST
from openwmi.cli.rows import STANDARD_INPUT, Row, parse_rows, read_text
from openwmi.cli.running import Caller, run
from openwmi.cli.typed import Classes, UnknownClassError, properties_from_json, with_classes
from openwmi.model import SYSTEM_PROPERTIES, ChangeFlag, CimClass, CimInstance, CimType, ObjectPath


@click.command("put")
@click.argument("target", metavar="[CLASS|PATH]", required=False)
@click.argument("pairs", nargs=-1, metavar="[NAME=VALUE]...")
@click.option("--file", metavar="FILE", help="Puts the rows in a file, in JSON; - is standard input.")
@click.option("--create-only", is_flag=True, help="Fails if there is such an instance already.")
@click.option("--update-only", is_flag=True, help="Fails if there is no such instance.")
@shared(None)
def command(
    settings: Settings,
    target: str | None,
    pairs: tuple[str, ...],
    file: str | None,
    create_only: bool,
    update_only: bool,
) -> None:
    """Creates an instance of a class, or updates the instance at a path, and prints the path.

    An instance that exists keeps what is not named here; a new one gets the defaults of its class. A string key that
    has no value becomes a new GUID.

    A VALUE is written as its property's type wants it: 42 or 0x2a, TRUE, text, 2026-01-31T12:00:00+00:00, P1DT2H for an
    interval. For an array repeat NAME=VALUE. NAME:=JSON takes JSON for any type: an array, an object, and
    NAME:=null for NULL, whereas NAME=null is a text of four letters.

    Without PATH and NAME=VALUE rows are read from --file or standard input: what 'openwmi query' and 'get' print as
    json or jsonl, each with its "__CLASS", or of the CLASS that is given. All of them are put, or none; on
    another machine they are put one after another, and the first failure ends it.

    \b
    Examples:
      openwmi put Demo_Shelf Name=a Width=40 Owner:=null
      openwmi put 'Demo_Shelf.Name="a"' Width=50
      openwmi query "SELECT * FROM Demo_Shelf" | openwmi put --namespace root/b
      openwmi put __NAMESPACE Name=demo --namespace root
    """
    if create_only and update_only:
        raise click.UsageError("--create-only and --update-only exclude each other")
    flags = ChangeFlag.CREATE_ONLY if create_only else ChangeFlag.UPDATE_ONLY if update_only else ChangeFlag(0)
    path = None if target is None else ObjectPath.parse(target)
    if pairs or (path is not None and not path.is_class):
        if file is not None:
            raise click.UsageError("NAME=VALUE and --file exclude each other: a file has rows of its own")
        assert path is not None  # pairs come behind a target
        _run(settings, partial(_put_given, path=path, given=parse_pairs(pairs), flags=flags))
    else:
        rows = list(parse_rows(*read_text(file or _piped(target))))
        _run(settings, partial(_put_rows, default=None if path is None else path.class_name, rows=rows, flags=flags))


def _run(settings: Settings, put: Callable[[Caller], Awaitable[Sequence[ObjectPath]]]) -> None:
    async def work(caller: Caller) -> None:
        for path in await put(caller):
            caller.writer.line(str(path.relative if caller.host is None else caller.full(path)))

    run(settings, work, on_terminal="list")


def _piped(target: str | None) -> str:
    if sys.stdin is not None and sys.stdin.isatty():
        missing = "a class or a path" if target is None else "NAME=VALUE"
        raise click.UsageError(f"nothing to put: give {missing}, or rows with --file or on standard input")
    return STANDARD_INPUT


# --------------------------------------------------------------------------------------------------------- one instance


async def _put_given(caller: Caller, path: ObjectPath, given: list[Given], flags: ChangeFlag) -> tuple[ObjectPath, ...]:
    """Values as they are on the command line."""
    found = None if path.is_class or flags & ChangeFlag.CREATE_ONLY else await _existing(caller, path)
    class_ = await caller.fetch_class(str(_class_path(path))) if found is None else found.class_
    types = NameMap((each.name, each.type) for each in class_.properties)
    values = await with_classes(lambda known: typed_values(given, types, known), caller.fetch_class, {})
    keys = NameMap(_keys(path, class_))
    twice = [name for name in values if name in keys]
    if twice:
        raise click.UsageError(f"{twice[0]} is a key, and the path says already what it is")
    if found is not None:
        return (await _update(caller, found, values),)
    return (await _put_values(caller, class_, {**keys, **values}, flags, looked=not path.is_class),)


async def _put_values(
    caller: Caller, class_: CimClass, values: dict[str, Any], flags: ChangeFlag, *, looked: bool = False
) -> ObjectPath:
    """An instance that may exist; where it was `looked` for it does not."""
    new = class_.instance(values)
    if new.path_ is not None and not looked and not flags & ChangeFlag.CREATE_ONLY:
        found = await _existing(caller, new.path_.relative)
        if found is not None:
            return await _update(caller, found, values)
    path: ObjectPath
    (path,) = await caller.fetch(lambda ns: ns.put(new, flags=flags))
    return path


async def _update(caller: Caller, found: CimInstance, values: dict[str, Any]) -> ObjectPath:
    """Writes these properties alone."""
    changed = found.replace_(**values)
    path: ObjectPath | None = found.path_
    if values:
        (path,) = await caller.fetch(lambda ns: ns.put(changed, properties=values))
    assert path is not None
    return path


async def _existing(caller: Caller, path: ObjectPath) -> CimInstance | None:
    try:
        (found,) = await caller.fetch(lambda ns: ns.get(path))
    except NotFound as error:
        if error.status is not WbemStatus.NOT_FOUND:
            raise
        return None
    assert isinstance(found, CimInstance)
    return found


def _class_path(path: ObjectPath) -> ObjectPath:
    return ObjectPath(path.server, path.namespace, path.class_name)


def _keys(path: ObjectPath, class_: CimClass) -> dict[str, Any]:
    """The keys in a path, by their declared names. INVALID_OBJECT_PATH for what is no key of the class."""
    keys: dict[str, Any] = {}
    declared = NameMap((name, name) for name in class_.keys)
    for given, value in path.keys or ():
        name = class_.keys[0] if given is None and class_.keys else declared.get(given or "")
        if name is None:
            known = ", ".join(class_.keys) or "none"
            raise WbemError(
                WbemStatus.INVALID_OBJECT_PATH, f"{path.relative}: {given} is no key (keys of {class_.name}: {known})"
            )
        text = class_.property(name).type.cim is CimType.STRING and not isinstance(value, str)
        keys[name] = str(value) if text else value
    return keys


# ----------------------------------------------------------------------------------------------------------------- rows


async def _put_rows(caller: Caller, default: str | None, rows: list[Row], flags: ChangeFlag) -> tuple[ObjectPath, ...]:
    """All, or none."""
    known: dict[str, CimClass] = {}
    instances = []
    for row in rows:
        instances.append(await with_classes(partial(_instance, row, default), caller.fetch_class, known))  # noqa: PERF401 - one after another
    if not instances:
        return ()
    (paths,) = await caller.fetch(lambda ns: ns.put(instances, flags=flags))
    return tuple(paths)


def _instance(row: Row, default: str | None, classes: Classes) -> CimInstance:
    """With the properties that the row has, so that others stay as they are."""
    name = row.values.get("__CLASS", default)
    if not isinstance(name, str):
        raise WbemError(WbemStatus.INVALID_CLASS, f'{row.place} says no "__CLASS": name the class before the rows')
    class_ = classes.get(fold(name))
    if class_ is None:
        raise UnknownClassError(name)
    own = {name: item for name, item in row.values.items() if fold(name) not in SYSTEM_PROPERTIES and name != HOST}
    try:
        values = properties_from_json(class_, own, classes)
        class_.row(values)
        given = NameMap(values.items())
        missing = [key for key in class_.keys if key not in given]
        if missing:
            raise WbemError(WbemStatus.NO_KEY, f"{class_.name}.{missing[0]} is a key, and the row does not have it")
        return class_.project(values).instance(values)
    except WbemError as error:
        raise WbemError(error.status, f"{row.place}: {error.message}") from None
