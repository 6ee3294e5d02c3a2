"""Reads objects by aiowmi, as a process of its own: a JSON line in, a JSON line out.

{"unit": hex} -> the values in an EncodingUnit, or {"crash": exception}.
{"packets": [hex, …]} -> the values in packets of one enumerator, one list a packet.
"""

import json
import sys
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

unit: Any = import_module("aiowmi.ndr.encoding_unit")
response: Any = import_module("aiowmi.ndr.next_response")
packet: Any = import_module("aiowmi.ndr.wbem_datapacket_object")


class Response(response.NextResponse):  # type: ignore[misc]  # aiowmi says nothing of its types
    """What it makes of a reply, of which only the object is there."""

    def __init__(self, block: Any) -> None:
        self._obj_block = block

    def _get_object_block(self) -> Any:
        return self._obj_block


def main() -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        if "unit" in asked:
            answer: Any = attempt(bytes.fromhex(asked["unit"]))
        else:
            parts: dict[str, Any] = {}
            answer = []
            for each in asked["packets"]:
                block, _ = packet.WbemDatapacketObject.from_data(bytes.fromhex(each), 0, parts)
                answer.append(values(block))
        print(json.dumps(answer), flush=True)  # noqa: T201 - what the test reads


def attempt(octets: bytes) -> dict[str, Any]:
    try:
        return values(unit.EncodingUnit(octets).object_block)
    except Exception as error:  # noqa: BLE001 - whatever it cannot read is what the test wants to know
        return {"crash": type(error).__name__}


def values(block: Any) -> dict[str, Any]:
    """Copied at once: it keeps one set of values for all instances of a class."""
    part = block.class_part
    found = Response(block).get_properties(load_qualifiers=True)
    return {
        name: {"type": prop.type, "value": plain(prop.value), "qualifiers": plain(prop.qualifier_set.qualifiers)}
        for name, prop in found.items()
    } | {"": {"qualifiers": plain(part.qualifier_set.qualifiers)}}


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, datetime):
        return value.isoformat()
    return value.total_seconds() if isinstance(value, timedelta) else value


main()
