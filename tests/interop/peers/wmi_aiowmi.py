"""A WMI client by aiowmi, as a process of its own: a JSON line in, a JSON line out, until standard input ends.

    {"do": "login", "host", "port", "user", "password", "domain", "kerberos"}   kerberos: with a ticket of KRB5CCNAME
    {"do": "query", "text", "flags", "namespace", "smart"}   opens an enumerator, and releases the one before
    {"do": "next", "parse"}         -> {"rows": [{"octets": hex, "values": {…}}], "status": "…"}
    {"do": "all", "parse"}          the same for what is left
    {"do": "rate", "text", "smart"} -> {"rows", "seconds", "alone"}: the last by its decoder alone
    {"do": "count", "text", "smart"} -> {"rows", "sum"}: how many, and the sum of N over all of them
    {"do": "together", "connections", "text", "smart", …}  -> {"found": [rows and sum of each, …]}: so many more
                                    connections at once, each with a login and a query of its own
    {"do": "by_page", "text", …}    a query as its page shows it, with the arguments of its `results` ->
                                    {"rows": [{name: {"value", "type", "array", "qualifiers"}}]}; of a
                                    reference "refers" has the values of what it leads to
    {"do": "release" | "disconnect"}

"octets" is the stub of the reply as it came, and "smart" says which of two calls it answers; "values" is what aiowmi
makes of it. What goes wrong comes back as {"error": text}, with the text that the library's users see.
"""

import asyncio
import json
import logging
import os
import pickle
import sys
from datetime import datetime, timedelta
from importlib import import_module
from tempfile import NamedTemporaryFile
from time import perf_counter
from typing import Any

cache: Any = import_module("aiowmi.kerberos.cache")
connection: Any = import_module("aiowmi.connection")
exceptions: Any = import_module("aiowmi.exceptions")
plain_reply: Any = import_module("aiowmi.ndr.next_big_response")
smart_reply: Any = import_module("aiowmi.ndr.smart_response")
response: Any = import_module("aiowmi.rpc.response")
wmi: Any = import_module("aiowmi.query")

read_message = response.RpcResponse.get_message


class Client:
    connection: Any = None
    services: Any = None
    rows: Any = None
    stub = b""

    async def login(
        self, host: str, port: int, user: str, password: str, domain: str, *, kerberos: bool = False
    ) -> object:
        tickets = kept_ticket(host, domain) if kerberos else None
        self.connection = connection.Connection(host, user, password, domain=domain, port=port, kerberos_cache=tickets)
        await self.connection.connect()
        begin = self.connection.negotiate_kerberos if kerberos else self.connection.negotiate_ntlm
        self.services = await begin()
        return {}

    async def query(self, text: str, flags: int = 0x30, namespace: str = "root/cimv2", *, smart: bool = True) -> object:
        if self.rows is not None:
            await self.rows.release()
            self.rows = None
        query = wmi.Query(text, namespace=namespace)
        rows = query.context(self.connection, self.services, flags=flags, timeout=20, skip_optimize=not smart)
        await rows.start()
        self.rows = rows
        return {"smart": is_smart(rows)}

    async def next(self, *, parse: bool = True) -> object:
        try:
            found = await self.rows.next()
        except exceptions.WbemFalse:
            return {"rows": [], "status": "S_FALSE"}
        row: dict[str, Any] = {"octets": self.stub.hex(), "smart": is_smart(self.rows)}
        if parse:
            # Copied at once: it keeps one set of values for all instances of a class.
            row["values"] = {name: plain(each.value) for name, each in found.get_properties().items()}
        return {"rows": [row], "status": ""}

    async def all(self, *, parse: bool = True) -> object:
        rows: list[Any] = []
        answer: Any = {"status": ""}
        while answer["status"] != "S_FALSE":
            answer = await self.next(parse=parse)
            rows += answer["rows"]
        return {"rows": rows, "status": answer["status"]}

    async def rate(self, text: str, *, smart: bool = True) -> object:
        await self.query(text, smart=smart)
        stubs = []
        began = perf_counter()
        try:
            while True:
                (await self.rows.next()).get_properties()
                stubs.append(self.stub)
        except exceptions.WbemFalse:
            seconds = perf_counter() - began
        parts: dict[str, Any] = {}
        began = perf_counter()
        for stub in stubs:
            reply = smart_reply.SmartResponse(stub, parts) if smart else plain_reply.NextBigResponse(stub)
            reply.get_properties()
        return {"rows": len(stubs), "seconds": seconds, "alone": perf_counter() - began}

    async def by_page(self, text: str, **how: bool) -> object:
        rows = []
        async with wmi.Query(text).context(self.connection, self.services) as query:
            async for found in query.results(**how):
                row = {name: await self.described(each, **how) for name, each in found.items()}
                rows.append(row)
        return {"rows": rows}

    async def described(self, each: Any, *, load_qualifiers: bool = False, **_: bool) -> dict[str, Any]:
        shown = {"value": plain(each.value), "type": each.get_cim_type_name(), "array": bool(each.is_array())}
        if load_qualifiers:
            shown["qualifiers"] = [plain_name(name) for name in each.qualifier_set.qualifiers]
        if each.is_reference():
            refers = (await each.get_reference(self.connection, self.services)).get_properties(ignore_missing=True)
            shown["refers"] = {name: plain(other.value) for name, other in refers.items()}
        return shown

    async def count(self, text: str, *, smart: bool = True) -> object:
        await self.query(text, smart=smart)
        rows = total = 0
        try:
            while True:
                total += (await self.rows.next()).get_properties()["N"].value
                rows += 1
        except exceptions.WbemFalse:
            return {"rows": rows, "sum": total}

    async def together(self, connections: int, text: str, *, smart: bool = True, **login: Any) -> object:
        clients = [Client() for _ in range(connections)]
        await asyncio.gather(*(each.login(**login) for each in clients))
        found = await asyncio.gather(*(each.count(text, smart=smart) for each in clients))
        for each in clients:
            await each.release()
            await each.disconnect()
        return {"found": found}

    async def release(self) -> object:
        await self.rows.release()
        self.rows = None
        return {}

    async def disconnect(self) -> object:
        self.services.close()
        self.connection.close()
        return {}


def kept_ticket(host: str, realm: str) -> Any:
    """The ticket for a host, as its own file keeps one: it would ask a KDC only where there is none."""
    ccache: Any = import_module("impacket.krb5.ccache")  # somebody else's reader of MIT's file
    found = ccache.CCache.loadFile(os.environ["KRB5CCNAME"]).getCredential(f"host/{host}@{realm}")
    key = found["key"]
    kept = (b"", b"", found.ticket["data"], bytes(key["keyvalue"]), key["keytype"], float(found["time"]["endtime"]))
    with NamedTemporaryFile() as file:
        file.write(pickle.dumps(kept))
        file.flush()
        tickets = cache.KerberosCache(file.name)
        tickets.open(logging.getLogger())
    return tickets


def is_smart(rows: Any) -> bool:
    """Its own `is_optimized` is always false: it asks whether two bound methods are one object."""
    return bool(rows.next == rows._next_smart)


def plain_name(name: Any) -> str:
    return name.decode("latin-1") if isinstance(name, bytes) else str(name)


def plain(value: Any) -> Any:
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value.total_seconds() if isinstance(value, timedelta) else value


async def main() -> None:
    client = Client()

    def keep(self: Any, proto: Any) -> bytes:
        client.stub = read_message(self, proto)
        return client.stub

    response.RpcResponse.get_message = keep
    while line := await asyncio.to_thread(sys.stdin.readline):
        asked = json.loads(line)
        try:
            answer = await getattr(client, asked.pop("do"))(**asked)
        except Exception as error:  # noqa: BLE001 - whatever its users would see
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)  # noqa: T201 - what the test reads


asyncio.run(main())
