"""`openwmi resolver`: the resolver of this machine alone, for programs that are called back."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import click

from openwmi.base.error import WbemError
from openwmi.cli.journal import set_up
from openwmi.cli.listening import Service, resolver_socket_option, sharing
from openwmi.cli.stream import standard_output
from openwmi.cli.systemd import Manager
from openwmi.net import loop_factory, parse_address
from openwmi.server import ResolverHost

PORT = 135

EXAMPLES = """\b
Examples:
  sudo openwmi resolver --listen 0.0.0.0:135 --resolver-socket /run/openwmi.sock

Other machines ask at port 135, and at no other one. 'openwmi serve --resolver-socket' does the same beside its work.
"""


@click.command("resolver", epilog=EXAMPLES)
@click.option(
    "--listen",
    "listen_at",
    metavar="HOST:PORT",
    default=f"127.0.0.1:{PORT}",
    show_default=True,
    help="Where other machines ask. Ports below 1024 need root; port 0 is any free one.",
)
@resolver_socket_option(required=True)
@click.option("-v", "--verbose", is_flag=True, help="Logs each call that fails.")
def command(listen_at: str, resolver_socket: Path, verbose: bool) -> None:
    """Tells other machines where the programs of this one are called back. Ends with Ctrl-C or SIGTERM.

    The address is printed on standard output once others can ask; everything else goes to standard error.
    """
    try:
        address = parse_address(listen_at, PORT)
    except WbemError as error:
        raise click.UsageError(error.message) from None
    out = standard_output()
    manager = Manager()
    say = set_up(logging.DEBUG if verbose else logging.INFO)

    async def serve() -> None:
        async with sharing(resolver_socket) as registry:
            assert registry is not None, "the option is required"
            service = Service(ResolverHost(registry), out, say, manager)
            await service.run(address, lambda where: f"resolving at {where} for {resolver_socket}")

    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(serve())
