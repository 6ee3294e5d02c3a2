"""The commands, and what becomes of their errors."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import click

from openwmi import __version__
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.cli.arguments import typed_inputs
from openwmi.cli.output import FORMATS, Writer, writer_for
from openwmi.locator import connect
from openwmi.model import CimClass, CimInstance
from openwmi.operation import Batch, Operation, Sink
from openwmi.session import Namespace

FAILED, USAGE, INTERRUPTED = 1, 2, 130
POLL_SECONDS = 0.5

T = TypeVar("T")
Command = Callable[..., object]


def main(arguments: list[str] | None = None) -> int:
    """Runs a command; returns the exit status. Every failure is one line on standard error."""
    try:
        commands.main(arguments, prog_name="openwmi", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return USAGE
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except WbemError as error:
        print(error, file=sys.stderr)
        return FAILED
    except BrokenPipeError:
        # Whoever read has had enough. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="openwmi", message="%(prog)s %(version)s")
def commands() -> None:
    """Manages this machine the WMI way."""


def _common(function: Command) -> Command:
    """The options of every command."""
    for option in (
        click.option("--namespace", default=r"root\cimv2", show_default=True, metavar="NS", help="What to connect to."),
        click.option(
            "--timeout", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="How long it may take."
        ),
        click.option("--format", "format_", type=click.Choice(FORMATS), help="table on a terminal, else jsonl."),
    ):
        function = option(function)
    return function


_mode = click.option(
    "--mode",
    type=click.Choice(["sync", "semisync", "async"]),
    default="sync",
    show_default=True,
    help="How the call is made: waited for, polled, or pushed to a sink.",
)


@commands.command()
@click.argument("wql")
@_common
@_mode
def query(wql: str, namespace: str, timeout: float | None, format_: str | None, mode: str) -> None:
    """Prints what a WQL query selects."""

    async def work(ns: Namespace, writer: Writer) -> None:
        await _MODES[mode](ns, lambda view: view.query(wql), writer)

    _run(namespace, timeout, format_, work)


@commands.command()
@click.argument("path")
@_common
def get(path: str, namespace: str, timeout: float | None, format_: str | None) -> None:
    """Prints the instance (or class) at a path, such as 'Win32_OperatingSystem=@'."""

    async def work(ns: Namespace, writer: Writer) -> None:
        writer.write([await ns.get(path)])

    _run(namespace, timeout, format_ or "list", work)


@commands.command()
@click.argument("path")
@click.argument("method")
@click.argument("parameters", nargs=-1, metavar="[NAME=VALUE]...")
@_common
def call(
    path: str, method: str, parameters: tuple[str, ...], namespace: str, timeout: float | None, format_: str | None
) -> None:
    """Runs a method and prints its out-parameters."""

    async def work(ns: Namespace, writer: Writer) -> None:
        class_ = await ns.get(path.partition(".")[0].partition("=")[0])
        writer.write([await ns.call(path, method, **typed_inputs(class_, method, parameters))])

    _run(namespace, timeout, format_ or "list", work)


@commands.command()
@click.argument("superclass", required=False)
@_common
def classes(superclass: str | None, namespace: str, timeout: float | None, format_: str | None) -> None:
    """Lists the classes, or those derived from SUPERCLASS."""

    async def work(ns: Namespace, writer: Writer) -> None:
        async for class_ in ns.classes(superclass):
            writer.write([class_])

    _run(namespace, timeout, format_, work)


@commands.command()
@click.argument("class_name", metavar="CLASS")
@_common
def describe(class_name: str, namespace: str, timeout: float | None, format_: str | None) -> None:
    """Prints a class: its properties, types, keys and methods."""

    async def work(ns: Namespace, writer: Writer) -> None:
        found = await ns.get(class_name)
        if not isinstance(found, CimClass):
            raise click.UsageError(f"{class_name} is the path of an instance: 'openwmi get' prints it")
        writer.describe(found)

    _run(namespace, timeout, format_, work)


def _run(
    namespace: str,
    timeout: float | None,
    format_: str | None,
    work: Callable[[Namespace, Writer], Coroutine[Any, Any, None]],
) -> None:
    writer = writer_for(format_)

    async def connected() -> None:
        async with connect(namespace) as ns:
            await work(ns.options(timeout=timeout), writer)

    asyncio.run(connected())
    writer.close()


async def _waited(ns: Namespace, call: Callable[[Namespace], Operation[CimInstance]], writer: Writer) -> None:
    async with call(ns) as operation:
        while batch := await _some(operation):
            writer.write(batch)


async def _some(operation: Operation[CimInstance]) -> Batch[CimInstance]:
    """One object as soon as it is there, and those that came with it."""
    first = await operation.next(1)
    return first if not first else Batch([*first, *await operation.next(1000, timeout=0)], WbemStatus.NO_ERROR)


async def _polled(ns: Namespace, call: Callable[[Namespace], Operation[CimInstance]], writer: Writer) -> None:
    async with call(ns) as operation:
        status = WbemStatus.TIMEDOUT
        while status != WbemStatus.FALSE:
            batch = await operation.next(100, timeout=POLL_SECONDS)
            writer.write(batch)
            status = batch.status


async def _pushed(ns: Namespace, call: Callable[[Namespace], Operation[CimInstance]], writer: Writer) -> None:
    class Printer(Sink[CimInstance]):
        """Writes on the loop: the writer belongs to one thread."""

        async def indicate(self, objects: Any) -> None:
            writer.write(objects)

    operation = call(ns)
    await operation.deliver(Printer())
    operation.results.check()


_MODES: dict[str, Callable[..., Awaitable[None]]] = {"sync": _waited, "semisync": _polled, "async": _pushed}
