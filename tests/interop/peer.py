"""Other people's WMI clients, each a process of its own that is told what to do in JSON, one line a call."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.interop.serving import DOMAIN, NAMESPACE, PASSWORD, USER

from openwmi.interfaces import IEnumWbemClassObject, IWbemWCOSmartEnum
from openwmi.model import CimInstance
from openwmi.ndr import NdrReader, codec
from openwmi.orpc import ObjRefCustom, OrpcThat, objref
from openwmi.wmio import ObjectArrayDecoder, decode_object

PEERS = Path(__file__).parent / "peers"
CLIENTS = ("impacket", "aiowmi")
ANSWER_SECONDS = 60


class PeerError(Exception):
    """What the client's users would see."""


class Peer:
    """One client. `do` is a call of it; see the programs in `peers` for what each can do."""

    def __init__(self, package: str, process: asyncio.subprocess.Process, port: int) -> None:
        self.package = package
        self.process = process
        self._port = port

    async def do(self, what: str, **arguments: object) -> Any:
        """The answer; raises PeerError."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"do": what, **arguments}).encode() + b"\n")
        async with asyncio.timeout(ANSWER_SECONDS):
            line = await self.process.stdout.readline()
        if not line:
            assert self.process.stderr is not None
            raise AssertionError(f"{self.package} is gone: {(await self.process.stderr.read()).decode()}")
        answer = json.loads(line)
        if "error" in answer:
            raise PeerError(answer["error"])
        return answer

    async def login(self, **changed: object) -> Any:
        """As the user whom the server knows, but for what is given. What the client answers to that."""
        return await self.do("login", **self.user() | changed)

    def user(self) -> dict[str, object]:
        """The arguments of `login`."""
        given = {"host": "127.0.0.1", "port": self._port, "user": USER, "password": PASSWORD, "domain": DOMAIN}
        if self.package == "impacket":
            given["namespace"] = NAMESPACE
        return given

    async def values(self, query: str, **how: object) -> list[dict[str, Any]]:
        """The rows of a query, as the client understands them."""
        await self.do("query", text=query, **how)
        return [row["values"] for row in (await self.do("all"))["rows"]]

    async def instances(self, query: str, **how: object) -> list[CimInstance]:
        """The rows of a query, as they came over the wire: some clients do not understand what they received."""
        await self.do("query", text=query, **how)
        decoder = ObjectArrayDecoder()
        rows = (await self.do("all", parse=False))["rows"]
        return [instance for row in rows for instance in _instances(row, decoder)]


@asynccontextmanager
async def peer(package: str, port: int) -> AsyncIterator[Peer]:
    """A client that has not logged in yet."""
    process = await asyncio.create_subprocess_exec(
        python_with(package),
        str(PEERS / f"wmi_{package}.py"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        limit=64 << 20,
    )
    assert process.stdin is not None
    try:
        yield Peer(package, process, port)
    finally:
        process.stdin.close()
        if process.returncode is None:
            process.kill()
        await process.communicate()


@asynccontextmanager
async def logged_in(package: str, port: int, **changed: object) -> AsyncIterator[Peer]:
    """A client that has."""
    async with peer(package, port) as client:
        await client.login(**changed)
        yield client


@cache
def python_with(package: str) -> str:
    """The Python that has somebody's package; the test is skipped where there is none."""
    python = os.environ.get("OPENWMI_PEER_PYTHON") or sys.executable
    found = subprocess.run([python, "-c", f"import {package}"], capture_output=True, check=False)
    if found.returncode:
        pytest.skip(f"{package} is not installed for OPENWMI_PEER_PYTHON, or for this Python")
    return python


def _instances(row: dict[str, Any], decoder: ObjectArrayDecoder) -> list[CimInstance]:
    octets = bytes.fromhex(row["octets"])
    if "smart" not in row:  # an object reference
        return [_instance(octets)]
    reader = NdrReader(octets)
    codec(OrpcThat).decode(reader)
    if row["smart"]:
        buffer = IWbemWCOSmartEnum.calls[3].decode_reply(reader).pBuffer
        return [each for each in decoder.decode(buffer) if isinstance(each, CimInstance)]
    return [_instance(each) for each in IEnumWbemClassObject.calls[4].decode_reply(reader).apObjects]


def _instance(pointer: bytes) -> CimInstance:
    reference = objref.decode(pointer)
    assert isinstance(reference, ObjRefCustom)
    instance = decode_object(reference.data)
    assert isinstance(instance, CimInstance)
    return instance
