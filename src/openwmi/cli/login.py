"""Who logs in to another machine: options, Samba's authentication file, the Kerberos cache, or somebody at a terminal.

No secret ever comes by the command line, which everybody on a machine can read.
"""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import dataclass, field
from typing import Final

import click

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.cli.password import VARIABLE, is_terminal, read_password
from openwmi.cli.values import one_line

FILE_OCTETS: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Login:
    """A user, and a password where there is one; without, the ticket of the Kerberos cache. No user: whose it is."""

    user: str | None = None
    password: str | None = field(default=None, repr=False)


def login_of(user: str | None, authentication_file: str | None, password_file: str | None) -> Login:
    """The first that there is: --password-file, the authentication file, $OPENWMI_PASSWORD, the cache, a prompt.

    UsageError where nobody can be asked, and for what cannot be meant together.
    """
    kept = Login()
    if authentication_file is not None:
        if user is not None or password_file is not None:
            raise click.UsageError("-A says who logs in, and so do --user and --password-file: give one of the two")
        kept = read_authentication(authentication_file)
        if kept.password is not None:
            return kept
        user = kept.user
    if user is None:
        if password_file is not None:
            raise click.UsageError("--password-file holds somebody's password: say whose with --user")
        return _by_the_cache()
    if not user.strip():
        raise click.UsageError("--user is empty")
    _names(user)
    if password_file is None and VARIABLE not in os.environ:
        if has_ticket(user):
            return Login(user)
        if not is_terminal():
            raise click.UsageError(
                f"there is no terminal to ask for the password of {one_line(user)}, and no Kerberos ticket: "
                f"use --password-file, -A or ${VARIABLE}"
            )
    return Login(user, read_password(f"Password of {one_line(user)}: ", password_file))


def account_of(file: str) -> Login:
    """A user of Samba's file, and a password in any case: the file's, $OPENWMI_PASSWORD, or a prompt.

    UsageError where nobody can be asked.
    """
    kept = read_authentication(file)
    user = kept.user or ""
    _names(user)
    if kept.password is not None:
        return kept
    if VARIABLE not in os.environ and not is_terminal():
        raise click.UsageError(f"{file} has no line 'password = …', and ${VARIABLE} is not set")
    return Login(user, read_password(f"Password of {one_line(user)}: ", None))


def _by_the_cache() -> Login:
    if has_ticket():
        return Login()
    raise click.UsageError("say who logs in there: --user or -A, or get a Kerberos ticket with kinit")


def has_ticket(user: str = "") -> bool:
    """Whether the Kerberos cache lets this user log in, or anybody at all."""
    from openwmi.security import cached_principal  # noqa: PLC0415 - who stays at home needs none

    cached = cached_principal()
    if cached is None or not user:
        return cached is not None
    name, _, realm = cached.rpartition("@")
    if _is_principal(user):
        return fold(user) == fold(cached)
    domain, own = _names(user)
    # A domain's name is its realm's, or the realm's first part.
    return fold(own) == fold(name) and fold(domain) in ("", fold(realm), fold(realm.partition(".")[0]))


def _names(user: str) -> tuple[str, str]:
    """The domain and the name. UsageError for what is no user."""
    from openwmi.security import parse_account  # noqa: PLC0415 - who stays at home needs none

    if _is_principal(user):
        name, _, realm = user.rpartition("@")
        return realm, name
    try:
        return parse_account(user)
    except WbemError as error:
        raise click.UsageError(error.message) from None


def _is_principal(user: str) -> bool:
    return "\\" not in user and bool(user.rpartition("@")[0])


# ---------------------------------------------------------------------------------------------- Samba's file of a login


def read_authentication(file: str) -> Login:
    """`username`, `password`, `domain` and `realm`, each on a line with its value behind `=`; other lines say nothing.

    UsageError where it cannot be read, names nobody, or others can read it.
    """
    given: dict[str, str] = {}
    for line in _private_text(file).splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.lstrip().startswith(("#", ";")):
            given[fold(name.strip())] = value.strip(" \t")
    user = given.get("username")
    if not user:
        raise click.UsageError(f"{file} names nobody: it has lines such as 'username = me' and 'password = …'")
    if "\\" not in user and "@" not in user:
        if given.get("domain"):
            user = f"{given['domain']}\\{user}"
        elif given.get("realm"):
            user = f"{user}@{given['realm']}"
    return Login(user, given.get("password") or None)


def _private_text(file: str) -> str:
    try:
        with open(file, "rb", opener=_open_at_once) as stream:
            _check_private(file, os.fstat(stream.fileno()))
            return stream.read(FILE_OCTETS).decode("utf-8-sig")
    except OSError as error:
        raise click.UsageError(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeError:
        raise click.UsageError(f"{file} is no text in UTF-8") from None


def _open_at_once(path: str, flags: int) -> int:
    """A pipe is opened without waiting for its other end, and refused then."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _check_private(file: str, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise click.UsageError(f"{file} is no ordinary file")
    if sys.platform == "win32":
        return
    if status.st_uid not in {os.geteuid(), 0}:
        raise click.UsageError(f"{file} belongs to another user, who knows the password, then: chown it")
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise click.UsageError(f"others can read or change {file}, which holds a password: chmod 600 it")
