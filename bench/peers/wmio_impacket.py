"""impacket decodes packets of one class, which it reads once: something that its users have to write themselves.

Arguments: a file with the packets, and how many rows to read. The file is JSON: "unit" is the first instance as an
EncodingUnit, "rows" what follows the class in each, both in hex. Prints the seconds that it took, and the values.
"""

import json
import sys
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any

wmi: Any = import_module("impacket.dcerpc.v5.dcom.wmi")


def main(file: str, count: str) -> None:
    given = json.loads(Path(file).read_text("ascii"))
    first = wmi.ENCODING_UNIT(bytes.fromhex(given["unit"]))["ObjectBlock"]["InstanceType"]
    known = first["CurrentClass"]
    properties = known.getProperties()
    row_type = without_class(known["ClassPart"]["ClassHeader"]["NdTableValueTableLength"])
    rows = [bytes.fromhex(row) for row in given["rows"][: int(count)]]
    best, found = None, []
    for _ in range(2):
        began = perf_counter()
        found = [values(row_type(row), properties) for row in rows]
        seconds = perf_counter() - began
        best = seconds if best is None else min(best, seconds)
    json.dump([best, found], sys.stdout)


def without_class(table: int) -> Any:
    """An INSTANCE_TYPE for what follows the class, whose table has so many octets."""

    class Row(wmi.INSTANCE_TYPE):  # type: ignore[misc]  # impacket says nothing of its types
        commonHdr = tuple(  # noqa: N815 - impacket's name
            ("_NdTable_ValueTable", "_-NdTable_ValueTable", str(table)) if field[0] == "_NdTable_ValueTable" else field
            for field in wmi.INSTANCE_TYPE.commonHdr
            if field[0] != "CurrentClass"
        )

        def __init__(self, data: bytes) -> None:
            wmi.Structure.__init__(self)
            self.structure = ()
            self.fromString(data)

    return Row


def values(row: Any, properties: Any) -> dict[str, Any]:
    """Copied at once, since it keeps one set of values for all instances."""
    return {name: found["value"] for name, found in row.getValues(properties).items()}


main(*sys.argv[1:])
