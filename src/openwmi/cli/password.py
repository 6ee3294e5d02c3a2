"""Passwords: from a file, the environment or a prompt; never from the command line, which everybody can read."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path

import click

VARIABLE = "OPENWMI_PASSWORD"


def read_password(prompt: str, file: str | None, *, confirm: bool = False) -> str:
    """A password: the first line of `file` (`-` is standard input), $OPENWMI_PASSWORD, or what is typed.

    A usage error where there is no terminal to ask at, so that nothing ever waits for an answer that cannot come.
    """
    if file is not None:
        return _first_line(file)
    if VARIABLE in os.environ:
        return os.environ[VARIABLE]
    if not (sys.stdin is not None and sys.stdin.isatty()):
        raise click.UsageError(f"there is no terminal to ask for a password: use --password-file or ${VARIABLE}")
    password = getpass.getpass(prompt)
    if confirm and getpass.getpass("The same again: ") != password:
        raise click.UsageError("the two are not the same: nothing was changed")
    return password


def _first_line(file: str) -> str:
    try:
        text = sys.stdin.readline() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise click.UsageError(f"cannot read the password from {file}: {reason}") from None
    return text.partition("\n")[0].removesuffix("\r")
