"""`openwmi serve`: this machine as a WMI server, for other people's clients."""

from __future__ import annotations

import asyncio
import logging
import signal
from pathlib import Path

import click

from openwmi.base.error import WbemError
from openwmi.cli.failure import complain
from openwmi.cli.journal import set_up
from openwmi.cli.options import repository_option
from openwmi.cli.stream import Out, standard_output
from openwmi.locator import local_engine
from openwmi.net import Address, loop_factory, parse_address
from openwmi.security import UsersFile
from openwmi.server import Server

PORT = 135

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
@repository_option
@click.option("-v", "--verbose", is_flag=True, help="Logs each login and each call that fails.")
def command(listen_at: str, users_file: str, repository: Path | None, verbose: bool) -> None:
    """Serves this machine's WMI over DCOM, with NTLM logins. Ends with Ctrl-C or SIGTERM.

    The address is printed on standard output once clients can connect; everything else goes to standard error.
    """
    try:
        address = parse_address(listen_at, PORT)
    except WbemError as error:
        raise click.UsageError(error.message) from None
    users = UsersFile(users_file)
    if not len(users):
        raise click.UsageError(f"{users_file} holds no user: nobody could log in. See 'openwmi users add'")
    out = standard_output()
    set_up(logging.DEBUG if verbose else logging.INFO)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_serve(address, users, repository, out))


async def _serve(address: Address, users: UsersFile, repository: Path | None, out: Out) -> None:
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    server = Server(local_engine(repository), users)
    try:
        where = await server.listen(address)
        complain(f"serving this machine's WMI at {where}; whoever logs in may read")
        out.write(f"{where}\n")
        out.flush()
        await ended.wait()
    finally:
        await server.close()
