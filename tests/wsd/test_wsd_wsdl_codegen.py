"""Generated modules: the one that stands here is what its WSDL gives, and `make lint` looks at it as at any other."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.wsd import kinds
from tests.wsd.contracts import generated, load

from openwmi.soap import QName
from openwmi.soap.markup import parse_xml
from openwmi.wsd.wsdl import load_wsdl
from openwmi.wsd.wsdl.codegen import format_module
from openwmi.wsd.wsdl.shapes import Element

FOLDER = Path(__file__).parent


def test_the_module_is_that_of_its_wsdl() -> None:
    """After a change of the generator: `openwmi wsd codegen tests/wsd/kinds.wsdl -o tests/wsd/kinds.py`."""
    assert (FOLDER / "kinds.py").read_text(encoding="utf-8") == format_module(load_wsdl(FOLDER / "kinds.wsdl"))


def test_the_module_says_what_its_wsdl_says() -> None:
    wsdl = load_wsdl(FOLDER / "kinds.wsdl")
    contract, own = kinds.SHAPE_, wsdl.port_types["Shape"]
    for mine, theirs in ((contract.operations, own.operations), (contract.events, own.events)):
        assert list(mine) == list(theirs)
        for name in mine:
            one, other = mine[name], theirs[name]
            assert (one.input_action, one.output_action) == (other.input_action, other.output_action)
            assert [codec and codec.element for codec in (one.input, one.output)] == [
                codec and codec.element for codec in (other.input, other.output)
            ]
            assert list(one.faults) == list(other.faults)
    message = kinds.Simple2(size=kinds.Size.X_L, level=3, tokens=("a", "b"))
    codec = contract.operations["Simple"].input
    assert codec is not None
    assert codec.decode(parse_xml(codec.encode(message))) == message
    its = own.operations["Simple"].input
    assert its is not None
    assert its.encode(wsdl.type("Simple2")(size="X L", level=3, tokens=("a", "b"))) == codec.encode(message)


EVIL = """<portType name='P"; import os; "'><documentation>\"\"\"
import os \\</documentation>
<operation name="import os"><documentation>x\"\"\"; print(1) \\N</documentation>
<input message="t:In" wsa:Action='urn:"+__import__("os")+"'/><output message="t:Out"/></operation>
<operation name="class"><input message="t:In"/></operation><operation name="1"><input message="t:In"/></operation>
<operation name="self"><input message="t:In"/><fault name='f"' message="t:In"/></operation></portType>
<portType name="dataclass"><operation name="a"><input message="t:In"/></operation></portType>
<portType name="_1"><operation name="b"><input message="t:In"/></operation></portType>"""
EVIL_TYPES = """<xs:element name="Root"><xs:complexType><xs:sequence>
<xs:element name="class" type="xs:string"/><xs:element name="self" type="xs:string" default='&quot;&quot;&quot;'/>
<xs:element name="__init__" type="xs:string"/><xs:element name="e" type="t:Enum"/>
<xs:element name="a.b-c" type="xs:int"/>
<xs:element name="a_b_c" type="xs:int"/></xs:sequence>
<xs:attribute name="d" type="xs:string" default="&quot;&quot;&quot;\\\\'"/></xs:complexType></xs:element>
<xs:simpleType name="Enum"><xs:restriction base="xs:string"><xs:enumeration value='"; import os; "'/>
<xs:enumeration value="import os"/><xs:enumeration value=""/><xs:enumeration value="mro"/><xs:enumeration value="1"/>
<xs:enumeration value="_x_"/><xs:enumeration value="__class__"/><xs:enumeration value="é"/>
</xs:restriction></xs:simpleType>
<xs:complexType name="dataclass"><xs:sequence/></xs:complexType>"""


def test_text_of_a_stranger_does_not_become_code(tmp_path: Path) -> None:
    wsdl = load(tmp_path, EVIL_TYPES, port_type=EVIL)
    text = format_module(wsdl)
    nodes = list(ast.walk(ast.parse(text)))
    assert not [node for node in nodes if isinstance(node, ast.Import)]
    called = {ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call)}
    assert called - {"NotImplementedError"} <= {
        *("Attribute", "Element", "Facets", "Group", "PortType", "QName", "Simple", "Types", "WsdlOperation"),
        "dataclass",
        *("TYPES.codec", "TYPES.struct", "self.start_", "self.begin_", "self.end_", "self.send_"),
    }
    module = generated(wsdl, tmp_path, "openwmi_evil")
    enum = module.TYPES.enums["Enum"]
    assert [each.value for each in enum] == ['"; import os; "', "import os", "", "mro", "1", "_x_", "__class__", "é"]
    fields = list(module.Root.__dataclass_fields__)
    assert fields == ["class_", "self", "n__init__", "e", "a_b_c", "a_b_c_2", "d"]
    codec = module.TYPES.codec(Element(QName("urn:t", "Root"), "Root", "value"))
    message = module.Root(class_="c", self="s", n__init__="i", e=enum("é"), a_b_c=1, a_b_c_2=2)
    assert codec.decode(parse_xml(codec.encode(message))) == message
