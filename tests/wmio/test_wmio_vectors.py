"""Published octets decode to the published fields: [MS-WMIO] 3, and a class of a real Windows Server 2019."""

import json
from pathlib import Path
from typing import Any

import pytest

from openwmi.base.cursor import Reader
from openwmi.model import CimClass, CimInstance, Method, Property, Qualifier, input_class, output_class
from openwmi.wmio import (
    cim_type,
    class_part,
    decode_object,
    encode_object,
    object_block,
    origin,
    qualifiers,
)
from openwmi.wmio.heap import Decoding, HeapWriter

NUMBERS = ("000", "001", "002", "003", "005", "015", "016")
CLASSES = ("000", "001", "003", "005", "015", "016")


@pytest.fixture
def folder(shared: Path) -> Path:
    return shared / "vectors" / "wmio"


def octets_of(folder: Path, number: str) -> bytes:
    return (folder / f"{number}.bin").read_bytes()


def expected_of(folder: Path, number: str) -> dict[str, Any]:
    """What a third reading of the document alone found. Where impacket or aiowmi found something else, it is right:

    002: Data2 is not NULL, as impacket has it: its NdTable says that it has the class's default.
    005: ShowWindow is NULL and not 65535, and ErrorMode is 0 and not NULL: the NdTable says so, not the value.
    """
    found: dict[str, Any] = json.loads((folder / f"{number}.expected.json").read_text())["walker"]
    return found


@pytest.mark.parametrize("number", CLASSES)
def test_a_class_has_the_expected_fields(folder: Path, number: str) -> None:
    found, expected = decode_object(octets_of(folder, number)), expected_of(folder, number)
    assert isinstance(found, CimClass)
    assert (found.server, found.namespace) == (expected["server"], expected["namespace"])
    assert fields_of(found) == fields_expected(expected["current"])
    names = origin.chain(found.name, found.derivation)
    assert [method_fields(each, names) for each in found.methods] == [
        method_expected(each) for each in expected["current_methods"]["methods"]
    ]


@pytest.mark.parametrize("number", CLASSES)
def test_its_parent_has_the_expected_fields(folder: Path, number: str) -> None:
    data, expected = octets_of(folder, number), expected_of(folder, number)["parent"]
    decoration = len(expected_of(folder, number)["server"]) + len(expected_of(folder, number)["namespace"]) + 4
    reader = Reader(data, 8 + 1 + decoration)
    parent = class_part.decode(reader, Decoding(len(data), object_block.decode)).without_methods("", "")
    if expected["name"] is None:
        assert parent == CimClass("", projected=parent.projected)
    else:
        assert fields_of(parent) == fields_expected(expected)


def test_an_instance_has_the_expected_fields(folder: Path) -> None:
    found, expected = decode_object(octets_of(folder, "002")), expected_of(folder, "002")
    assert isinstance(found, CimInstance)
    assert (found["__SERVER"], found["__NAMESPACE"]) == (expected["server"], expected["namespace"])
    assert fields_of(found.class_) == fields_expected(expected["current"])
    values = {name: list(value) if isinstance(value, tuple) else value for name, value in found.to_dict_().items()}
    assert values == expected["values"]
    assert not found.own_qualifiers_
    assert str(found.path_) == r"\\DPRAVAT-DEV\ROOT:MyClass.Id=123"


def test_the_document_s_own_account_of_its_examples(shared: Path) -> None:
    """The fields that section 3 states in words, transcribed."""
    for example in json.loads((shared / "vectors" / "spec_examples.json").read_text())["ms_wmio"]:
        found, expected = decode_object(bytes.fromhex(example["hex"])), example["expected"]
        cls = found.class_ if isinstance(found, CimInstance) else found
        assert (cls.name, cls.server) == (expected["class"], expected["DecServerName"])
        assert cls.namespace == expected["DecNamespaceName"]
        if "superclasses" in expected:
            assert cls.derivation == tuple(expected["superclasses"])
            assert set(cls.qualifiers) == set(expected["class_qualifiers"])
            assert [method.name for method in cls.methods] == [method["name"] for method in expected["methods"]]
        for place, fields in enumerate(expected.get("properties", ())):
            prop = cls.properties[place]
            assert (prop.name, str(prop.type), prop.default) == (fields["name"], fields["type"], fields["default"])
        for name, value in expected.get("values", {}).items():
            assert found[name] == (tuple(value) if isinstance(value, list) else value)


@pytest.mark.parametrize("number", NUMBERS)
def test_every_octet_of_an_object_is_read(folder: Path, number: str) -> None:
    """Up to what the index calls trailing: slack of the heap, zeros or the end of what was there before."""
    octets = octets_of(folder, number)
    index = {each["file"]: each for each in json.loads((folder / "index.json").read_text())}
    reader = Reader(octets, 8)
    object_block.decode(reader, Decoding(len(octets), object_block.decode))
    assert len(octets) - reader.offset == index[f"{number}.bin"]["trailing_octets_after_block"]


@pytest.mark.parametrize("number", NUMBERS)
def test_what_was_decoded_goes_out_and_comes_back(folder: Path, number: str) -> None:
    found = decode_object(octets_of(folder, number))
    again = encode_object(found)
    assert decode_object(again) == found
    assert encode_object(decode_object(again)) == again


@pytest.mark.parametrize(("number", "slack"), [("000", 0), ("001", 6), ("002", 6), ("005", 92)])
def test_a_class_part_is_laid_out_as_windows_does(folder: Path, number: str, slack: int) -> None:
    """The same octets, but for unused bits of the NdTable and zeros at the end of the heap."""
    data = octets_of(folder, number)
    found = decode_object(data)
    cls = found.class_ if isinstance(found, CimInstance) else found
    ours = bytearray(class_part.encode(cls, HeapWriter(object_block.encode_embedded)))
    length = len(ours) + slack
    start = max(at for at in range(len(data)) if data[at : at + 8] == length.to_bytes(4, "little") + bytes(4))
    theirs = bytearray(data[start : start + len(ours)])
    table = class_part_table(ours)
    unused = 0xFF << 2 * (len(cls.properties) % 4 or 4) & 0xFF
    last = table + (len(cls.properties) - 1) // 4
    theirs[last] &= ~unused
    heap = table + int.from_bytes(ours[9:13], "little")
    for at in (0, heap):
        size = int.from_bytes(theirs[at : at + 4], "little") - slack
        theirs[at : at + 4] = size.to_bytes(4, "little")
    assert ours == theirs
    assert not any(data[start + len(ours) : start + length])


def class_part_table(part: bytearray) -> int:
    """The offset of the NdTable."""
    derivation = 13 + int.from_bytes(part[13:17], "little")
    count = derivation + int.from_bytes(part[derivation : derivation + 4], "little")
    return count + 4 + 8 * int.from_bytes(part[count : count + 4], "little")


# ------------------------------------------------------------------------------------- the model in the vectors' words


def fields_of(cls: CimClass) -> dict[str, Any]:
    names = origin.chain(cls.name, cls.derivation)
    return {
        "name": cls.name,
        "derivation": list(cls.derivation),
        "qualifiers": [qualifier_fields(each) for each in cls.qualifiers.values()],
        "properties": [property_fields(each, names) for each in cls.properties],
    }


def property_fields(prop: Property, names: list[str]) -> dict[str, Any]:
    index, inherited = origin.encode(names, prop.origin)
    sent = qualifiers.join_cimtype(prop.qualifiers.values(), prop.type, inherited=inherited)
    return {
        "name": prop.name,
        "type": cim_type.encode(prop.type),
        "inherited": inherited,
        "class_of_origin": index,
        "nd_flag": (prop.default is None) | prop.inherited_default << 1,
        "default": prop.default,
        "qualifiers": [qualifier_fields(each) for each in sent],
    }


def qualifier_fields(qualifier: Qualifier) -> dict[str, Any]:
    value = list(qualifier.value) if isinstance(qualifier.value, tuple) else qualifier.value
    type_ = cim_type.encode(qualifier.type)
    return {"name": qualifier.name, "flavor": int(qualifier.flavor), "type": type_, "value": value}


def method_fields(method: Method, names: list[str]) -> dict[str, Any]:
    inputs, outputs = input_class(method), output_class(method)
    return {
        "name": method.name,
        "origin": origin.encode(names, method.origin)[0],
        "qualifiers": [qualifier_fields(each) for each in method.qualifiers.values()],
        "in": [prop.name for prop in inputs.properties] if inputs else [],
        "out": [prop.name for prop in outputs.properties] if outputs else [],
    }


def fields_expected(walker: dict[str, Any]) -> dict[str, Any]:
    wanted = ("name", "type", "inherited", "class_of_origin", "nd_flag", "default", "qualifiers")
    properties = [{key: each[key] for key in wanted} for each in walker["properties"]]
    return {key: walker[key] for key in ("name", "derivation", "qualifiers")} | {"properties": properties}


def method_expected(walker: dict[str, Any]) -> dict[str, Any]:
    return {key: walker[key] for key in ("name", "origin", "qualifiers")} | {
        side: [prop["name"] for prop in walker[side]["object"]["current"]["properties"]] for side in ("in", "out")
    }
