"""`openwmi wsd`: devices on the links of this machine, and this machine as one of them.

What it needs beyond the rest of openwmi is loaded by the command that needs it, and said where it is missing.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import ssl
from collections.abc import AsyncIterable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from openwmi.base.error import WbemError
from openwmi.base.fault import LocalProtocolError
from openwmi.base.status import WbemStatus
from openwmi.cli.failure import complain
from openwmi.cli.journal import set_up
from openwmi.cli.options import Seconds
from openwmi.cli.output import ROW_FORMATS, Writer, writer_for
from openwmi.cli.password import read_password
from openwmi.cli.records import Record
from openwmi.cli.stream import Out, standard_output
from openwmi.net import parse_address
from openwmi.net.http_server import EVERY_ADDRESS
from openwmi.security import parse_account

if TYPE_CHECKING:
    from openwmi.soap import QName
    from openwmi.wsd import Host, Service

T = TypeVar("T")

EXTRA: Final = {"lxml", "h11"}
IMAGES_EXTRA: Final = {"PIL"}
PORT: Final = 5357

_FILE: Final = click.Path(path_type=Path, dir_okay=False)
_FOLDER: Final = click.Path(path_type=Path, file_okay=False)

EXAMPLES = """\b
Examples:
  openwmi wsd find
  openwmi wsd find --type pub:Computer --timeout 3 --format table
  openwmi wsd metadata urn:uuid:4509a320-00a0-008f-00b6-002507510eca
  openwmi wsd call http://192.0.2.7:5357/files GetFileList --wsdl FileServiceSecure.wsdl
  openwmi wsd watch http://192.0.2.7:5357/files FileChangeEvent --wsdl FileServiceSecure.wsdl
  openwmi wsd host computer --workgroup HOME
  openwmi wsd host scanner --images pages

Devices answer within ten seconds. A firewall has to let UDP port 3702 and TCP port 5357 in.
"""


@click.group("wsd", epilog=EXAMPLES)
def command() -> None:
    """Finds devices on this machine's links, by Web Services for Devices, and makes this machine one of them."""


@command.group()
def host() -> None:
    """Makes something visible on the network, until Ctrl-C or SIGTERM."""


def _interfaces(function: Callable[..., None]) -> Callable[..., None]:
    return click.option(
        "--interface",
        "interfaces",
        metavar="IF",
        multiple=True,
        help="The interface to use, such as eth0; may be repeated.  [default: all but the loopback]",
    )(function)


def _format(default_format: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    help_text = f"How to print rows.  [default: on a terminal {default_format}, else jsonl]"
    return click.option("--format", "format_", type=click.Choice(ROW_FORMATS), help=help_text)


def _shared(default_format: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return lambda function: _interfaces(_format(default_format)(function))


_timeout = click.option(
    "--timeout",
    type=Seconds(min=0, min_open=True),
    metavar="SECONDS",
    default=10.0,
    show_default=True,
    help="How long answers are waited for.",
)


@command.command()
@click.option("--type", "types", metavar="QNAME", multiple=True, help="Such as pub:Computer, or {namespace}local.")
@click.option("--scope", "scopes", metavar="URI", multiple=True, help="Where the device has to be.")
@_timeout
@_shared("list")
def find(
    types: tuple[str, ...], scopes: tuple[str, ...], timeout: float, interfaces: tuple[str, ...], format_: str | None
) -> None:
    """Lists the devices that answer, as they do: those of all the types, in all the scopes, that are given."""
    wsd = _wsd()
    from openwmi.cli.devices import device_record  # noqa: PLC0415 - it needs the extra

    wanted = [_type(text) for text in types]

    async def work(writer: Writer) -> None:
        await _write(writer, wsd.find(wanted, scopes, timeout=timeout, interfaces=interfaces or None), device_record)
        if not writer.count:
            writer.note("no device has answered")

    _run(work, format_, on_terminal="list")


@command.command()
@click.argument("address", metavar="URN")
@_timeout
@_shared("list")
def resolve(address: str, timeout: float, interfaces: tuple[str, ...], format_: str | None) -> None:
    """Asks where the device of an address, such as urn:uuid:…, listens."""
    wsd = _wsd()
    from openwmi.cli.devices import device_record  # noqa: PLC0415 - it needs the extra

    async def work(writer: Writer) -> None:
        writer.write([device_record(await wsd.resolve(address, timeout=timeout, interfaces=interfaces or None))])

    _run(work, format_, on_terminal="list")


@command.command()
@click.argument("address", metavar="URN|URL")
@_timeout
@_shared("list")
def metadata(address: str, timeout: float, interfaces: tuple[str, ...], format_: str | None) -> None:
    """Prints what a device says of itself: its maker and model, its name, and the services that it hosts.

    The device is named by its address, such as urn:uuid:…, or by where it listens, such as http://192.0.2.1:5357/.
    """
    wsd = _wsd()
    from openwmi.cli.devices import metadata_record  # noqa: PLC0415 - it needs the extra

    async def work(writer: Writer) -> None:
        if address.lower().startswith(("http://", "https://")):
            said = await wsd.metadata_at(address, timeout=timeout)
        else:
            device = await wsd.resolve(address, timeout=timeout, interfaces=interfaces or None)
            said = await wsd.metadata(device, timeout=timeout)
        writer.write([metadata_record(said)])

    _run(work, format_, on_terminal="list")


def _contract(function: Callable[..., None]) -> Callable[..., None]:
    """The options of who has to know what messages look like, and to say who he is."""
    for option in (
        click.option("--wsdl", "wsdl_file", type=_FILE, metavar="FILE", help=f"The contract.  {_ITS_OWN}"),
        click.option("--port-type", metavar="NAME", help="Whose it is, where several have one of that name."),
        click.option("--save", "folder", type=_FOLDER, metavar="DIR", help="Where attachments are put."),
        click.option("--ca", type=_FILE, metavar="FILE", help="Whom to trust, in PEM.  [default: the system's]"),
        click.option("--cert", type=_FILE, metavar="FILE", help="The certificate that says who you are, in PEM."),
        click.option("--key", type=_FILE, metavar="FILE", help="Its private key, where that is a file of its own."),
        click.option("--user", metavar="[DOMAIN\\]USER", help="Who logs in, where the service asks for that."),
        click.option("--password-file", metavar="FILE", help="Whose first line is the password; - is standard input."),
    )[::-1]:
        function = option(function)
    return function


_ITS_OWN: Final = "[default: what the service has]"


@command.command()
@click.argument("service", required=False)
@click.argument("events", metavar="[ACTION]...", nargs=-1)
@_contract
@click.option("--dpws", type=click.Choice(["1.0", "1.1"]), help="What the service at a URL speaks.  [default: 1.0]")
@click.option("--count", type=click.IntRange(min=1), metavar="N", help="Ends after so many events.")
@click.option("--timeout", type=Seconds(min=0, min_open=True), metavar="SECONDS", help="Ends after that time.")
@_shared("list")
def watch(
    service: str | None,
    events: tuple[str, ...],
    dpws: str | None,
    count: int | None,
    timeout: float | None,
    interfaces: tuple[str, ...],
    format_: str | None,
    **given: Any,
) -> None:
    """Lists the devices that are there, and then whatever comes, changes and goes; or prints the events of a SERVICE.

    SERVICE is the URL of a service, or the address of the device that it is on, urn:uuid:…; ACTION is the name of an
    event in its WSDL, or the URI of its action. Without one all events are meant.

    It ends with Ctrl-C, after --count events, or after --timeout seconds. With both, fewer events than asked for are a
    failure. So it is when the service has no more events, which it says. A subscription is renewed as long as this
    runs, and ended when this ends.

    \b
    Examples:
      openwmi wsd watch
      openwmi wsd watch http://192.0.2.7:5357/files FileChangeEvent --wsdl FileServiceSecure.wsdl
      openwmi wsd watch http://192.0.2.7:5357/files --count 1
    """
    wsd = _wsd()
    from openwmi.cli.following import Wanted, follow, write_until  # noqa: PLC0415 - it needs the extra

    if service is None and (dpws is not None or any(value is not None for value in given.values())):
        raise click.UsageError("only a service has a contract, and asks who you are: say which")

    async def work(writer: Writer) -> None:
        if service is None:
            await write_until(writer, wsd.watch(interfaces=interfaces or None), _device_event, count, timeout)
            return
        wanted = Wanted(
            service,
            events,
            given["wsdl_file"],
            given["port_type"],
            given["folder"],
            _tls(given["ca"], given["cert"], given["key"]),
            account,
            profile=wsd.DPWS_2009 if dpws == "1.1" else wsd.DPWS_2006,
            interfaces=interfaces or None,
        )
        await follow(writer, wanted, count, timeout)

    account = _account(given["user"], given["password_file"])
    _run(work, format_, on_terminal="list")


async def _device_event(event: Any) -> Record:
    from openwmi.cli.devices import event_record  # noqa: PLC0415 - it needs the extra

    return event_record(event)


@command.command()
@click.argument("url")
@click.argument("operation")
@_contract
@click.option("--arg", "arguments", metavar="NAME=VALUE", multiple=True, help="A field of the message; NAME:=JSON too.")
@_timeout
@_format("list")
def call(
    url: str,
    operation: str,
    wsdl_file: Path | None,
    port_type: str | None,
    arguments: tuple[str, ...],
    folder: Path | None,
    ca: Path | None,
    cert: Path | None,
    key: Path | None,
    user: str | None,
    password_file: str | None,
    timeout: float,
    format_: str | None,
) -> None:
    """Calls an operation of the service at URL, and prints the answer.

    NAME is a field of the operation's message, or a field of one: Ticket.Id. A field that comes more than once is
    repeated. Octets are @FILE, and travel beside the message. The WSDL says what there is: `openwmi wsd codegen`.

    The password of --user is the first line of its file, $OPENWMI_PASSWORD, or what is typed.

    \b
    Examples:
      openwmi wsd call http://192.0.2.7:5357/files GetFileList --wsdl FileServiceSecure.wsdl
      openwmi wsd call http://192.0.2.7:5357/files GetFile --wsdl FileServiceSecure.wsdl --arg filePath=a.txt --save .
    """
    wsd = _wsd()
    from openwmi.cli.messages import message_of, operation_of, record_of, wsdl_within  # noqa: PLC0415 - likewise
    from openwmi.net.http_client import HttpClient  # noqa: PLC0415 - likewise
    from openwmi.wsd.wsdl.proxy import start  # noqa: PLC0415 - likewise

    tls = _tls(ca, cert, key)
    account = _account(user, password_file)

    async def work(writer: Writer) -> None:
        if wsdl_file is None:
            wsdl = wsdl_within(await wsd.metadata_at(url, timeout=timeout, tls=tls, authenticator=account), url)
        else:
            wsdl = wsd.load_wsdl(wsdl_file)
        _, called = operation_of(wsdl, operation, port_type)
        message = message_of(wsdl, called, arguments)
        try:
            async with HttpClient(tls=tls, authenticator=account) as http, wsd.Endpoint(url, http=http) as endpoint:
                answer = await start(endpoint, called, message, timeout)
                if answer is None:
                    writer.note("the service has answered, without saying anything")
                else:
                    writer.write([await record_of(answer, called, folder)])
        except LocalProtocolError as error:
            raise click.UsageError(str(error)) from None

    _run(work, format_, on_terminal="list")


@command.command()
@click.argument("wsdl_file", type=_FILE, metavar="FILE.wsdl")
@click.option("-o", "--output", type=_FILE, metavar="FILE", help="Where the module goes.  [default: standard output]")
def codegen(wsdl_file: Path, output: Path | None) -> None:
    """Writes a module of Python for a contract: messages, clients, Begin and End, and the base of a host.

    What the WSDL imports has to be beside it, or below; nothing is fetched from a network.
    """
    wsd = _wsd()
    from openwmi.wsd.wsdl.codegen import format_module  # noqa: PLC0415 - it needs the extra

    text = format_module(wsd.load_wsdl(wsdl_file))
    if output is None:
        out = standard_output()
        out.write(text)
        out.flush()
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise WbemError(WbemStatus.FAILED, f"{output} cannot be written: {error.strerror}") from None


_listen_at = click.option(
    "--listen",
    "listen_at",
    metavar="HOST:PORT",
    default=f"*:{PORT}",
    show_default=True,
    help="Where it listens; * is every address of this machine, and port 0 is any free one.",
)
_verbose = click.option("-v", "--verbose", is_flag=True, help="Logs more.")


@host.command()
@_listen_at
@click.option("--name", metavar="NAME", default="", help="What it is called.  [default: this machine's name]")
@click.option("--workgroup", metavar="NAME", default="WORKGROUP", show_default=True, help="What it belongs to.")
@click.option("--domain", metavar="NAME", default="", help="The domain that it belongs to, instead of a workgroup.")
@_interfaces
@_verbose
def computer(
    listen_at: str, name: str, workgroup: str, domain: str, interfaces: tuple[str, ...], verbose: bool
) -> None:
    """Shows this computer where Windows' Network view looks.

    The address is printed on standard output once it can be found; everything else goes to standard error. It is the
    same device each time that it starts: what it is called is kept in $STATE_DIRECTORY, or the platform's folder for
    state.
    """
    wsd = _wsd()
    try:
        address = parse_address(listen_at, PORT)
        shown = wsd.this_computer(name, workgroup, domain)
    except WbemError as error:
        raise click.UsageError(error.message) from None
    out = standard_output()
    set_up(logging.DEBUG if verbose else logging.INFO)
    with wsd.held_identity("computer") as identity:
        served = wsd.Host(
            identity.address,
            shown.metadata(identity.address),
            instance=identity.instance,
            types=(wsd.COMPUTER,),
            listen=address,
            interfaces=interfaces or None,
        )
        asyncio.run(_serve(served, out, f"this computer can be found as {shown.shown}"))


@host.command()
@_listen_at
@click.option(
    "--images",
    "folder",
    metavar="DIR",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder whose images (PNG, JPEG, PNM) are the sheets in its tray, by their names.",
)
@click.option("--name", metavar="NAME", default="", help="What it is called.  [default: after this machine]")
@click.option(
    "--resolution",
    metavar="DPI",
    type=int,
    default=300,
    show_default=True,
    help="How many pixels of an image are an inch; at this resolution they are sent as they are.",
)
@_interfaces
@_verbose
def scanner(
    listen_at: str, folder: Path, name: str, resolution: int, interfaces: tuple[str, ...], verbose: bool
) -> None:
    """Scans the images of a folder for whoever asks.

    Its address is printed on standard output once it can be found, and on the next line the URL of its scan service,
    for clients that are told where a scanner is; everything else goes to standard error. Each job gets the images that
    are there when it begins, and leaves them there. It is the same device each time that it starts, as a computer is.
    """
    wsd, scanning = _wsd(), _scanning()
    try:
        address = parse_address(listen_at, PORT)
        shown = scanning.this_scanner(name)
        service = scanning.ScanService(
            folder.absolute(), name=shown.name, capabilities=scanning.Capabilities(resolution)
        )
    except WbemError as error:
        raise click.UsageError(error.message) from None
    out = standard_output()
    set_up(logging.DEBUG if verbose else logging.INFO)
    logging.getLogger("PIL").setLevel(logging.INFO)  # it has a line for each part of a file
    with wsd.held_identity("scanner") as identity:
        served = wsd.Host(
            identity.address,
            shown.metadata(identity.address),
            instance=identity.instance,
            types=(scanning.SCAN_DEVICE,),
            listen=address,
            interfaces=interfaces or None,
            services=[service],
        )
        asyncio.run(_serve(served, out, f"this scanner can be found as {shown.name}", service))


async def _serve(served: Host, out: Out, found_as: str, service: Service | None = None) -> None:
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    async with served:
        complain(f"{found_as}, {served.target.device.address}")
        out.write(f"{served.where}\n")
        if service is not None:
            out.write(f"{served.url(service, socket.gethostname() if served.where.host == EVERY_ADDRESS else '')}\n")
        out.flush()
        await ended.wait()


def _wsd() -> Any:
    """The room. WbemError where what it needs is not installed."""
    try:
        import openwmi.wsd  # noqa: PLC0415 - it needs the extra
    except ImportError as error:
        if error.name not in EXTRA:
            raise
        raise WbemError(
            WbemStatus.NOT_SUPPORTED,
            f"web services for devices need lxml and h11, and {error.name} is not here: pip install 'openwmi[wsd]'",
        ) from None
    return openwmi.wsd


def _scanning() -> Any:
    """The scanner's part of it. WbemError where Pillow is not installed."""
    try:
        import openwmi.wsd.scanner  # noqa: PLC0415 - it needs the extra
    except ImportError as error:
        if error.name not in IMAGES_EXTRA:
            raise
        raise WbemError(
            WbemStatus.NOT_SUPPORTED, "a scanner needs Pillow, which is not here: pip install 'openwmi[scanner]'"
        ) from None
    return openwmi.wsd.scanner


def _type(text: str) -> QName:
    from openwmi.cli.devices import parse_type  # noqa: PLC0415 - it needs the extra

    try:
        return parse_type(text)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


async def _write(writer: Writer, rows: AsyncIterable[T], record: Callable[[T], Record]) -> None:
    async for row in rows:
        writer.write([record(row)])


def _tls(ca: Path | None, cert: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """Whom to trust, and who to be; None is what the system trusts. UsageError."""
    if ca is None and cert is None and key is None:
        return None
    if cert is None and key is not None:
        raise click.UsageError("--key is that of a certificate: say --cert, too")
    try:
        context = ssl.create_default_context(cafile=ca)
        if cert is not None:
            context.load_cert_chain(cert, key, password=_no_password)
    except (OSError, ValueError) as error:  # ssl.SSLError is one of the first
        raise click.UsageError(f"the certificates cannot be used: {error}") from None
    return context


def _account(user: str | None, password_file: str | None) -> Any:
    """Who logs in; None is nobody. UsageError."""
    if user is None:
        if password_file is not None:
            raise click.UsageError("--password-file is the password of somebody: say --user, too")
        return None
    domain, name = parse_account(user)
    return _wsd().Account(name, read_password(f"Password of {user}: ", password_file), domain)


def _no_password() -> str:
    raise ValueError("the private key has a password: give one that has none")


def _run(work: Callable[[Writer], Any], format_: str | None, *, on_terminal: str) -> None:
    """Works, with rows going to standard output as they come."""
    set_up(logging.WARNING)
    out = standard_output()
    writer = writer_for(format_ or (on_terminal if out.is_terminal else "jsonl"), out)
    try:
        asyncio.run(work(writer))
    except WbemError:
        if writer.count:  # what came before the failure is not withheld
            writer.close()
        raise
    writer.close()
