"""`openwmi wsd watch SERVICE ACTION`: a service on the loopback tells events, and rows are written as they come."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.cli.fakes import Command
from tests.cli.test_cli_messages import WSDL, Shop

from openwmi.cli.following import Wanted, _chosen
from openwmi.net import Address
from openwmi.soap import EndpointReference, QName
from openwmi.soap import Service as Hosted
from openwmi.wsd import Host, load_wsdl, this_computer

SOLD = "urn:shop:Shop:Sold"
GIVEN_UP_SECONDS = 20


class Telling:
    """The shop: once somebody has subscribed it tells what it has sold, a word each time, until it is closed.

    Attributes:
        url: its address; file: its contract.
        left: is set when nobody is subscribed any more.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.url = ""
        self.left = threading.Event()
        self._up, self._stop = threading.Event(), asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    def start(self) -> Telling:
        self._thread.start()
        assert self._up.wait(GIVEN_UP_SECONDS)
        return self

    def close(self) -> None:
        """The device ends, and says so."""
        assert self._loop is not None
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(GIVEN_UP_SECONDS)

    async def _serve(self) -> None:
        wsdl = load_wsdl(self.file)
        service: Any = wsdl.service("Shop", Shop(wsdl), "urn:shop")
        address = uuid.uuid4().urn
        metadata, listen = this_computer("shop").metadata(address), Address("127.0.0.1", 0)
        async with Host(address, metadata, instance=1, listen=listen, interfaces=("lo",), services=[service]) as host:
            self.url, self._loop = host.url(service), asyncio.get_running_loop()
            self._up.set()
            number = 0
            while not self._stop.is_set():
                if len(service.source):
                    number += 1
                    await service.signal("Sold", f"bread {number}")
                elif number:
                    self.left.set()
                await asyncio.sleep(0.02)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Telling]:
    path = tmp_path / "shop.wsdl"
    path.write_text(WSDL)
    telling = Telling(path).start()
    yield telling
    telling.close()


def rows(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("events", [(), ("Sold",), (SOLD,)])
def test_so_many_events(openwmi: Command, shop: Telling, events: tuple[str, ...]) -> None:
    """By name or action, or all; the contract is a file, or that which the service has."""
    contract = ("--wsdl", str(shop.file)) if events else ()
    done = openwmi("wsd", "watch", shop.url, *events, "--count", "3", *contract)
    assert (done.status, done.err) == (0, "")
    assert rows(done.out) == [{"Event": "Sold", "Word": f"bread {number}"} for number in (1, 2, 3)]
    assert shop.left.wait(GIVEN_UP_SECONDS)


def test_the_service_ends(openwmi: Command, shop: Telling) -> None:
    threading.Timer(0.6, shop.close).start()
    done = openwmi("wsd", "watch", shop.url, "Sold")
    assert done.status == 1
    assert rows(done.out)[0] == {"Event": "Sold", "Word": "bread 1"}
    (line,) = done.err.splitlines()
    assert "the source has ended the subscription: SourceShuttingDown" in line


def test_the_time_is_over(openwmi: Command, shop: Telling) -> None:
    done = openwmi("wsd", "watch", shop.url, "Sold", "--timeout", "0.5")
    assert (done.status, done.err) == (0, "")
    assert rows(done.out)
    done = openwmi("wsd", "watch", shop.url, "Sold", "--timeout", "0.2", "--count", "1000000")
    assert done.status == 1
    assert "of 1000000 events came within 0.2 s" in done.err


@pytest.mark.parametrize("ended", ["by Ctrl-C", "by a closed pipe"])
def test_who_ends_it_unsubscribes(shop: Telling, ended: str) -> None:
    command = (sys.executable, "-m", "openwmi", "wsd", "watch", shop.url, "Sold")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert json.loads(process.stdout.readline())["Event"] == "Sold"
        if ended == "by Ctrl-C":
            process.send_signal(signal.SIGINT)
        else:
            process.stdout.close()
        assert process.stderr.read().strip() == ""
        process.wait(GIVEN_UP_SECONDS)
    assert process.returncode == (130 if ended == "by Ctrl-C" else 0)
    assert shop.left.wait(GIVEN_UP_SECONDS)


@pytest.mark.parametrize(
    ("arguments", "status", "why"),
    [
        (("SERVICE", "Burnt", "--wsdl", "FILE"), 1, "shop.wsdl has no event Burnt; it has Sold"),
        (("SERVICE", "Sold", "--wsdl", "FILE", "--port-type", "Bank"), 1, "the WSDL has no port type Bank"),
        (("SERVICE", "urn:none", "--wsdl", "FILE"), 1, "FilterActionNotSupported"),
        (("SERVICE", "Sold", "--dpws", "1.1"), 1, "ActionNotSupported"),
        (("shop", "Sold"), 2, "'shop' is neither the URL of a service nor the address of a device"),
        (("--count", "1", "--dpws", "1.1"), 2, "only a service has a contract"),
        (("--ca", "FILE"), 2, "only a service has a contract"),
        (("http://127.0.0.1:9/", "urn:x"), 3, "127.0.0.1:9"),
    ],
)
def test_what_is_not_there_is_said(
    openwmi: Command, shop: Telling, arguments: tuple[str, ...], status: int, why: str
) -> None:
    given = {"SERVICE": shop.url, "FILE": str(shop.file)}
    done = openwmi("wsd", "watch", *(given.get(each, each) for each in arguments))
    assert (done.status, done.out) == (status, "")
    assert why in done.err


def test_the_service_of_a_device(shop: Telling) -> None:
    """That which has the events of the contract; without one, the only one."""
    files = Hosted((EndpointReference("http://x/files"),), (QName("urn:x", "Files"),), "files")
    sells = Hosted((EndpointReference("http://x/shop"),), (QName("urn:shop", "Shop"),), "shop")
    lazy = replace(files, endpoints=(), service_id="lazy")
    wanted, wsdl = Wanted("urn:uuid:1"), load_wsdl(shop.file)
    assert _chosen((files, sells), wsdl, wanted) is sells
    assert _chosen((files, lazy), None, wanted) is files
    with pytest.raises(Exception, match=r"Give its URL: http://x/files \(files\), http://x/shop \(shop\)"):
        _chosen((files, sells), None, wanted)
    with pytest.raises(Exception, match="Give its URL: none"):
        _chosen((files,), wsdl, wanted)
