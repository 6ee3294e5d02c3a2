"""Which machines a command asks, and who logs in there: the options, and what they mean together."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import click

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.cli.login import Login, login_of
from openwmi.locator import RESOLVER_PORT, Remote, named_machine
from openwmi.model import parse_namespace

R = TypeVar("R")

AT_ONCE: Final = 32
"""Machines that are asked at the same time: a login is work for this one."""
STANDARD_INPUT: Final = "-"


class Target(NamedTuple):
    """A machine to ask.

    Attributes:
        name: as it was given; what its rows carry.
        host, port: where it is. No host: this machine, in process.
    """

    name: str
    host: str | None
    port: int = RESOLVER_PORT


HERE: Final = Target("", None)


@dataclass(frozen=True, slots=True)
class Access:
    """What the options say; `targets` and `login` say what that means, or UsageError what cannot be meant.

    Attributes:
        hosts: machines, each as HOST or HOST:PORT.
        file: a file with more of them; `-` is standard input.
        port: of those that do not say their own; None for 135.
        user, authentication_file, password_file: who logs in.
        at_once: how many machines are asked at the same time.
    """

    hosts: tuple[str, ...] = ()
    file: str | None = None
    port: int | None = None
    user: str | None = None
    authentication_file: str | None = None
    password_file: str | None = None
    at_once: int | None = None

    @property
    def several(self) -> bool:
        """Whether rows carry their host. A file may name one today, and two tomorrow."""
        return self.file is not None or len(self.hosts) > 1

    def targets(self, namespace: str) -> tuple[Target, ...]:
        """The machines, each once, where it was named first.

        HERE alone where neither an option nor the namespace names another one.
        """
        server, _ = parse_namespace(namespace)
        names = [*self.hosts, *(_names_in(self.file) if self.file is not None else ())]
        if not names:
            if self.file is not None:
                raise click.UsageError(f"{_shown(self.file)} names no host")
            return (self._by_namespace(namespace, server),)
        if server not in (None, "."):
            raise click.UsageError(f"{namespace} is on {server}, and --host names a machine, too: give one of the two")
        found: dict[str, Target] = {}
        for name in names:
            found.setdefault(fold(name), self._target(name))
        return tuple(found.values())

    def login(self) -> Login:
        """Who logs in. It may ask at the terminal."""
        return login_of(self.user, self.authentication_file, self.password_file)

    def _by_namespace(self, namespace: str, server: str | None) -> Target:
        said = {"--user": self.user, "--port": self.port, "-A": self.authentication_file}
        said |= {"--password-file": self.password_file, "--at-once": self.at_once}
        given = [option for option, value in said.items() if value is not None]
        if server in (None, "."):
            if given:
                raise click.UsageError(f"{given[0]} is for another machine: name it with --host")
            return HERE
        if not given and named_machine(namespace, Remote())[0] is None:
            return HERE  # a name of this machine
        assert server is not None
        return Target(server, server, self.port or RESOLVER_PORT)

    def _target(self, name: str) -> Target:
        from openwmi.net import parse_address  # noqa: PLC0415 - who stays at home needs no network

        try:
            address = parse_address(name, self.port or RESOLVER_PORT)
        except WbemError:
            raise _no_host(name) from None
        if not address.host or not address.port or "\\" in name or "/" in name:
            raise _no_host(name)
        return Target(name, address.host, address.port)


def access_options(function: Callable[..., R]) -> Callable[..., R]:
    """Adds the options; the function gets them as its keyword argument `access`."""

    @wraps(function)
    def command(
        *args: Any,
        host: tuple[str, ...],
        hosts: str | None,
        port: int | None,
        user: str | None,
        authentication_file: str | None,
        password_file: str | None,
        at_once: int | None,
        **kwargs: Any,
    ) -> R:
        access = Access(host, hosts, port, user, authentication_file, password_file, at_once)
        return function(*args, access=access, **kwargs)

    decorated: Callable[..., R] = command
    for option in reversed(_options()):
        decorated = option(decorated)
    return decorated


def _options() -> Sequence[Callable[[Callable[..., R]], Callable[..., R]]]:
    return (
        click.option(
            "--host",
            metavar="HOST",
            multiple=True,
            help="Another machine, as HOST or HOST:PORT; may be repeated: rows then carry their host.",
        ),
        click.option("--hosts", metavar="FILE", help="A file that names machines, one a line; - is standard input."),
        click.option(
            "--port",
            type=click.IntRange(1, 0xFFFF),
            metavar="PORT",
            help=f"Where these machines are asked first.  [default: {RESOLVER_PORT}]",
        ),
        click.option(
            "--user",
            metavar="USER",
            help=r"Who logs in there: DOM\me, me@REALM or me. The password is in --password-file or $OPENWMI_PASSWORD, "
            "or is asked for; no option holds it.  [default: whoever the Kerberos cache is of]",
        ),
        click.option(
            "-A",
            "--authentication-file",
            metavar="FILE",
            help="Who logs in, in a file of lines: username = …, password = …, domain = …, as Samba reads it.",
        ),
        click.option(
            "--password-file", metavar="FILE", help="A file whose first line is the password; - is standard input."
        ),
        click.option(
            "--at-once",
            type=click.IntRange(min=1),
            metavar="N",
            help=f"How many machines are asked at the same time.  [default: {AT_ONCE}]",
        ),
    )


def _names_in(file: str) -> Iterator[str]:
    """One a line; what begins with # is a comment."""
    try:
        if file != STANDARD_INPUT:
            octets = Path(file).read_bytes()
        elif sys.stdin is None:
            raise click.UsageError("standard input is closed: name the hosts with --host")
        else:
            octets = sys.stdin.buffer.read()
        text = octets.decode("utf-8-sig")
    except OSError as error:
        raise click.UsageError(f"{_shown(file)} cannot be read: {error.strerror}") from None
    except UnicodeError:
        raise click.UsageError(f"{_shown(file)} is no text in UTF-8") from None
    for line in text.splitlines():
        name = line.partition("#")[0].strip()
        if name:
            yield name


def _shown(file: str) -> str:
    return "standard input" if file == STANDARD_INPUT else file


def _no_host(name: str) -> click.UsageError:
    return click.UsageError(
        f"{name!r} is no host: write a name or an address, such as srv1, srv1:1135 or [fe80::1]:135"
    )
