"""The options that the commands share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from math import isnan
from typing import Any, Concatenate, ParamSpec

import click

from openwmi.cli.modes import MODES
from openwmi.cli.output import FORMATS

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the shared options say.

    Attributes:
        namespace: what to connect to.
        timeout: seconds that a call may take; None for as long as it takes.
        mode: sync, semisync or async.
        format: the name of a format; None where none was asked for.
    """

    namespace: str
    timeout: float | None
    mode: str
    format: str | None


def shared(default_format: str) -> Callable[[Callable[Concatenate[Settings, P], None]], Callable[..., None]]:
    """Adds the options of every command; the function gets them as its first argument.

    Args:
        default_format: what is used where no format is given, as the help says it.
    """

    def decorate(function: Callable[Concatenate[Settings, P], None]) -> Callable[..., None]:
        @wraps(function)
        def command(
            namespace: str, timeout: float | None, mode: str, format_: str | None, *args: P.args, **kwargs: P.kwargs
        ) -> None:
            function(Settings(namespace, timeout, mode, format_), *args, **kwargs)

        decorated: Callable[..., None] = command
        for option in reversed(_options(default_format)):
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


def _options(default_format: str) -> list[Callable[[Callable[..., None]], Callable[..., None]]]:
    return [
        click.option(
            "--namespace", metavar="NS", default=r"root\cimv2", show_default=True, help="The namespace to connect to."
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
        click.option(
            "--format",
            "format_",
            type=click.Choice(FORMATS),
            help=f"How to print rows.  [default: {default_format}]",
        ),
    ]
