"""A client of the echo server, by impacket, as a process of its own: port, password; prints one JSON line a call."""

import json
import sys
from importlib import import_module
from typing import Any

rpcrt: Any = import_module("impacket.dcerpc.v5.rpcrt")
transport: Any = import_module("impacket.dcerpc.v5.transport")
uuid: Any = import_module("impacket.uuid")

ACTIVATOR = ("000001a0-0000-0000-c000-000000000046", "0.0")
LOGIN = ("f309ad18-d86a-11d0-a075-00c04fb68820", "0.0")
IPID = "8bc3f05e-d86b-11d0-a075-00c04fb68820"
LEVELS = {"CONNECT": 2, "INTEGRITY": 5, "PRIVACY": 6}
STUBS = (b"", b"abc", b"sixteen octets!!", bytes(range(256)) * 100)


def main(port: str, password: str) -> None:
    for name, level in LEVELS.items():
        channel = transport.DCERPCTransportFactory(f"ncacn_ip_tcp:127.0.0.1[{port}]")
        channel.set_credentials("user", password, "WORKGROUP")
        first = channel.get_dce_rpc()
        first.set_credentials("user", password, "WORKGROUP")
        first.set_auth_level(level)
        first.set_auth_type(rpcrt.RPC_C_AUTHN_WINNT)
        first.connect()
        first.bind(uuid.uuidtup_to_bin(ACTIVATOR))
        for stub in STUBS:
            report(name, "echo", call(first, 4, stub) == stub + bytes(4))
        report(name, "object", call(first, 5, b"", uuid.string_to_bin(IPID)) == IPID.encode() + bytes(4))
        # Another interface, and with it another login, on the same connection.
        second = first.alter_ctx(uuid.uuidtup_to_bin(LOGIN))
        for stub in STUBS:
            report(name, "second login", call(second, 4, stub) == stub + bytes(4))
        report(name, "first login again", call(first, 4, b"again") == b"again" + bytes(4))
        try:
            call(first, 6, b"")
        except rpcrt.DCERPCException as error:
            report(name, "fault", "RPC_E_DISCONNECTED" in str(error))
        report(name, "after a fault", call(first, 4, b"in step") == b"in step" + bytes(4))
        first.disconnect()


def call(channel: Any, opnum: int, stub: bytes, ipid: bytes | None = None) -> bytes:
    channel.call(opnum, stub, ipid)
    answer: bytes = channel.recv()
    return answer


def report(level: str, what: str, good: bool) -> None:
    print(json.dumps([level, what, good]), flush=True)  # noqa: T201 - what the test reads


main(*sys.argv[1:])
