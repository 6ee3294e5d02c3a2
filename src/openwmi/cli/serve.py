"""`openwmi serve`: this machine as a WMI server, for other people's clients."""

from __future__ import annotations

import asyncio
import getpass
import logging
import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import click

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.cli.figures import Figures
from openwmi.cli.journal import LOGS, set_up
from openwmi.cli.listening import Service, resolver_socket_option, sharing
from openwmi.cli.live import Live
from openwmi.cli.login import account_of
from openwmi.cli.options import repository_option
from openwmi.cli.ports import Ports
from openwmi.cli.stream import standard_output
from openwmi.cli.systemd import Manager
from openwmi.cli.watcher import Watcher
from openwmi.client import Credentials
from openwmi.engine import Engine
from openwmi.locator import local_engine
from openwmi.net import Address, loop_factory, parse_address
from openwmi.security import Initiator, KerberosAcceptor, UsersFile, check_keytab, parse_account
from openwmi.server import CallbackPolicy, Server, short_pauses

PORT = 135
METRICS_PORT = 9135
LEGACY = "; activation needs no signature, so that whoever sits on the wire can activate as they can"

EXAMPLES = """\b
Examples:
  openwmi users add users.txt 'WORKGROUP\\me'
  openwmi serve --users users.txt --listen 127.0.0.1:1135
  sudo openwmi serve --users users.txt --listen 0.0.0.0:135 --admin 'WORKGROUP\\me'

Many clients know no port but 135: impacket's commands, for one.
"""


@click.command("serve", epilog=EXAMPLES)
@click.option(
    "--listen",
    "listen_at",
    metavar="HOST:PORT",
    default=f"127.0.0.1:{PORT}",
    show_default=True,
    help="Where clients connect. Ports below 1024 need root; port 0 is any free one.",
)
@click.option(
    "--users",
    "users_file",
    required=True,
    metavar="FILE",
    help="Who may log in; see 'openwmi users'. It is read again when it changes.",
)
@click.option(
    "--admin",
    "admins",
    multiple=True,
    metavar="USER",
    help="Who of them may also write and call methods; these do it as this process. May be given several times.",
)
@click.option(
    "--object-port",
    type=click.IntRange(0, 0xFFFF),
    metavar="PORT",
    help="Where clients are led to once they have logged in.  [default: the port of --listen]",
)
@click.option(
    "--keytab",
    metavar="FILE",
    help="Kerberos logins, too: the file of this machine's keys, host/NAME. Users are its lines USER@REALM.",
)
@click.option("--legacy", is_flag=True, help="Lets clients from before 2021 in, which activate without signatures.")
@click.option(
    "--callback-login",
    metavar="FILE",
    help="Answers asynchronous calls: who logs in to the clients to call their sinks, by NTLM, in a file as -A of other"
    " commands has it. A password that is not in it is in $OPENWMI_PASSWORD, or is asked for.  [default: nobody]",
)
@click.option(
    "--anonymous-callbacks",
    is_flag=True,
    help="Calls sinks without a login where there is none, or none that they take, so that whoever is on the way can"
    " read the objects.  [default: such calls are refused]",
)
@click.option(
    "--callback-address",
    metavar="HOST",
    help="Where the sinks of all clients are.  [default: where each call comes from, and nowhere else]",
)
@resolver_socket_option()
@repository_option
@click.option(
    "--metrics",
    "metrics_at",
    metavar="HOST:PORT",
    help="Where http://HOST:PORT/metrics has the server's figures, for Prometheus. SIGUSR1 logs them, too.",
)
@click.option(
    "--log",
    "log_as",
    type=click.Choice(LOGS),
    default=LOGS[0],
    show_default=True,
    help="How standard error is written.",
)
@click.option("-v", "--verbose", is_flag=True, help="Logs each connection's logins and faults as well.")
def command(
    listen_at: str,
    users_file: str,
    admins: Sequence[str],
    object_port: int | None,
    keytab: str | None,
    legacy: bool,
    callback_login: str | None,
    anonymous_callbacks: bool,
    callback_address: str | None,
    resolver_socket: Path | None,
    repository: Path | None,
    metrics_at: str | None,
    log_as: str,
    verbose: bool,
) -> None:
    """Serves this machine's WMI over DCOM, with logins by NTLM, or by Kerberos as well.

    SIGTERM or Ctrl-C ends it: calls under way are cancelled, and whoever waits for them is told. A second one ends it
    at once. The address is printed on standard output once clients can connect; everything else goes to standard
    error: a line for each session that begins and ends, and for each call that fails.
    """
    address = _address(listen_at, PORT)
    metrics = None if metrics_at is None else _address(metrics_at, METRICS_PORT)
    users = _users(users_file, keytab)
    principals = [_principal(users, users_file, admin) for admin in admins]
    callbacks = CallbackPolicy(_caller(callback_login), anonymous_callbacks, callback_address)
    out = standard_output()
    manager = Manager()
    say = set_up(logging.DEBUG if verbose else logging.INFO, log_as)
    kerberos = None if keytab is None else partial(KerberosAcceptor, users.admits, keytab)

    async def serve() -> None:
        engine = _engine(repository)
        async with sharing(resolver_socket) as registry:
            figures = Figures(lambda: len(server.endpoint))
            watcher = Watcher(figures, asyncio.get_running_loop().time)
            server = Server(
                engine,
                users,
                kerberos=kerberos,
                admins=principals,
                callbacks=callbacks,
                legacy=legacy,
                registry=registry,
                observer=watcher,
            )
            others = Ports(server, manager, address.host, object_port, metrics, figures, say)
            service = Service(
                server,
                out,
                say,
                manager,
                stop=server.stop,
                more=others.open,
                shown=Live(figures.line) if log_as == LOGS[0] else None,
                status=figures.line,
            )
            try:
                with short_pauses():
                    await service.run(address, lambda where: _said(where, principals, legacy=legacy))
            finally:
                await others.close()

    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(serve())


def _address(text: str, port: int) -> Address:
    try:
        return parse_address(text, port)
    except WbemError as error:
        raise click.UsageError(error.message) from None


def _engine(repository: Path | None) -> Engine:
    engine = local_engine(repository)
    engine.session("root")  # a file that is no repository is told of here, and not to each client
    return engine


def _users(file: str, keytab: str | None) -> UsersFile:
    users = UsersFile(file)
    if keytab is not None:
        check_keytab(keytab)
    if not len(users) and (keytab is None or not users.principals):
        raise click.UsageError(f"{file} holds no user: nobody could log in. See 'openwmi users add'")
    return users


def _principal(users: UsersFile, file: str, text: str) -> str:
    """Who logs in by the name of an administrator: a user of the file, with or without the domain that stands there."""
    if text in users.principals:
        return text
    domain, name = parse_account(text)
    found = users.lookup(domain, name, "")
    if found is None or (domain and fold(domain) != fold(found.domain)):
        raise click.UsageError(f"{text} is no user of {file}: see 'openwmi users list {file}'")
    return found.principal


def _caller(file: str | None) -> Callable[[], Initiator] | None:
    """Who logs in where sinks are. By NTLM: the name of that machine, which Kerberos wants, nobody knows yet."""
    if file is None:
        return None
    login = account_of(file)
    begin = Credentials(login.user, login.password, kerberos=False).login("")
    begin()  # loads what it needs now, and not while clients wait
    return begin


def _said(where: Address, admins: Sequence[str], *, legacy: bool) -> str:
    rights = "whoever logs in may read"
    if admins:
        rights += f", and {', '.join(admins)} may write and call methods, which run as {_account()}"
    return f"serving this machine's WMI at {where}; {rights}{LEGACY if legacy else ''}"


def _account() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # such as an account of a container that has no name
        return f"user {os.getuid()}"
