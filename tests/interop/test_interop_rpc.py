"""DCE/RPC and NTLM as other people's clients speak them: impacket and aiowmi, each as a process of its own.

The server behind the association echoes a request's stub, and puts an HRESULT of 0 behind it, as they expect it. Their
Python is this one, or the one that OPENWMI_PEER_PYTHON names.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.interop.peer import python_with

from openwmi.base.fault import RemoteProtocolError
from openwmi.base.guid import Guid
from openwmi.rpc import (
    AssociationGroups,
    AuthLevel,
    ConnectionClosed,
    RequestReceived,
    Role,
    RpcAssociation,
    SyntaxId,
    TokenNeeded,
)
from openwmi.security import Logins, ServerNames, UsersFile, add_user

PEERS = Path(__file__).parent / "peers"
PASSWORD = "Passw0rd"
INTERFACES = {
    SyntaxId(Guid("000001a0-0000-0000-c000-000000000046")),
    SyntaxId(Guid("f309ad18-d86a-11d0-a075-00c04fb68820")),
}
ECHO, OBJECT, FAULT = 4, 5, 6
RPC_E_DISCONNECTED = 0x80010108


class EchoServer:
    """Listens on loopback, and keeps what was asked."""

    def __init__(self, users: UsersFile) -> None:
        self._users = users
        self._groups = AssociationGroups()
        self.requests: list[RequestReceived] = []
        self.errors: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        association = RpcAssociation(Role.SERVER, interfaces=INTERFACES, groups=self._groups, endpoint="135")
        logins = Logins(self._users, ServerNames.of_host("srv1.example"), peer="loopback")
        try:
            while not association.closed:
                association.receive(await reader.read(65536))
                while (event := association.next_event()) is not None:
                    if isinstance(event, TokenNeeded):
                        logins.answer(association, event)
                    elif isinstance(event, RequestReceived):
                        self.answer(association, event)
                    elif isinstance(event, ConnectionClosed):
                        return
                writer.write(association.data_to_send())
        except (RemoteProtocolError, ConnectionError) as error:
            self.errors.append(str(error))
        finally:
            association.close()
            writer.write(association.data_to_send())
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    def answer(self, association: RpcAssociation, request: RequestReceived) -> None:
        self.requests.append(request)
        if request.opnum == FAULT:
            association.send_fault(request.call_id, RPC_E_DISCONNECTED)
        else:
            stub = str(request.object).encode() if request.opnum == OBJECT else request.stub
            association.send_response(request.call_id, stub + bytes(4))


@contextlib.asynccontextmanager
async def echo_server(folder: Path) -> AsyncIterator[tuple[EchoServer, int]]:
    add_user(folder / "users", "WORKGROUP\\user", PASSWORD)
    echo = EchoServer(UsersFile(folder / "users"))
    listener = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
    async with listener:
        yield echo, listener.sockets[0].getsockname()[1]


async def run_peer(package: str, port: int, password: str) -> tuple[list[tuple[str, str, bool]], str]:
    """What the client reported, and what it complained about."""
    process = await asyncio.create_subprocess_exec(
        python_with(package),
        str(PEERS / f"rpc_{package}.py"),
        str(port),
        password,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        out, errors = await process.communicate()
    return [tuple(json.loads(line)) for line in out.splitlines()], errors.decode()


@pytest.mark.parametrize(("package", "levels"), [("impacket", 3), ("aiowmi", 2)])
async def test_calls_are_understood(tmp_path: Path, package: str, levels: int) -> None:
    async with echo_server(tmp_path) as (echo, port):
        reports, errors = await run_peer(package, port, PASSWORD)
    assert not errors
    assert not echo.errors
    assert [report for report in reports if not report[2]] == []
    per_level = Counter(level for level, _, _ in reports)
    assert len(per_level) == levels
    assert all(count >= 5 for count in per_level.values())
    protected = [request for request in echo.requests if request.level >= AuthLevel.PKT]
    assert len(protected) >= len(echo.requests) // levels
    assert {request.principal for request in protected} == {"WORKGROUP\\user"}


async def test_one_connection_carries_several_logins(tmp_path: Path) -> None:
    async with echo_server(tmp_path) as (echo, port):
        await run_peer("impacket", port, PASSWORD)
    logins = {request.auth_context_id for request in echo.requests if request.level is AuthLevel.PRIVACY}
    assert len(logins) == 2


@pytest.mark.parametrize(("package", "words"), [("impacket", "rpc_s_access_denied"), ("aiowmi", "RPC_S_SEC_PKG_ERROR")])
async def test_a_wrong_password_is_refused(tmp_path: Path, package: str, words: str) -> None:
    async with echo_server(tmp_path) as (echo, port):
        reports, errors = await run_peer(package, port, "guessed1")
    assert not reports
    assert words in errors
    assert not echo.requests
