"""A client's machine: a sink, an exporter for it, and the resolver on port 135 that knows where the exporter is.

Arguments: the address to listen at. Prints the sink's OBJREF in hex, then each callback as a line of JSON, and ends
with the final status.
"""

from __future__ import annotations

import asyncio
import json
import sys

from openwmi.dcom import Endpoint, Exporter, Resolver, Served, current_caller
from openwmi.interfaces import IWbemObjectSink
from openwmi.net import Address, listen
from openwmi.orpc import ObjRefCustom, objref
from openwmi.rpc import AuthLevel
from openwmi.security import Logins, ServerNames
from openwmi.wmio import decode_object


class PrintingSink(Served, IWbemObjectSink):
    def __init__(self) -> None:
        self.finished = asyncio.Event()

    async def Indicate(self, lObjectCount: int, apObjArray: tuple[bytes | None, ...]) -> int:
        names = []
        for pointer in apObjArray:
            reference = objref.decode(pointer or b"")
            assert isinstance(reference, ObjRefCustom)
            names.append(str(decode_object(reference.data)["Name"]))
        self._say(indicate=names)
        return 0

    async def SetStatus(self, lFlags: int, hResult: int, strParam: str | None, pObjParam: bytes | None) -> int:
        self._say(status=hResult, text=strParam)
        self.finished.set()
        return 0

    def _say(self, **what: object) -> None:
        print(json.dumps({"from": current_caller().peer, **what}), flush=True)


async def main(host: str) -> None:
    port = 0
    exporter = Exporter([], lambda: port)
    # Nobody can log in here: a server that calls back has an account that this machine does not know.
    endpoint = Endpoint(
        exporter,
        [Resolver(exporter)],
        [IWbemObjectSink],
        lambda peer: Logins(NOBODY, ServerNames.of_this_host(), peer=peer),
        {IWbemObjectSink.iid: AuthLevel.NONE},
    )
    resolver = await listen(endpoint, Address(host, 135))
    listener = await listen(endpoint, Address(host, 0))
    port = listener.address.port
    sink = PrintingSink()
    print(exporter.publish(sink, IWbemObjectSink, host).hex(), flush=True)
    await sink.finished.wait()
    await asyncio.sleep(0)  # the answer to SetStatus goes out
    await resolver.close()
    await listener.close()
    await endpoint.close()
    exporter.close()


class NoUsers:
    def lookup(self, domain: str, name: str, computer: str) -> None:
        return None


NOBODY = NoUsers()

if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
