"""Objects, arrays and contexts with something of everything: to be cut and changed, and for a fuzzer to begin with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from openwmi.base.case import NameMap
from openwmi.model import (
    CimClass,
    CimDateTime,
    CimInstance,
    CimType,
    Method,
    Parameter,
    Property,
    Qualifier,
    Type,
    qualifier_set,
)
from openwmi.wmio import (
    ObjectArrayEncoder,
    PacketType,
    VariantType,
    encode_context,
    encode_object,
)

SHARED = Path(__file__).parents[3] / "shared"
STRING, OBJECT = Type(CimType.STRING), Type(CimType.OBJECT)


def sample() -> CimInstance:
    """An instance with something of everything."""
    inner = CimClass("Inner", properties=(Property("Text", STRING),), server="S", namespace="root").instance(
        {"Text": "Ж"}
    )
    values = {
        "S": "text",
        "W": "текст",
        "N": None,
        "B": True,
        "D": CimDateTime.parse("20240131120000.000000+060"),
        "C": "ж",
        "R": 1.5,
        "L": ("a", "б", ""),
        "U": (1, 2, 3),
        "O": inner,
        "A": (inner, inner),
    }
    cims = [
        CimType.STRING, CimType.STRING, CimType.UINT8, CimType.BOOLEAN, CimType.DATETIME, CimType.CHAR16,
        CimType.REAL64, CimType.STRING, CimType.UINT16, CimType.OBJECT, CimType.OBJECT,
    ]  # fmt: skip
    properties = tuple(
        Property(name, Type(cim, isinstance(value, tuple)), value, qualifier_set(Qualifier("read")))
        for (name, value), cim in zip(values.items(), cims, strict=True)
    )
    cls = CimClass("Sample", derivation=("Parent", "Top"), properties=properties, server="SRV", namespace="root")
    return CimInstance(cls, cls.defaults, qualifier_set(Qualifier("own", "value", STRING)))


def small() -> Iterator[CimInstance]:
    """Instances of little classes, which a fuzzer gets through fast."""
    inner = CimClass("I", properties=(Property("N", Type(CimType.UINT8)),)).instance({"N": 7})
    told = qualifier_set(Qualifier("q", ("x", "ж"), Type(CimType.STRING, array=True)))
    for cim, value in [
        (CimType.STRING, "text"), (CimType.DATETIME, CimDateTime.parse("20240131120000.000000+060")),
        (CimType.BOOLEAN, True), (CimType.CHAR16, "K"), (CimType.UINT32, 4294967295), (CimType.REAL32, 1.5),
        (CimType.SINT64, -1), (CimType.REFERENCE, "C=1"), (CimType.OBJECT, inner),
    ]:  # fmt: skip
        properties = Property("A", Type(cim), value), Property("B", Type(cim, array=True), origin="B", qualifiers=told)
        cls = CimClass("C", derivation=("B",), properties=properties)
        yield CimInstance(cls, (None, (value, value)), told, NameMap({"B": told}))
        yield CimInstance(cls, (value, None))


def sample_class() -> CimClass:
    """A class with a method."""
    parameters = (
        Parameter("First", STRING, is_in=True, is_out=False, id=0),
        Parameter("Both", OBJECT, is_in=True, is_out=True, id=1),
    )
    method = Method("Do", parameters, Type(CimType.UINT32), qualifier_set(Qualifier("static")))
    return CimClass("Sample", derivation=("Parent",), properties=(Property("P", STRING, "x"),), methods=(method,))


def numbers() -> CimInstance:
    """A value of each type that has no place in a heap, and an array of each."""
    cims = [cim for cim in CimType if cim not in (CimType.STRING, CimType.DATETIME, CimType.REFERENCE, CimType.OBJECT)]
    one = {cim: "K" if cim is CimType.CHAR16 else cim is CimType.BOOLEAN or 7 for cim in cims}
    properties = [Property(f"P{cim.name}", Type(cim), origin="Parent") for cim in cims]
    properties += [Property(f"A{cim.name}", Type(cim, array=True), (one[cim],) * 2) for cim in cims]
    cls = CimClass("Numbers", derivation=("Parent",), properties=tuple(properties))
    return CimInstance(cls, (*one.values(), *[(one[cim],) for cim in cims]))


def array() -> bytes:
    """An ObjectArray whose class comes once."""
    properties = (
        Property("T", STRING, "x"),
        Property("N", Type(CimType.UINT32)),
        Property("L", Type(CimType.STRING, True)),
    )
    cls = CimClass("Small", properties=properties, server="SRV", namespace="root")
    rows = [cls.instance({"T": "text", "N": 4294967295, "L": ("a", "ж")}), cls.instance(), cls.instance({"L": ()})]
    return ObjectArrayEncoder(PacketType.NEXT).encode([*rows, cls])


def context() -> bytes:
    """An IWbemContextBuffer."""
    values = {"__PUT_EXT_PROPERTIES": ["Name", "Size"], "B": True, "N": None, "F": 1.5, "I": 7, "O": next(small())}
    return encode_context(values | {"U": (1, 2, 255)}, types={"U": 0x2000 | VariantType.UI1})


def all_of_them() -> Iterator[tuple[str, bytes]]:
    """Those above, and what is published, if the folder of test vectors is there; each with a name."""
    yield "instance", encode_object(sample())
    yield "numbers", encode_object(numbers(), decorated=False)
    yield "class", encode_object(sample_class())
    yield from ((f"small {number}", encode_object(obj, decorated=False)) for number, obj in enumerate(small()))
    yield "array", array()
    yield "context", context()
    for path in sorted((SHARED / "vectors" / "wmio").glob("*.bin")):
        yield path.stem, path.read_bytes()
