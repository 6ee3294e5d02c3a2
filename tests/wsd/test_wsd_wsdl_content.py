"""Content of elements: what schemas may say of it, as fields of dataclasses, encoded and decoded."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.wsd.contracts import NS, again, codec_of, generated, load

from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.soap import Fragment, QName
from openwmi.soap.markup import parse_xml
from openwmi.wsd.wsdl.shapes import Nil

ALL_KINDS = """
<xs:element name="Root"><xs:complexType><xs:sequence>
  <xs:element name="one" type="xs:string"/>
  <xs:element name="maybe" type="xs:int" minOccurs="0"/>
  <xs:element name="many" type="xs:string" minOccurs="0" maxOccurs="unbounded"/>
  <xs:element name="some" type="xs:int" minOccurs="1" maxOccurs="3"/>
  <xs:element name="nil" type="xs:int" nillable="true"/>
  <xs:element name="nilMaybe" type="xs:int" nillable="true" minOccurs="0"/>
  <xs:element name="nils" type="xs:int" nillable="true" minOccurs="0" maxOccurs="9"/>
  <xs:element name="usual" type="xs:int" default="7"/>
  <xs:choice><xs:element name="left" type="xs:string"/>
    <xs:sequence><xs:element name="right" type="xs:string"/>
      <xs:element name="far" type="xs:int" minOccurs="0"/></xs:sequence>
  </xs:choice>
  <xs:sequence minOccurs="0"><xs:element name="x" type="xs:int"/><xs:element name="y" type="xs:int"/></xs:sequence>
  <xs:sequence minOccurs="0" maxOccurs="unbounded"><xs:element name="key" type="xs:string"/>
    <xs:element name="worth" type="xs:string"/></xs:sequence>
  <xs:choice minOccurs="0" maxOccurs="unbounded"><xs:element name="a" type="xs:int"/>
    <xs:element name="b" type="xs:string"/></xs:choice>
  <xs:group ref="t:Pair"/>
  <xs:element name="tree" type="t:Tree" minOccurs="0"/>
  <xs:any namespace="##other" processContents="lax" minOccurs="0" maxOccurs="unbounded"/>
</xs:sequence>
<xs:attribute name="lang" type="xs:language"/><xs:attribute name="need" type="xs:int" use="required"/>
<xs:attribute name="size" type="xs:int" default="5"/><xs:anyAttribute namespace="##other" processContents="lax"/>
</xs:complexType></xs:element>
<xs:group name="Pair"><xs:sequence><xs:element name="first" type="xs:string"/>
  <xs:element name="class" type="xs:string"/></xs:sequence></xs:group>
<xs:complexType name="Tree"><xs:sequence><xs:element name="leaf" type="t:Tree" minOccurs="0" maxOccurs="unbounded"/>
</xs:sequence><xs:attribute name="n" type="xs:int"/></xs:complexType>
"""
NEEDED: dict[str, Any] = {
    "one": "1",
    "some": (1,),
    "nil": None,
    "usual": 7,
    "left": "l",
    "first": "f",
    "class_": "c",
    "need": 1,
}


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return load(tmp_path_factory.mktemp("kinds"), ALL_KINDS)


def test_the_fields_of_a_message(kinds: Any) -> None:
    root = kinds.type("Root")
    said = {name: field.default for name, field in root.__dataclass_fields__.items() if field.default is not ...}
    assert list(said)[:4] == ["one", "maybe", "many", "some"]
    assert root.__annotations__["one"] == "str"
    assert root.__annotations__["maybe"] == "int | None"
    assert root.__annotations__["many"] == "tuple[str, ...]"
    assert root.__annotations__["nil"] == "int | None"
    assert root.__annotations__["nilMaybe"] == "int | Nil | None"
    assert root.__annotations__["tree"] == "Tree | None"
    assert root(**NEEDED).size == 5


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"maybe": 0, "many": ("", "b"), "some": (1, 2, 3), "nil": 4, "nilMaybe": 5, "nils": (1, None, 2)},
        {"nilMaybe": Nil.NIL},
        {"left": None, "right": "r"},
        {"left": None, "right": "r", "far": 3},
        {"x": 1, "y": 2},
        {"lang": "en", "size": 9, "attributes_": (("{urn:o}k", 'v"<\n'),)},
        {"any_": (Fragment.parse('<o:x xmlns:o="urn:o">1<o:y/></o:x>'), Fragment.parse('<z xmlns="urn:z"/>'))},
    ],
)
def test_messages_come_back_as_they_went(kinds: Any, more: dict[str, Any]) -> None:
    value = kinds.type("Root")(**{**NEEDED, **more})
    assert again(codec_of(kinds), value) == value


def test_groups_that_are_repeated_are_structs_of_their_own(kinds: Any) -> None:
    root, pair, choice, tree = (kinds.type(name) for name in ("Root", "RootSequence", "RootChoice", "Tree"))
    value = root(
        **NEEDED,
        sequence_list=(pair(key="k", worth="v"), pair(key="k2", worth="v2")),
        choice_list=(choice(a=1), choice(b="two"), choice(a=3)),
        tree=tree(n=1, leaf=(tree(n=2), tree(leaf=(tree(n=3),)))),
    )
    encoded = codec_of(kinds).encode(value)
    assert b"<n1:a>1</n1:a><n1:b>two</n1:b><n1:a>3</n1:a>" in encoded
    assert again(codec_of(kinds), value) == value


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"one": None}, "Root.one: it must have a value"),
        ({"one": 5}, "Root.one: a str is wanted, and not 5"),
        ({"maybe": True}, "Root.maybe: an int is wanted, and not True"),
        ({"maybe": 1 << 31}, "Root.maybe: 2147483648 is not from -2147483648 to 2147483647"),
        ({"many": "text"}, "Root.many: tuple is wanted, and not 'text'"),
        ({"some": ()}, "Root.some: it has 0 values, where 1 to 3 are allowed"),
        ({"some": (1, 2, 3, 4)}, "Root.some: it has 4 values, where 1 to 3 are allowed"),
        ({"right": "r"}, "Root: only one of left, right, far may have a value"),
        ({"left": None}, "Root: one of left, right, far must have a value"),
        ({"x": 1}, "Root.y: it must have a value"),
        ({"need": None}, "Root.need: it must have a value"),
        ({"tree": 5}, "Root.tree: Tree is wanted, and not 5"),
        ({"one": "\x01"}, r"Root.one: XML cannot hold the character U\+0001"),
        ({"any_": (Fragment.parse(f'<x xmlns="{NS}"/>'),)}, "Root.any_: Fragment of a namespace that may stand there"),
        ({"any_": ("<x/>",)}, "Root.any_: Fragment"),
        ({"attributes_": (("a b", "c"),)}, "no qualified name"),
    ],
)
def test_values_that_do_not_fit_are_named(kinds: Any, more: dict[str, Any], why: str) -> None:
    value = kinds.type("Root")(**{**NEEDED, **more})
    with pytest.raises(LocalProtocolError, match=why):
        codec_of(kinds).encode(value)


PLAIN = '<Root xmlns="urn:t" need="1">\n<one>1</one><some>1</some><nil>1</nil><usual/><left/><first/><class/></Root>'


def test_what_a_peer_writes_differently_is_read(kinds: Any) -> None:
    read = codec_of(kinds).decode(parse_xml(PLAIN.encode()))
    assert (read.usual, read.left, read.size) == (7, "", 5)
    commented = PLAIN.replace("<one>1</one>", "<!-- c --> <one> <!-- d -->1</one>")
    assert codec_of(kinds).decode(parse_xml(commented.encode())).one == " 1"


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ("<one>1</one>", "", r"\{urn:t\}some, line 2: \{urn:t\}one is expected there in \{urn:t\}Root"),
        ("<class/>", "", r"\{urn:t\}Root, line 1: \{urn:t\}class is missing at its end"),
        ("<left/>", "", "one of left, … is expected there"),
        ("<class/>", "<class/><class/>", r"\{urn:t\}class, line 2: it is not expected there in \{urn:t\}Root"),
        ("<nil>1", "<nil>one", r"\{urn:t\}nil, line 2: 'one' is no whole number"),
        ("<nil>1", "<nil><b/>", "it holds elements where a text is expected"),
        ('need="1"', "", r"line 1: it has no attribute need"),
        ('need="1"', 'need="x"', "its attribute need: 'x' is no whole number"),
        ("<Root ", "<Toor ", r"stands where \{urn:t\}Root is expected"),
    ],
)
def test_what_a_peer_writes_wrong_is_named(kinds: Any, before: str, after: str, why: str) -> None:
    text = PLAIN.replace(before, after).replace("</Root>", "</Toor>" if "Toor" in after else "</Root>")
    with pytest.raises(RemoteProtocolError, match=why):
        codec_of(kinds).decode(parse_xml(text.encode()))


DERIVED = """
<xs:element name="Root"><xs:complexType><xs:sequence>
  <xs:element name="shape" type="t:Shape" maxOccurs="unbounded"/>
  <xs:element ref="t:head" minOccurs="0"/>
  <xs:element name="heads" minOccurs="0"><xs:complexType><xs:sequence>
    <xs:element ref="t:head" minOccurs="0" maxOccurs="unbounded"/></xs:sequence></xs:complexType></xs:element>
  <xs:element name="anything" minOccurs="0"/>
  <xs:element name="mixed" minOccurs="0"><xs:complexType mixed="true"><xs:sequence>
    <xs:element name="b" type="xs:string" minOccurs="0"/></xs:sequence></xs:complexType></xs:element>
  <xs:element name="price" type="t:Price" minOccurs="0"/>
</xs:sequence></xs:complexType></xs:element>
<xs:complexType name="Shape" abstract="true"><xs:sequence><xs:element name="name" type="xs:string"/></xs:sequence>
  <xs:attribute name="id" type="xs:int"/></xs:complexType>
<xs:complexType name="Circle"><xs:complexContent><xs:extension base="t:Shape"><xs:sequence>
  <xs:element name="radius" type="xs:int"/><xs:element name="id" type="xs:int" minOccurs="0"/></xs:sequence>
  <xs:attribute name="fill" type="xs:string"/></xs:extension></xs:complexContent></xs:complexType>
<xs:complexType name="Disc"><xs:complexContent><xs:extension base="t:Circle"/></xs:complexContent></xs:complexType>
<xs:element name="head" type="xs:string" abstract="true"/>
<xs:element name="text" type="xs:string" substitutionGroup="t:head"/>
<xs:element name="short" substitutionGroup="t:head"><xs:simpleType><xs:restriction base="xs:string">
  <xs:maxLength value="3"/></xs:restriction></xs:simpleType></xs:element>
<xs:complexType name="Price"><xs:simpleContent><xs:extension base="xs:decimal">
  <xs:attribute name="currency" type="xs:string"/></xs:extension></xs:simpleContent></xs:complexType>
"""


@pytest.fixture(scope="module")
def derived(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return load(tmp_path_factory.mktemp("derived"), DERIVED)


def test_a_type_that_extends_another_may_stand_in_its_place_and_says_so(derived: Any) -> None:
    root, circle, disc = (derived.type(name) for name in ("Root", "Circle", "Disc"))
    assert issubclass(disc, circle)
    assert issubclass(circle, derived.type("Shape"))
    value = root(shape=(circle(name="c", radius=1, id=5, id_2=6, fill="red"), disc(name="d", radius=2)))
    encoded = codec_of(derived).encode(value)
    assert b'xsi:type="n1:Circle"' in encoded.replace(b"n2:type", b"xsi:type")
    assert again(codec_of(derived), value) == value


def test_an_abstract_type_stands_nowhere_itself(derived: Any) -> None:
    shape, root = derived.type("Shape"), derived.type("Root")
    with pytest.raises(LocalProtocolError, match=r"Root\.shape: what extends Shape is wanted"):
        codec_of(derived).encode(root(shape=(shape(name="s"),)))
    text = '<Root xmlns="urn:t"><shape{}><name>s</name></shape></Root>'
    for said in ("", ' xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type="Price"'):
        with pytest.raises(RemoteProtocolError, match="its type"):
            codec_of(derived).decode(parse_xml(text.format(said).encode()))


def test_elements_that_stand_for_another_are_a_choice(derived: Any) -> None:
    root, circle = derived.type("Root"), derived.type("Circle")
    shape = (circle(name="c", radius=1),)
    one = derived.type("HeadsHead")
    heads = derived.type("Heads")(head_list=(one(text="t"), one(short="s")))
    for value in (root(shape=shape, short="abc"), root(shape=shape, text="long"), root(shape=shape, heads=heads)):
        assert again(codec_of(derived), value) == value
    with pytest.raises(LocalProtocolError, match=r"Root\.short: 'abcd' does not have at most the length 3"):
        codec_of(derived).encode(root(shape=shape, short="abcd"))


def test_what_nobody_has_a_class_for_is_kept_as_it_came(derived: Any) -> None:
    root, circle = derived.type("Root"), derived.type("Circle")
    value = root(
        shape=(circle(name="c", radius=1),),
        anything=Fragment.parse(f'<anything xmlns="{NS}" a="1">text</anything>'),
        mixed=Fragment.parse(f'<mixed xmlns="{NS}">a<b>c</b>d</mixed>'),
    )
    assert again(codec_of(derived), value) == value
    with pytest.raises(LocalProtocolError, match=r"Root\.mixed: Fragment of"):
        codec_of(derived).encode(root(shape=value.shape, mixed=value.anything))


def test_a_text_with_attributes(derived: Any) -> None:
    root, circle, price = (derived.type(name) for name in ("Root", "Circle", "Price"))
    value = root(shape=(circle(name="c", radius=1),), price=price(value=Decimal("12.50"), currency="EUR"))
    assert again(codec_of(derived), value) == value


def test_a_generated_module_says_the_same(kinds: Any, derived: Any, tmp_path: Path) -> None:
    for number, wsdl in enumerate((kinds, derived)):
        module = generated(wsdl, tmp_path, f"openwmi_generated_{number}")
        mine, its = wsdl.types, module.TYPES
        assert its.structs.keys() == mine.structs.keys()
        codec = module.PORT.operations["Say"].input
        assert codec.element == codec_of(wsdl).element
        for key, struct in mine.structs.items():
            names = list(mine.classes[key].__dataclass_fields__)
            assert list(its.classes[key].__dataclass_fields__) == names, struct
    circle = module.Circle(name="c", radius=1, fill="red")
    encoded = codec.encode(module.Root(shape=(circle,)))
    assert codec.decode(parse_xml(encoded)).shape == (circle,)
    mine_circle = derived.type("Circle")(name="c", radius=1, fill="red")
    assert codec_of(derived).encode(derived.type("Root")(shape=(mine_circle,))) == encoded


def test_all_is_read_in_any_order(tmp_path: Path) -> None:
    wsdl = load(
        tmp_path,
        '<xs:element name="Root"><xs:complexType><xs:all><xs:element name="a" type="xs:int"/>'
        '<xs:element name="b" type="xs:QName" minOccurs="0"/></xs:all></xs:complexType></xs:element>',
        form="unqualified",
    )
    codec, root = codec_of(wsdl), wsdl.type("Root")
    read = codec.decode(parse_xml(b'<t:Root xmlns:t="urn:t" xmlns:q="urn:q"><b>q:n</b><a>1</a></t:Root>'))
    assert read == root(a=1, b=QName("urn:q", "n"))
    assert again(codec, read) == read
    assert again(codec, root(a=1, b=QName("", "n"))).b == QName("", "n")
    with pytest.raises(RemoteProtocolError, match="a is missing"):
        codec.decode(parse_xml(b'<t:Root xmlns:t="urn:t"/>'))
    with pytest.raises(RemoteProtocolError, match="the prefix of 'q:n' is not declared"):
        codec.decode(parse_xml(b'<t:Root xmlns:t="urn:t"><a>1</a><b>q:n</b></t:Root>'))
    with pytest.raises(RemoteProtocolError, match="it is not expected there"):
        codec.decode(parse_xml(b'<t:Root xmlns:t="urn:t"><a>1</a><a>1</a></t:Root>'))
