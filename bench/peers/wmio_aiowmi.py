"""aiowmi decodes the packets of an enumerator, as its SmartEnum does, class and all.

Arguments: a file with the packets as JSON, one hex text each, and how many of their values to print. Prints the seconds
that it took, and the values of the first rows.
"""

import json
import sys
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any

response: Any = import_module("aiowmi.ndr.next_response")
packet: Any = import_module("aiowmi.ndr.wbem_datapacket_object")


class Response(response.NextResponse):  # type: ignore[misc]  # aiowmi says nothing of its types
    """What it makes of a reply, of which only the object is there."""

    def __init__(self, block: Any) -> None:
        self._obj_block = block

    def _get_object_block(self) -> Any:
        return self._obj_block


def main(file: str, shown: str) -> None:
    packets = [bytes.fromhex(each) for each in json.loads(Path(file).read_text("ascii"))]
    best = None
    for _ in range(2):
        parts: dict[str, Any] = {}
        began = perf_counter()
        for each in packets:
            block, _ = packet.WbemDatapacketObject.from_data(each, 0, parts)
            Response(block).get_properties()
        seconds = perf_counter() - began
        best = seconds if best is None else min(best, seconds)
    parts = {}
    found = []
    for each in packets[: int(shown)]:
        block, _ = packet.WbemDatapacketObject.from_data(each, 0, parts)
        properties = Response(block).get_properties()
        found.append({name: plain(each.value) for name, each in properties.items()})
    json.dump([best, found], sys.stdout)


def plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.total_seconds() if isinstance(value, timedelta) else value


main(*sys.argv[1:])
