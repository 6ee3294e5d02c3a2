"""The options that the commands share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial, update_wrapper, wraps
from math import isnan
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import click

from openwmi.cli.access import Access, access_options
from openwmi.cli.modes import MODES
from openwmi.cli.output import FORMATS

P = ParamSpec("P")
R = TypeVar("R")
Option = Callable[[Callable[..., R]], Callable[..., R]]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the shared options say.

    Attributes:
        namespace: what to connect to.
        timeout: seconds that a call may take; None for as long as it takes.
        mode: sync, semisync or async.
        format: the name of a format; None where none was asked for.
        repository: the file in which what is put is kept; None for the user's own.
        access: which machines are asked, and who logs in there.
    """

    namespace: str
    timeout: float | None
    mode: str
    format: str | None
    repository: Path | None = None
    access: Access = field(default_factory=Access)


def shared(
    default_format: str | None, *, formats: Sequence[str] = FORMATS, namespace: str = r"root\cimv2"
) -> Callable[[Callable[Concatenate[Settings, P], R]], Callable[..., R]]:
    """Adds the options of every command; the function gets them as its first argument.

    Args:
        default_format: what is used where no format is given, as the help says it; None for a command without rows.
        formats: those that there are.
        namespace: what is connected to where none is given.
    """

    def decorate(function: Callable[Concatenate[Settings, P], R]) -> Callable[..., R]:
        @wraps(function)
        def command(
            namespace: str,
            timeout: float | None,
            mode: str,
            repository: Path | None,
            format_: str | None,
            access: Access,
            *args: P.args,
            **kwargs: P.kwargs,
        ) -> R:
            return function(Settings(namespace, timeout, mode, format_, repository, access), *args, **kwargs)

        decorated: Callable[..., R] = command
        options = [*_options(namespace), repository_option, access_options]
        if default_format is not None:
            options.append(_format_option(default_format, formats))
        else:
            decorated = update_wrapper(partial(command, format_=None), function)
        for option in reversed(options):
            decorated = option(decorated)
        return decorated

    return decorate


class Seconds(click.FloatRange):
    """A range takes `nan`, which is on neither side of a limit."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        seconds = super().convert(value, param, ctx)
        if isnan(seconds):
            self.fail(f"{value!r} is no number of seconds.", param, ctx)
        return seconds


def repository_option(function: Callable[..., R]) -> Callable[..., R]:
    """`--repository FILE`."""
    return click.option(
        "--repository",
        type=click.Path(path_type=Path, readable=False),
        metavar="FILE",
        help="Where what is put is kept.  [default: $OPENWMI_REPOSITORY, or a file in your folder for data]",
    )(function)


def _format_option(default_format: str, formats: Sequence[str]) -> Option[Any]:
    return click.option(
        "--format",
        "format_",
        type=click.Choice(formats),
        help=f"How to print rows.  [default: {default_format}]",
    )


def _options(namespace: str) -> list[Option[Any]]:
    return [
        click.option(
            "--namespace", metavar="NS", default=namespace, show_default=True, help="The namespace to connect to."
        ),
        click.option(
            "--timeout",
            type=Seconds(min=0, min_open=True),
            metavar="SECONDS",
            help="How long a call may take; then it fails with WBEM_E_TIMED_OUT.",
        ),
        click.option(
            "--mode",
            type=click.Choice(list(MODES)),
            default="sync",
            show_default=True,
            help="How the call is made: waited for, polled, or pushed to a sink. The rows are the same.",
        ),
    ]
