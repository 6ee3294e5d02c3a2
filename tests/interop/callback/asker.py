"""A client's machine that makes an asynchronous call: its sink, an exporter for it, and the resolver on port 135.

Arguments: this machine's address, the server's, a user, a password, a query, and how many objects at most it wants
before it cancels the call. Prints what the call returned, then each callback, as lines of JSON, and ends with the final
status.
"""

from __future__ import annotations

import asyncio
import json
import sys
from functools import partial
from typing import Any

from openwmi.base.error import WbemError
from openwmi.base.guid import Guid
from openwmi.dcom import Endpoint, Exporter, Machine, Means, Resolver, Served, current_caller
from openwmi.interfaces import IRemUnknown2, IWbemLevel1Login, IWbemObjectSink, IWbemServices
from openwmi.net import Address, listen
from openwmi.orpc import ObjRefCustom, objref
from openwmi.rpc import AuthLevel
from openwmi.security import Logins, NtlmInitiator, ServerNames
from openwmi.wmio import ObjectArrayDecoder, decode_object

LOGIN = Guid("8bc3f05e-d86b-11d0-a075-00c04fb68820")
NEW_STYLE = 0x400FF


class PrintingSink(Served, IWbemObjectSink):
    def __init__(self, most: int) -> None:
        self.most = most
        self.seen = 0
        self.enough = asyncio.Event()
        self.finished = asyncio.Event()
        self.decoder = ObjectArrayDecoder()

    async def Indicate(self, lObjectCount: int, apObjArray: tuple[bytes | None, ...] | bytes) -> int:
        packed = isinstance(apObjArray, bytes)
        found: list[Any] = []
        if isinstance(apObjArray, bytes):
            found = list(self.decoder.decode(apObjArray))
        else:
            for pointer in apObjArray:
                reference = objref.decode(pointer or b"")
                assert isinstance(reference, ObjRefCustom)
                found.append(decode_object(reference.data))
        self.seen += len(found)
        say(sender=current_caller().peer, packed=packed, names=[str(each["__CLASS"]) for each in found])
        if self.seen >= self.most:
            self.enough.set()
        return NEW_STYLE

    async def SetStatus(self, lFlags: int, hResult: int, strParam: str | None, pObjParam: bytes | None) -> int:
        say(status=hResult)
        self.enough.set()
        self.finished.set()
        return 0


def say(**what: object) -> None:
    print(json.dumps(what), flush=True)


class NoUsers:
    def lookup(self, domain: str, name: str, computer: str) -> None:
        return None


async def main(here: str, there: str, user: str, password: str, query: str, most: str) -> None:
    port = 0
    exporter = Exporter([], lambda: port)
    # The account of a server that calls back is one that this machine does not know.
    levels = {each.iid: AuthLevel.NONE for each in (IWbemObjectSink, IRemUnknown2)}
    endpoint = Endpoint(
        exporter,
        [Resolver(exporter)],
        [IWbemObjectSink],
        lambda peer: Logins(NoUsers(), ServerNames.of_this_host(), peer=peer),
        levels,
    )
    ports = [await listen(endpoint, Address(here, 135)), await listen(endpoint, Address(here, 0))]
    port = ports[1].address.port
    sink = PrintingSink(int(most))
    machine = await Machine.open(Address(there, 135), Means(partial(NtlmInitiator, user, password)))
    server, (login,) = await machine.activate(LOGIN, IWbemLevel1Login)
    assert login is not None
    entered = await server.proxy(IWbemLevel1Login, login).NTLMLogin("//./root/cimv2", None, 0, None)
    server, ipid = await machine.adopt(entered.ppNamespace or b"")
    services = server.proxy(IWbemServices, ipid)
    reference = exporter.publish(sink, IWbemObjectSink, here)
    say(returned=await services.ExecQueryAsync("WQL", query, 0, None, reference))
    await sink.enough.wait()
    if not sink.finished.is_set():
        try:
            status = await services.CancelAsyncCall(exporter.publish(sink, IWbemObjectSink, here))
        except WbemError as error:  # it has just ended
            status = int(error.status)
        say(cancelled=status)
    await sink.finished.wait()
    await machine.close()
    for each in ports:
        await each.close()
    await endpoint.close()
    exporter.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
