"""Passwords: from a file, the environment or a prompt; never from the command line, which everybody can read."""

from __future__ import annotations

import getpass
import os
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import BinaryIO, Final

import click

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.cli.failure import complain

VARIABLE = "OPENWMI_PASSWORD"

LINE_OCTETS: Final = 4096
"""No password is longer; what is read may be anything, a device without an end among it."""

ATTEMPTS: Final = 3


def read_password(prompt: str, file: str | None, *, confirm: bool = False) -> str:
    """A password: the first line of `file` (`-` is standard input), $OPENWMI_PASSWORD, or what is typed.

    A usage error where there is no terminal to ask at, so that nothing ever waits for an answer that cannot come.
    WbemError(INVALID_PARAMETER) for an empty one, and for what is no text; it never says what was read.
    """
    if file is not None:
        return _checked(_first_line(file), "standard input" if file == "-" else file)
    if VARIABLE in os.environ:
        return _checked(os.environ[VARIABLE], VARIABLE)
    if not is_terminal():
        raise click.UsageError(f"there is no terminal to ask for a password: use --password-file or ${VARIABLE}")
    return _asked(prompt, confirm=confirm)


def is_terminal() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin is not None and sys.stdin.isatty()


def _asked(prompt: str, *, confirm: bool) -> str:
    for _ in range(ATTEMPTS):
        try:
            password = _checked(getpass.getpass(prompt), "what was typed")
            if not confirm or getpass.getpass("The same again: ") == password:
                return password
        except UnicodeDecodeError:
            raise _no_text("what was typed") from None
        complain("the two are not the same")
    raise WbemError(WbemStatus.INVALID_PARAMETER, "no password was typed twice: nothing was changed")


def _first_line(file: str) -> bytes:
    try:
        with _opened(file) as stream:
            line = stream.readline(LINE_OCTETS + len(b"\r\n"))
    except OSError as error:
        raise click.UsageError(f"cannot read the password from {file}: {error.strerror}") from None
    password = line.removesuffix(b"\n").removesuffix(b"\r")
    if len(password) > LINE_OCTETS:
        text = f"{file} holds no password: its first line is longer than {LINE_OCTETS} octets"
        raise WbemError(WbemStatus.INVALID_PARAMETER, text)
    return password


def _opened(file: str) -> AbstractContextManager[BinaryIO]:
    if file != "-":
        return Path(file).open("rb")
    if sys.stdin is None:
        raise click.UsageError("cannot read the password from standard input: it is closed")
    return nullcontext(sys.stdin.buffer)


def _checked(password: bytes | str, source: str) -> str:
    try:
        # Some editors begin a text with a mark that nobody sees and nobody would type.
        text = password.decode("utf-8-sig") if isinstance(password, bytes) else password
        text.encode()  # the environment and a terminal give octets that are no text as lone surrogates
    except UnicodeError:
        raise _no_text(source) from None
    if not text:
        raise WbemError(WbemStatus.INVALID_PARAMETER, f"the password is empty ({source}): it would let everybody in")
    return text


def _no_text(source: str) -> WbemError:
    return WbemError(WbemStatus.INVALID_PARAMETER, f"the password is not UTF-8 text ({source})")
