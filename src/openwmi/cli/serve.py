"""`openwmi serve`: this machine as a WMI server, for other people's clients."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from pathlib import Path

import click

from openwmi.base.error import WbemError
from openwmi.cli.journal import set_up
from openwmi.cli.listening import resolver_socket_option, sharing, until_ended
from openwmi.cli.options import repository_option
from openwmi.cli.stream import standard_output
from openwmi.locator import local_engine
from openwmi.net import loop_factory, parse_address
from openwmi.security import KerberosAcceptor, UsersFile, check_keytab
from openwmi.server import Server

PORT = 135
LEGACY = "; activation needs no signature, so that whoever sits on the wire can activate as they can"

EXAMPLES = """\b
Examples:
  openwmi users add users.txt 'WORKGROUP\\me'
  openwmi serve --users users.txt --listen 127.0.0.1:1135
  sudo openwmi serve --users users.txt --listen 0.0.0.0:135

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
    "--keytab",
    metavar="FILE",
    help="Kerberos logins, too: the file of this machine's keys, host/NAME. Users are its lines USER@REALM.",
)
@click.option("--legacy", is_flag=True, help="Lets clients from before 2021 in, which activate without signatures.")
@resolver_socket_option()
@repository_option
@click.option("-v", "--verbose", is_flag=True, help="Logs each login and each call that fails.")
def command(
    listen_at: str,
    users_file: str,
    keytab: str | None,
    legacy: bool,
    resolver_socket: Path | None,
    repository: Path | None,
    verbose: bool,
) -> None:
    """Serves this machine's WMI over DCOM, with logins by NTLM, or by Kerberos as well. Ends with Ctrl-C or SIGTERM.

    The address is printed on standard output once clients can connect; everything else goes to standard error.
    """
    try:
        address = parse_address(listen_at, PORT)
    except WbemError as error:
        raise click.UsageError(error.message) from None
    users = UsersFile(users_file)
    if keytab is not None:
        check_keytab(keytab)
    if not len(users) and (keytab is None or not users.principals):
        raise click.UsageError(f"{users_file} holds no user: nobody could log in. See 'openwmi users add'")
    out = standard_output()
    set_up(logging.DEBUG if verbose else logging.INFO)
    kerberos = None if keytab is None else partial(KerberosAcceptor, users.admits, keytab)

    async def serve() -> None:
        async with sharing(resolver_socket) as registry:
            server = Server(local_engine(repository), users, kerberos=kerberos, legacy=legacy, registry=registry)
            note = LEGACY if legacy else ""
            await until_ended(
                server,
                address,
                lambda where: f"serving this machine's WMI at {where}; whoever logs in may read{note}",
                out,
            )

    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(serve())
