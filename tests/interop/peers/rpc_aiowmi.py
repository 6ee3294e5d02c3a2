"""A client of the echo server, by aiowmi, as a process of its own: port, password; prints one JSON line a call."""

import asyncio
import json
import sys
from importlib import import_module
from typing import Any

connection: Any = import_module("aiowmi.connection")
constants: Any = import_module("aiowmi.dcom_const")
request: Any = import_module("aiowmi.rpc.request")
response: Any = import_module("aiowmi.rpc.response")

IPID = "8bc3f05e-d86b-11d0-a075-00c04fb68820"
# A stub that is no multiple of four it pads in clear behind what it sealed, which no server takes; it never sends one.
STUBS = (b"", b"four", bytes(range(256)) * 16, b"more than one fragment 4" * 500)


async def main(port: str, password: str) -> None:
    for name, level in {"INTEGRITY": 5, "PRIVACY": 6}.items():
        client = connection.Connection("127.0.0.1", "user", password, domain="WORKGROUP", port=int(port))
        await client.connect()
        protocol = client._protocol
        protocol._auth_level = level
        protocol._context_id = 4242
        await client._bind_ntlm(constants.IID_IRemoteSCMActivator, protocol)
        for stub in STUBS:
            answer = await call(protocol, 4, stub, sealed=name == "PRIVACY")
            report(name, "echo", answer == stub + bytes(4))
        answer = await call(protocol, 5, b"", sealed=name == "PRIVACY", ipid=IPID)
        report(name, "object", answer == IPID.encode() + bytes(4))
        client.close()


async def call(protocol: Any, opnum: int, stub: bytes, *, sealed: bool, ipid: str | None = None) -> bytes:
    message = request.RpcRequest(op_num=opnum, uuid_str=ipid)
    message.set_pdu_data(stub)
    octets = message.seal_data(protocol) if sealed else message.sign_data(protocol)
    answer = await protocol.get_dcom_response(octets, size=response.RpcResponse.SIZE, timeout=10)
    stub_of_answer: bytes = answer.get_message(protocol)
    return stub_of_answer


def report(level: str, what: str, good: bool) -> None:
    print(json.dumps([level, what, good]), flush=True)  # noqa: T201 - what the test reads


asyncio.run(main(*sys.argv[1:]))
