"""WSDLs and schemas: what they may import, what a stranger may not do with one, and errors that say file and line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.wsd.contracts import NS, again, codec_of, load, wsdl_text

from openwmi.base.error import NotFound, WbemError
from openwmi.base.status import WbemStatus
from openwmi.base.wsdl_limits import WSDL_DOCUMENTS, WSDL_IMPORTS_DEEP, WSDL_OCTETS
from openwmi.soap import QName
from openwmi.wsd import load_wsdl
from openwmi.wsd.wsdl.documents import WSDL

ROOT = '<xs:element name="Root" type="xs:string"/>'


def schema(body: str = "", namespace: str = "urn:b", **attributes: str) -> str:
    target = f' targetNamespace="{namespace}"' if namespace else ""
    more = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"{target}{more}>{body}</xs:schema>'


def refused(folder: Path, text: str | bytes) -> str:
    """What is said of such a WSDL."""
    path = folder / "bad.wsdl"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(WbemError) as raised:
        load_wsdl(path)
    assert raised.value.status == WbemStatus.INVALID_PARAMETER
    return raised.value.message


def test_schemas_import_and_include_each_other(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "b.xsd").write_text(
        schema('<xs:include schemaLocation="sub/c.xsd"/><xs:include schemaLocation="sub/bare.xsd"/>'
               '<xs:simpleType name="Size"><xs:restriction base="b:Word"/></xs:simpleType>'
               '<xs:element name="bare" type="b:Bare"/>', **{"xmlns:b": "urn:b"})
    )  # fmt: skip
    (tmp_path / "sub" / "c.xsd").write_text(
        schema('<xs:import namespace="urn:t" schemaLocation="../made.wsdl"/>'
               '<xs:include schemaLocation="../b.xsd"/>'
               '<xs:simpleType name="Word"><xs:restriction base="xs:string"><xs:maxLength value="3"/></xs:restriction>'
               "</xs:simpleType>").replace('<xs:import namespace="urn:t" schemaLocation="../made.wsdl"/>', "")
    )  # fmt: skip
    (tmp_path / "sub" / "bare.xsd").write_text(
        schema('<xs:complexType name="Bare"><xs:sequence><xs:element name="in" type="Inner"/></xs:sequence>'
               '</xs:complexType><xs:simpleType name="Inner"><xs:restriction base="xs:int"/></xs:simpleType>', "")
    )  # fmt: skip
    wsdl = load(
        tmp_path,
        '<xs:import namespace="urn:b" schemaLocation="b.xsd"/><xs:element name="Root"><xs:complexType><xs:sequence>'
        '<xs:element ref="b:bare" xmlns:b="urn:b"/><xs:element name="size" type="b:Size" xmlns:b="urn:b"/>'
        "</xs:sequence></xs:complexType></xs:element>",
    )
    value = wsdl.type("Root")(bare=wsdl.type("Bare")(in_=5), size="abc")
    assert again(codec_of(wsdl), value) == value
    assert b'xmlns:n1="urn:t"' in codec_of(wsdl).encode(value)


def test_what_is_fetched_only_if_somebody_does(tmp_path: Path) -> None:
    text = wsdl_text(
        '<xs:import namespace="urn:b" schemaLocation="http://192.0.2.1/types/b.xsd"/>'
        '<xs:element name="Root" type="b:Word" xmlns:b="urn:b"/>'
    )
    assert refused(tmp_path, text) == (
        "bad.wsdl, line 3: it imports 'http://192.0.2.1/types/b.xsd', and there is no 'b.xsd' in "
        f"{tmp_path}: put it beside the WSDL; nothing is fetched from the network unless you pass `fetch`"
    )
    asked: list[str] = []

    def fetch(url: str) -> bytes:
        asked.append(url)
        return schema('<xs:simpleType name="Word"><xs:restriction base="xs:string"/></xs:simpleType>').encode()

    wsdl = load_wsdl(tmp_path / "bad.wsdl", fetch=fetch)
    assert asked == ["http://192.0.2.1/types/b.xsd"]
    assert again(codec_of(wsdl), "word") == "word"
    (tmp_path / "B.XSD").write_bytes(fetch(""))
    load_wsdl(tmp_path / "bad.wsdl")


@pytest.mark.parametrize(
    "location",
    [
        "../secret.xsd",
        "/etc/hostname",
        "file:///etc/hostname",
        "sub/../../secret.xsd",
        "link.xsd",
        "x" * 5000,
        "%00.xsd",
        "http://[/",
        "//[/x.xsd",
    ],
)
def test_only_files_of_its_folder_are_read(tmp_path: Path, location: str) -> None:
    (tmp_path / "secret.xsd").write_text(schema())
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link.xsd").symlink_to(tmp_path / "secret.xsd")
    text = wsdl_text(f'<xs:import namespace="urn:b" schemaLocation="{location}"/>{ROOT}')
    assert "there is no" in refused(folder, text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "bad.wsdl is no WSDL or schema: not XML"),
        (b"<a><b></a>", "bad.wsdl is no WSDL or schema: not XML"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "a document type"),
        (b"<a>" * 80 + b"</a>" * 80, "deeper than 64 levels"),
        (b"<a/>", "bad.wsdl, line 1: a is neither a WSDL 1.1 nor a schema"),
        (b" " * (WSDL_OCTETS + 1), "octets of XML, where"),
        (b"<a>" + b"<b/>" * (1 << 18) + b"</a>", "tags of XML, where"),
    ],
)
def test_what_is_no_wsdl(tmp_path: Path, text: bytes, why: str) -> None:
    assert why in refused(tmp_path, text)


@pytest.mark.parametrize(("length", "sections"), [(100, 1), (9000, 0)])
def test_what_no_client_would_read_is_not_told(tmp_path: Path, length: int, sections: int) -> None:
    text = f"<xs:annotation><xs:documentation>{'x' * length}</xs:documentation></xs:annotation>{ROOT}"
    (tmp_path / "service.wsdl").write_text(wsdl_text(text))
    assert len(load_wsdl(tmp_path / "service.wsdl").sections) == sections


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"none\.wsdl cannot be read: No such file"):
        load_wsdl(tmp_path / "none.wsdl")
    with pytest.raises(WbemError, match="cannot be read: Is a directory"):
        load_wsdl(tmp_path)


MESSAGE = '<message name="M"><part name="p" element="t:Root"/></message>'


def port(inside: str) -> dict[str, str]:
    return {"messages": MESSAGE, "port_type": f'<portType name="Port">\n{inside}</portType>'}


@pytest.mark.parametrize(
    ("types", "parts", "why"),
    [
        (ROOT, port('<operation name="A"><input message="t:N"/></operation>'),
         "bad.wsdl, line 7: there is no message {urn:t}N: is an import"),
        (ROOT, port('<operation name="A"/>'), "bad.wsdl, line 7: the operation A has neither an input nor an output"),
        (ROOT, port("<operation/>"), "line 7: {http://schemas.xmlsoap.org/wsdl/}operation has no name"),
        (ROOT, port('<operation name="A"><input message="q:M"/></operation>'),
         "line 7: the prefix of 'q:M' is not declared"),
        (ROOT, port('<operation name="A"><input message="t:M"/></operation>' * 2), "line 7: a second operation A"),
        (ROOT, {"messages": MESSAGE * 2, "port_type": " "}, "line 5: a second message {urn:t}M"),
        (ROOT, {"messages": MESSAGE, "port_type": '<portType name="P"/>' * 2}, "line 6: a second port type {urn:t}P"),
        (ROOT, {"messages": '<message name="M"><part name="p" type="xs:string"/></message>'},
         "names a type (the style rpc)"),
        (ROOT, {"messages": MESSAGE.replace("<part", '<part name="q" element="t:Root"/><part')},
         "has 2 parts: a body of DPWS"),
        ("", port('<operation name="A"><input message="t:M"/></operation>'),
         "line 5: no schema declares the element {urn:t}Root"),
        ('\n<xs:element name="Root" type="t:Nowhere"/>', {}, "bad.wsdl, line 4: the schema is not valid: unknown type"),
        (f'<xs:redefine schemaLocation="b.xsd"/>{ROOT}', {}, "line 3: types that are redefined are not supported"),
        ('<xs:element name="Root"><xs:complexType><xs:sequence><xs:any minOccurs="0"/><xs:element name="a"/>'
         "</xs:sequence></xs:complexType></xs:element>", {}, "line 3: the schema is not valid: Unique Particle"),
        ("<xs:nonsense/>" + ROOT, {}, "the schema is not valid"),
    ],
)  # fmt: skip
def test_errors_say_where_and_what_to_do(tmp_path: Path, types: str, parts: dict[str, str], why: str) -> None:
    assert why in refused(tmp_path, wsdl_text(types, **parts))


def test_imports_go_only_so_deep_and_so_far(tmp_path: Path) -> None:
    for number in range(WSDL_IMPORTS_DEEP + 2):
        inner = f'<xs:include schemaLocation="{number + 1}.xsd"/>'
        (tmp_path / f"{number}.xsd").write_text(schema(inner, NS))
    text = wsdl_text(f'<xs:include schemaLocation="0.xsd"/>{ROOT}')
    assert f"imports go deeper than {WSDL_IMPORTS_DEEP} levels" in refused(tmp_path, text)
    for number in range(WSDL_DOCUMENTS):
        (tmp_path / f"{number}.xsd").write_text(schema("", NS))
    many = "".join(f'<xs:include schemaLocation="{number}.xsd"/>' for number in range(WSDL_DOCUMENTS))
    assert f"more than {WSDL_DOCUMENTS} documents" in refused(tmp_path, wsdl_text(many + ROOT))


def test_what_is_imported_is_of_the_namespace_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "b.xsd").write_text(schema())
    text = wsdl_text(f'<xs:import namespace="urn:c" schemaLocation="b.xsd"/>{ROOT}')
    assert "b.xsd, line 1: its namespace is 'urn:b', and it was imported for 'urn:c'" in refused(tmp_path, text)
    (tmp_path / "c.wsdl").write_text(wsdl_text(ROOT))
    other = f'<definitions xmlns="{WSDL}"><import namespace="urn:c" location="c.wsdl"/></definitions>'
    assert "c.wsdl, line 1: its namespace is 'urn:t'" in refused(tmp_path, other)


def test_a_wsdl_that_imports_itself_in_a_ring(tmp_path: Path) -> None:
    imported = f'<import namespace="{NS}" location="made.wsdl"/>'
    ring = f'<definitions xmlns="{WSDL}" targetNamespace="urn:r">{imported}</definitions>'
    (tmp_path / "ring.wsdl").write_text(ring)
    said = '<import namespace="urn:r" location="ring.wsdl"/><message name="Out"/>'
    wsdl = load(tmp_path, ROOT, messages=said + MESSAGE.replace('"M"', '"In"'))
    assert again(codec_of(wsdl), "x") == "x"


KINDS = """<portType name="Port" wse:EventSource="1"><documentation> What
  it is. </documentation>
<operation name="Ask"><documentation>Asks.</documentation><input message="t:In"/><output message="t:Out" name="Told"/>
  <fault name="Bad" message="t:In"/></operation>
<operation name="Say"><input message="t:In" wsa:Action="urn:own"/></operation>
<operation name="Happened"><output message="t:Out"/></operation>
<operation name="Wanted"><output message="t:Out"/><input message="t:In"/></operation></portType>
<portType name="Bare"/>"""


def test_operations_of_all_four_kinds_and_their_actions(tmp_path: Path) -> None:
    port_types = load(tmp_path, ROOT, port_type=KINDS).port_types
    found = port_types["Port"]
    assert (found.name, found.is_source, found.text) == (QName(NS, "Port"), True, "What it is.")
    ask, say = found.operations["Ask"], found.operations["Say"]
    assert (ask.input_action, ask.output_action) == ("urn:t:Port:AskRequest", "urn:t:Port:Told")
    assert (ask.text, list(ask.faults), ask.is_one_way) == ("Asks.", ["Bad"], False)
    assert (say.input_action, say.output_action, say.is_one_way) == ("urn:own", None, True)
    happened, wanted = found.events["Happened"], found.events["Wanted"]
    assert (happened.output_action, happened.input) == ("urn:t:Port:Happened", None)
    assert (wanted.output_action, wanted.input_action) == ("urn:t:Port:WantedSolicit", "urn:t:Port:WantedResponse")
    assert port_types[QName(NS, "Bare")] is port_types["Bare"]
    with pytest.raises(NotFound, match="no port type Nothing; it has"):
        port_types["Nothing"]
    with pytest.raises(NotFound, match="Port has no operation of that name; it has Ask, Say"):
        found.operation("Nothing")


def test_binary_data_with_its_type(tmp_path: Path) -> None:
    wsdl: Any = load(
        tmp_path,
        '<xs:import namespace="http://www.w3.org/2005/05/xmlmime" schemaLocation="http://www.w3.org/2005/05/xmlmime"/>'
        '<xs:element name="Root"><xs:complexType><xs:sequence><xs:element name="scan" maxOccurs="9" '
        'type="m:base64Binary" xmlns:m="http://www.w3.org/2005/05/xmlmime" m:expectedContentTypes="image/png"/>'
        "</xs:sequence></xs:complexType></xs:element>",
    )
    codec, scan = codec_of(wsdl), wsdl.type("base64Binary")
    assert codec.attachments == ("Root.scan",)
    value = wsdl.type("Root")(scan=(scan(value=b"one", contentType="image/png"), scan(value=b"")))
    assert again(codec, value) == value
    beside: list[Any] = []
    codec.encode(value, beside)
    assert [each.source for each in beside] == [b"one", b""]


def _nested(inside: str, number: int = 8) -> str:
    return "".join(inside.format(at=at, before=at - 1) for at in range(1, number))


def _wide(name: str, elements: int) -> str:
    inside = "".join(f'<xs:element name="e{at}" minOccurs="0"/>' for at in range(elements))
    return f'<xs:complexType name="{name}"><xs:sequence>{inside}</xs:sequence></xs:complexType>'


TWENTY = '<xs:group ref="t:g{before}"/>' * 20
FEW_LINES = {
    "groups": ("a type has more than 1024 elements",
        '<xs:group name="g0"><xs:sequence><xs:element name="a"/></xs:sequence></xs:group>'
        + _nested(f'<xs:group name="g{{at}}"><xs:sequence>{TWENTY}</xs:sequence></xs:group>')
        + '<xs:element name="Root"><xs:complexType><xs:group ref="t:g7"/></xs:complexType></xs:element>'),
    "unions": ("more than 65536 parts, groups written out",
        '<xs:simpleType name="u0"><xs:restriction base="xs:int"/></xs:simpleType>'
        + _nested('<xs:simpleType name="u{at}"><xs:union memberTypes="t:u{before} t:u{before}"/></xs:simpleType>', 40)
        + '<xs:element name="Root" type="t:u39"/>'),
    "attributes": ("more than 65536 parts, groups written out",
        '<xs:attributeGroup name="g0"><xs:attribute name="a"/></xs:attributeGroup>'
        + _nested('<xs:attributeGroup name="g{at}">' + '<xs:attributeGroup ref="t:g{before}"/>' * 20
                  + "</xs:attributeGroup>") + ROOT),
    "width": ("a type has more than 1024 elements", _wide("T", 1100) + ROOT),
    "widths": ("or many have hundreds", "".join(_wide(f"T{at}", 1000) for at in range(6)) + ROOT),
    "pattern": ("its types nest too deep", '<xs:element name="Root"><xs:simpleType><xs:restriction base="xs:string">'
        f'<xs:pattern value="{"(" * 5000}a{")" * 5000}"/></xs:restriction></xs:simpleType></xs:element>'),
}  # fmt: skip


@pytest.mark.parametrize("what", FEW_LINES)
def test_a_few_lines_that_stand_for_millions_are_refused_at_once(tmp_path: Path, what: str) -> None:
    why, types = FEW_LINES[what]
    assert why in refused(tmp_path, wsdl_text(types))


def test_types_hold_each_other_in_long_rings(tmp_path: Path) -> None:
    ring = "".join(
        f'<xs:complexType name="T{at}"><xs:sequence><xs:element name="a" type="t:T{(at + 1) % 200}" minOccurs="0"/>'
        "</xs:sequence></xs:complexType>"
        for at in range(200)
    )
    wsdl = load(tmp_path, f'{ring}<xs:element name="Root" type="t:T0"/>')
    value = wsdl.type("T0")(a=wsdl.type("T1")(a=wsdl.type("T2")()))
    assert again(codec_of(wsdl), value) == value
