"""A whole array as columns, against the same array as objects."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wmio.made import classes, values

from openwmi.base import limits
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.model import CimClass, CimDateTime, CimInstance, CimInterval, CimType, Property, Type, Value
from openwmi.wmio import ObjectArrayDecoder, ObjectArrayEncoder, decode_object

pytest.importorskip("pyarrow", reason="pyarrow is not installed: it is the extra `arrow`")

MANY = limits.WMIO_PLAN_AFTER + 3
SCALARS = {cim: Type(cim) for cim in CimType}
CLASS = CimClass(
    "Columns",
    properties=(
        *(Property(cim.name, type_) for cim, type_ in SCALARS.items() if cim is not CimType.OBJECT),
        Property("Numbers", Type(CimType.UINT16, array=True)),
        Property("Words", Type(CimType.STRING, array=True)),
        Property("Switches", Type(CimType.BOOLEAN, array=True)),
        Property("Days", Type(CimType.DATETIME, array=True)),
        Property("Letters", Type(CimType.CHAR16, array=True)),
    ),
    server="SRV1",
    namespace=r"root\cimv2",
)
ROW: dict[str, Value] = {
    "SINT8": -1, "UINT8": 255, "SINT16": -2, "UINT16": 65535, "SINT32": -3, "UINT32": 4294967295, "SINT64": -(2**63),
    "UINT64": 2**64 - 1, "REAL32": 1.5, "REAL64": -2.5, "BOOLEAN": True, "STRING": "text", "CHAR16": "ж",
    "DATETIME": CimDateTime("20240131120000.000000+060"), "REFERENCE": "A=@", "Numbers": (1, 2), "Words": ("a", ""),
    "Switches": (True, False), "Days": (CimDateTime("20240131120000.123456+060"),), "Letters": ("K", "ж"),
}  # fmt: skip


def plain(value: Value) -> Value:
    """What a cell of a column says."""
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    if isinstance(value, CimDateTime | CimInterval):
        return str(value)
    return (
        value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace") if isinstance(value, str) else value
    )


def batches(rows: list[CimInstance]) -> list[Any]:
    return ObjectArrayDecoder().to_arrow(ObjectArrayEncoder().encode(rows))


def check(rows: list[CimInstance]) -> Any:
    """The columns of instances of one class."""
    [batch] = batches(rows)
    assert batch.schema.names == list(rows[0])
    assert batch.to_pylist() == [{name: plain(value) for name, value in row.to_dict_().items()} for row in rows]
    return batch


def test_every_type() -> None:
    nothing: dict[str, Value] = dict.fromkeys(ROW)
    zero = {**nothing, "UINT32": 0, "STRING": "", "BOOLEAN": False, "Numbers": (), "Words": (), "Days": ()}
    batch = check([CLASS.instance(row) for row in (ROW, nothing, zero) * MANY])
    types = {field.name: str(field.type) for field in batch.schema}
    assert types["UINT64"] == "uint64"
    assert (types["DATETIME"], types["CHAR16"]) == ("string", "string")
    assert types["Words"].startswith("list<")
    assert batch.schema.metadata == {b"__CLASS": b"Columns", b"__SERVER": b"SRV1", b"__NAMESPACE": rb"root\cimv2"}


def test_rows_of_every_kind_in_their_order() -> None:
    """Before there is a plan, by a plan, Latin-1, UTF-16, half of a surrogate pair."""
    texts = ["a", "é", "ж", "", "\ud800", "plain"] * MANY
    check([CLASS.instance({**ROW, "STRING": text, "UINT32": number}) for number, text in enumerate(texts)])


def test_the_same_in_every_array_of_a_conversation() -> None:
    encoder, decoder = ObjectArrayEncoder(), ObjectArrayDecoder()
    for start in range(3):
        rows = [CLASS.instance({**ROW, "UINT32": start + number}) for number in range(MANY)]
        [batch] = decoder.to_arrow(encoder.encode(rows))
        assert batch.column("UINT32").to_pylist() == list(range(start, start + MANY))


def test_a_default_of_the_class() -> None:
    """That a value is the class's default is said by its flag alone."""
    cls = CimClass(
        "Default", properties=(Property("P", Type(CimType.STRING), "usual"), Property("N", Type(CimType.UINT8)))
    )
    encoder = ObjectArrayEncoder()
    packets = [encoder.packet(CimInstance(cls, ("x", 1))) for _ in range(MANY)]
    body = len(b"\0Default\0\0x\0") + 9 + 5 + 1
    odd = [packet[:-body] + b"\2" + packet[1 - body :] for packet in packets[1:]]
    [batch] = ObjectArrayDecoder().to_arrow(encoder.array([packets[0], *odd]))
    assert batch.column("P").to_pylist() == ["x", *["usual"] * (MANY - 1)]


def test_an_object_stays_octets() -> None:
    box = CimClass(
        "Box", properties=(Property("Inner", Type(CimType.OBJECT)), Property("All", Type(CimType.OBJECT, True)))
    )
    inner = CLASS.instance(ROW)
    [batch] = batches([CimInstance(box, (inner, (inner,))), CimInstance(box, (None, None))])
    first, second = batch.to_pylist()
    assert decode_object(first["Inner"]) == inner
    assert [decode_object(each) for each in first["All"]] == [inner]
    assert second == {"Inner": None, "All": None}


def test_a_batch_for_each_class() -> None:
    other, empty = CimClass("Other", properties=(Property("P", Type(CimType.UINT8)),)), CimClass("Empty")
    rows = [CLASS.instance(ROW), CimInstance(other, (1,)), CLASS.instance(ROW), CimInstance(empty, ())]
    found = batches(rows)
    assert [batch.schema.metadata[b"__CLASS"] for batch in found] == [b"Columns", b"Other", b"Empty"]
    assert [batch.num_rows for batch in found] == [2, 1, 1]
    assert found[2].num_columns == 0
    assert batches([]) == []


def test_arrays_of_every_length() -> None:
    words = [("a",) * length for length in (0, 3, 1, 20)]
    rows = [{**ROW, "Words": each, "Numbers": tuple(range(len(each)))} for each in words]
    check([CLASS.instance(row) for row in [*rows, {**ROW, "Words": None}] * MANY])


def test_pyarrow_is_not_needed_for_anything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    octets = ObjectArrayEncoder().encode([CLASS.instance(ROW)])
    assert ObjectArrayDecoder().decode(octets) == [CLASS.instance(ROW)]
    with pytest.raises(ImportError, match=r"openwmi\[arrow\]"):
        ObjectArrayDecoder().to_arrow(octets)


def test_what_has_no_columns() -> None:
    with pytest.raises(LocalProtocolError, match="the array holds the class itself"):
        ObjectArrayDecoder().to_arrow(ObjectArrayEncoder().encode([CLASS]))
    with pytest.raises(RemoteProtocolError):
        ObjectArrayDecoder().to_arrow(b"nothing of the kind")


@settings(max_examples=50)
@given(classes(0, methods=False).filter(lambda cls: bool(cls.properties)), st.data())
def test_any_class(cls: CimClass, data: st.DataObject) -> None:
    some = st.tuples(*[st.none() | values(prop.type, 0) for prop in cls.properties])
    rows = data.draw(st.lists(some, min_size=1, max_size=4))
    check([CimInstance(cls, row) for row in rows * MANY])
