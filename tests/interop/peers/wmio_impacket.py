"""Reads objects by impacket, as a process of its own: a JSON line in, a JSON line out.

{"unit": hex} -> what it finds in an EncodingUnit, or {"crash": exception}.
{"unit": hex, "method": name, "arguments": [...]} -> the in parameters that it would send, an EncodingUnit in hex.
{"unit": hex, "set": {name: value}} -> a new instance of the class with these values, likewise.
"""

import json
import sys
from contextlib import redirect_stdout
from importlib import import_module
from struct import pack
from typing import Any
from uuid import UUID

wmi: Any = import_module("impacket.dcerpc.v5.dcom.wmi")

IID = UUID("dc12a681-737f-11cf-884d-00aa004b2e24")
UNMARSHALER = UUID("4590f812-1d3a-11d0-891f-00aa004b2e24")


class Services:
    """Stands for IWbemServices, and keeps what a method would be called with."""

    sent: Any = None

    def ExecMethod(self, path: str, name: str, pInParams: Any) -> None:  # noqa: N802, N803 - impacket calls it so
        self.sent = pInParams


def main() -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        unit = bytes.fromhex(asked["unit"])
        if "method" in asked:
            answer: Any = in_parameters(unit, asked["method"], asked["arguments"])
        elif "set" in asked:
            answer = new_instance(unit, asked["set"])
        else:
            answer = attempt(unit)
        print(json.dumps(answer), flush=True)  # noqa: T201 - what the test reads


def attempt(unit: bytes) -> dict[str, Any]:
    try:
        return found_in(wmi.ENCODING_UNIT(unit))
    except Exception as error:  # noqa: BLE001 - whatever it cannot read is what the test wants to know
        return {"crash": type(error).__name__}


def found_in(unit: Any) -> dict[str, Any]:
    block = unit["ObjectBlock"]
    block.parseObject()
    current = block.ctCurrent
    properties = current["values"] if current["values"] is not None else current["properties"]
    return {
        "name": current["name"].strip(),
        "qualifiers": plain(current["qualifiers"]),
        "properties": {
            name: {"type": each["type"], "value": plain(each["value"]), "qualifiers": plain(each["qualifiers"])}
            for name, each in properties.items()
        },
        "methods": {
            name: {
                "in": list(each["InParams"] or ()),
                "out": list(each["OutParams"] or ()),
                "types": types(each["InParams"]) | types(each["OutParams"]),
                "qualifiers": plain(each["qualifiers"]),
            }
            for name, each in (current["methods"] or {}).items()
        },
        "parent": block.ctParent["name"] if block.ctParent else None,
    }


def types(parameters: Any) -> dict[str, int]:
    return {name: found["type"] for name, found in (parameters or {}).items()}


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return found_in(value) if isinstance(value, wmi.ENCODING_UNIT) else value


def in_parameters(unit: bytes, method: str, arguments: list[Any]) -> str:
    services = Services()
    getattr(class_object(unit, services), method)(*arguments)
    octets: bytes = services.sent["pObjectData"].getData()
    return octets.hex()


def new_instance(unit: bytes, values: dict[str, Any]) -> str:
    obj = class_object(unit, Services()).SpawnInstance()
    for name, value in values.items():
        setattr(obj, name, value)
    with redirect_stdout(sys.stderr):  # it prints what it encodes
        octets: bytes = obj.marshalMe()["pObjectData"].getData()
    return octets.hex()


def class_object(unit: bytes, services: Services) -> Any:
    objref = b"MEOW" + pack("<I", 4) + IID.bytes_le + UNMARSHALER.bytes_le + pack("<II", 0, len(unit)) + unit
    return wmi.IWbemClassObject(wmi.INTERFACE(objRef=objref, target=""), services)


main()
