"""A server's machine: gets a sink's OBJREF, finds the sink by it, and calls back.

Arguments: the OBJREF in hex, and how long it may take to get there. Prints what it did as lines of JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from openwmi.base.error import Unreachable
from openwmi.dcom import proxy, reach, resolve
from openwmi.interfaces import IWbemObjectSink
from openwmi.model import CimClass, CimType, Property, Type
from openwmi.orpc import ObjRefCustom, ObjRefStandard, objref
from openwmi.orpc.wellknown import CLSID_WbemClassObject, IID_IWbemClassObject
from openwmi.wmio import encode_object

LAMP = CimClass("Lamp").derive("Lamp_", properties=(Property("Name", Type(CimType.STRING)),))


def pointer(name: str) -> bytes:
    octets = encode_object(LAMP.instance({"Name": name}), decorated=False)
    return objref.encode(ObjRefCustom(IID_IWbemClassObject, CLSID_WbemClassObject, octets))


async def main(reference: str, timeout: float) -> None:
    sink_reference = objref.decode(bytes.fromhex(reference))
    assert isinstance(sink_reference, ObjRefStandard)
    began = time.monotonic()
    try:
        exporter = await resolve(sink_reference, timeout=timeout)
        channel = await reach(exporter, timeout=timeout)
    except Unreachable as error:
        print(json.dumps({"unreachable": str(error), "seconds": time.monotonic() - began}))
        return
    sink = proxy(IWbemObjectSink, channel, sink_reference.std.ipid)
    await sink.Indicate(2, (pointer("bulb"), pointer("Лампа")))
    await sink.SetStatus(0, 0x80041032, "cancelled", None)
    channel.close()
    print(json.dumps({"bindings": [binding.address for binding in exporter.bindings.strings]}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2])))
