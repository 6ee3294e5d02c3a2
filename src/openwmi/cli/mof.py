"""`openwmi mof`: MOF in and out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial, reduce
from operator import or_
from pathlib import Path
from typing import NamedTuple, TypeVar

import click

from openwmi.base.error import WbemError
from openwmi.base.limits import MOF_TEXT_OCTETS
from openwmi.base.status import MofStatus, WbemStatus
from openwmi.cli.export import collect
from openwmi.cli.failure import complain
from openwmi.cli.options import Settings, shared
from openwmi.cli.rows import STANDARD_INPUT
from openwmi.cli.running import Caller, run
from openwmi.cli.values import mof_shown, one_line
from openwmi.model import ChangeFlag, ObjectPath
from openwmi.mof import format_namespace
from openwmi.operation import Operation
from openwmi.session import Namespace
from openwmi.session.moffile import decode_mof, read_mof

R = TypeVar("R")

CREATE_OR_UPDATE = {"create-only": ChangeFlag.CREATE_ONLY, "update-only": ChangeFlag.UPDATE_ONLY}
CLASS_FLAGS = {
    **CREATE_OR_UPDATE,
    "safe": ChangeFlag.UPDATE_SAFE_MODE,
    "force": ChangeFlag.UPDATE_FORCE_MODE,
}
FAULTY = 1
_EXCLUDE = (("create-only", "update-only"), ("safe", "force"))

EXAMPLES = """\b
Examples:
  openwmi mof check demo.mof
  openwmi mof compile demo.mof --namespace root/demo
  openwmi mof export --namespace root/demo --instances -o saved.mof
"""


@click.group("mof", epilog=EXAMPLES)
def command() -> None:
    """Compiles, checks and exports MOF, the language in which classes and instances are written down."""


def _flagged(function: Callable[..., R]) -> Callable[..., R]:
    """The options for how classes and instances are written."""
    for option, words, what in (
        ("--instance-flags", CREATE_OR_UPDATE, "instances"),
        ("--class-flags", CLASS_FLAGS, "classes"),
    ):
        function = click.option(
            option,
            type=click.Choice(list(words)),
            multiple=True,
            help=f"How {what} are written until a #pragma says something else; may be repeated.",
        )(function)
    return function


@command.command("compile", short_help="Stores what files declare.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@_flagged
@shared(None)
def compile_(
    settings: Settings, files: tuple[str, ...], class_flags: tuple[str, ...], instance_flags: tuple[str, ...]
) -> None:
    """Stores what is declared in these files; - is standard input.

    Of each file all is stored, or nothing; on another machine a file is stored step by step, and what it refuses leaves
    there what stood before. The first one that cannot be compiled ends the command: those before it stay
    stored. --namespace is for what stands before the first #pragma namespace of a file.
    """
    mofs = [(file, _read(file)) for file in files]
    flags = _flags(class_flags, instance_flags)

    async def work(caller: Caller) -> None:
        for file, mof in mofs:
            (paths,) = await caller.fetch(partial(_load, mof, flags))
            caller.writer.say(f"{file}: {_counted(paths)} stored")

    run(settings, work, on_terminal="list")


@command.command("check", short_help="Says what is wrong with files; stores nothing.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@_flagged
@shared(None)
def check(
    settings: Settings, files: tuple[str, ...], class_flags: tuple[str, ...], instance_flags: tuple[str, ...]
) -> int:
    """Compiles these files and stores nothing: says what is wrong, as file:line:column, one line a file.

    What is sound counts as stored for the files behind it. The exit status is 1 if a file has a fault.
    """
    flags = _flags(class_flags, instance_flags)
    readable: list[str | Path] = []
    problems: list[str] = []
    for file in files:
        try:
            readable.append(_read(file))
        except WbemError as problem:
            problems.append(problem.message)

    async def work(caller: Caller) -> None:
        (found,) = await caller.fetch(partial(_check, readable, flags))
        problems.extend(each.message if caller.host is None else f"{caller.host}: {each.message}" for each in found)
        if not problems:
            caller.writer.note("no faults were found")

    run(settings, work, on_terminal="list")
    for each in problems:
        complain(one_line(each))
    return FAULTY if problems else 0


@command.command("export", short_help="Writes classes and instances as MOF.")
@click.argument("classes", nargs=-1, metavar="[CLASS]...")
@click.option("--instances", is_flag=True, help="Also the instances that are stored; not those that a provider has.")
@click.option("-o", "--output", metavar="FILE", help="Where to write, in UTF-8.  [default: standard output]")
@shared(None)
def export(settings: Settings, classes: tuple[str, ...], instances: bool, output: str | None) -> None:
    """Writes the namespace, or these classes and those that they need, as MOF that compiles to the same.

    The classes of the system are left out, since every namespace has them.
    """

    if settings.access.several and output not in (None, STANDARD_INPUT):
        raise click.UsageError("several hosts do not fit into one file: leave --output out, or ask one after another")

    async def work(caller: Caller) -> None:
        text = format_namespace(caller.namespace, await collect(caller, classes, instances=instances))
        if caller.host is not None:
            text = f"// {one_line(caller.host)}\n{text}"
        out = caller.writer.out
        if output is None or output == STANDARD_INPUT:
            out.write(mof_shown(text, ascii_only=not out.knows_unicode))
        else:
            _write(Path(output), text)

    run(settings, work, on_terminal="list")


class _Flags(NamedTuple):
    """How classes and instances are written."""

    classes: ChangeFlag
    instances: ChangeFlag


def _flags(class_flags: Sequence[str], instance_flags: Sequence[str]) -> _Flags:
    """UsageError for two that exclude each other."""
    for option, words in (("--class-flags", class_flags), ("--instance-flags", instance_flags)):
        for one, other in _EXCLUDE:
            if one in words and other in words:
                raise click.UsageError(f"{option}: {one} and {other} exclude each other")
    made = [
        reduce(or_, (CLASS_FLAGS[word] for word in words), ChangeFlag(0)) for words in (class_flags, instance_flags)
    ]
    return _Flags(*made)


def _load(mof: str | Path, flags: _Flags, ns: Namespace) -> Operation[tuple[ObjectPath, ...]]:
    return ns.load_mof(mof, class_flags=flags.classes, instance_flags=flags.instances)


def _check(mofs: Sequence[str | Path], flags: _Flags, ns: Namespace) -> Operation[tuple[WbemError, ...]]:
    return ns.check_mof(mofs, class_flags=flags.classes, instance_flags=flags.instances)


def _read(file: str) -> str | Path:
    """What is to be compiled. INVALID_FILE now, before anything is stored, if it cannot be read."""
    if file == STANDARD_INPUT:
        return _standard_input()
    read_mof(Path(file))
    return Path(file)


def _standard_input() -> str:
    """INVALID_FILE, QUOTA_VIOLATION; UsageError if it is closed."""
    if sys.stdin is None:
        raise click.UsageError("standard input is closed: name a file")
    try:
        octets = sys.stdin.buffer.read(MOF_TEXT_OCTETS + 1)
        if len(octets) > MOF_TEXT_OCTETS:
            problem = f"standard input cannot be read: a compilation has {MOF_TEXT_OCTETS} octets at most"
            raise WbemError(WbemStatus.QUOTA_VIOLATION, problem)
        return decode_mof(octets)
    except OSError as error:
        raise WbemError(MofStatus.INVALID_FILE, f"standard input cannot be read: {error.strerror}") from None
    except UnicodeError as error:
        problem = f"standard input is no text in UTF-8 or UTF-16: {error}"
        raise WbemError(MofStatus.INVALID_FILE, problem) from None


def _counted(paths: Sequence[ObjectPath]) -> str:
    classes = sum(path.is_class for path in paths)
    counts = ((classes, "class", "classes"), (len(paths) - classes, "instance", "instances"))
    return " and ".join([f"{count} {one if count == 1 else many}" for count, one, many in counts if count]) or "nothing"


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise WbemError(WbemStatus.ACCESS_DENIED, f"{file} cannot be written: {error.strerror}") from None
