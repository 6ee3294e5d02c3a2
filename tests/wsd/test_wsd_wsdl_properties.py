"""Schemas and values made at random: what is encoded is valid by the schema's own library, and comes back as it went.

So it does by the module that is generated for the schema. What is truncated or cut about gives errors of one kind.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import xmlschema
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.wsd.contracts import NS, again, codec_of, generated, load, wsdl_text

from openwmi.base.fault import RemoteProtocolError
from openwmi.soap import Fragment
from openwmi.soap.markup import parse_xml
from openwmi.wsd.wsdl import Types
from openwmi.wsd.wsdl.shapes import Any as AnyElement
from openwmi.wsd.wsdl.shapes import Element, Group, Nil, Particle, Repeated, Simple, may_be_empty

TEXT = st.text(
    st.characters(codec="utf-8", exclude_characters="\ufffe\uffff\r", exclude_categories=("Cc", "Cs")), max_size=5
)
LEAVES: dict[str, st.SearchStrategy[Any]] = {
    "xs:string": TEXT,
    "xs:int": st.integers(-(1 << 31), (1 << 31) - 1),
    "xs:boolean": st.booleans(),
    "xs:decimal": st.decimals(-1000, 1000, places=2).map(Decimal),
    "xs:base64Binary": st.binary(max_size=5),
    "t:Ints": st.lists(st.integers(0, 9), max_size=3).map(tuple),
    "t:Size": st.sampled_from(["S", "M"]),
    "t:Node": st.nothing(),
}
TYPES = """
<xs:simpleType name="Ints"><xs:list itemType="xs:unsignedByte"/></xs:simpleType>
<xs:simpleType name="Size"><xs:restriction base="xs:string"><xs:enumeration value="S"/><xs:enumeration value="M"/>
</xs:restriction></xs:simpleType>
<xs:complexType name="Node"><xs:sequence>
  <xs:element name="sub" type="t:Node" minOccurs="0" maxOccurs="2"/></xs:sequence>
<xs:attribute name="n" type="xs:int"/><xs:attribute name="s" type="xs:string"/></xs:complexType>
"""
BY_TYPE = {name.partition(":")[2]: name for name in LEAVES if name.startswith("xs:")}


@st.composite
def schemas(draw: st.DrawFn) -> str:
    """The type of `Root`: each element has a name of its own, so that one place is meant by each."""
    numbers = count()

    def occurs(*, once: bool) -> str:
        if once:
            return ""
        least, most = draw(st.sampled_from([("1", "1"), ("0", "1"), ("0", "3"), ("1", "unbounded"), ("2", "2")]))
        return f' minOccurs="{least}" maxOccurs="{most}"'

    def element(*, once: bool = False) -> str:
        nil = ' nillable="true"' if draw(st.booleans()) else ""
        kind = draw(st.sampled_from(sorted(LEAVES)))
        return f'<xs:element name="e{next(numbers)}" type="{kind}"{occurs(once=once)}{nil}/>'

    def group(depth: int, *, inner: bool = True) -> str:
        kind = draw(st.sampled_from(["sequence", "choice"]))
        how = occurs(once=not inner)
        # A group that is repeated begins with what it cannot do without: else nobody could tell where the next begins.
        repeated = "maxOccurs" in how and 'maxOccurs="1"' not in how
        parts = [element(once=repeated)]
        for _ in range(draw(st.integers(0, 3))):
            if kind == "choice" and repeated:
                parts.append(element(once=True))
            else:
                parts.append(group(depth - 1) if depth and draw(st.booleans()) else element())
        return f"<xs:{kind}{how}>{''.join(parts)}</xs:{kind}>"

    attribute = draw(st.sampled_from(["", '<xs:attribute name="at" type="xs:string"/>']))
    content = group(2, inner=False)
    return f'<xs:element name="Root"><xs:complexType>{content}{attribute}</xs:complexType></xs:element>{TYPES}'


class Values:
    """Draws messages of a contract."""

    def __init__(self, types: Types, draw: Callable[..., Any]) -> None:
        self.types = types
        self.draw = draw

    def struct(self, key: str, depth: int = 3) -> Any:
        struct = self.types.structs[key]
        found: dict[str, Any] = {}
        self.fill(struct.content, found, depth, optional=False)
        for each in struct.attributes:
            if each.required or self.draw(st.booleans()):
                found[each.field] = self.draw(st.integers(0, 9) if each.type.base == "int" else TEXT)
        return self.types.classes[key](**found)

    def fill(self, part: Particle, found: dict[str, Any], depth: int, *, optional: bool) -> None:
        if isinstance(part, Group):
            if part.optional and self.draw(st.booleans()):
                return
            optional = optional or part.optional or part.kind == "choice"
            chosen = [self.draw(st.sampled_from(part.particles))] if part.kind == "choice" else part.particles
            for each in chosen:
                before = len(found)
                self.fill(each, found, depth, optional=optional)
                if part.kind == "choice" and len(found) == before and not may_be_empty(part):
                    raise AssertionError("a choice that must not be empty is")
            return
        if isinstance(part, Repeated):
            most = 3 if part.most is None else part.most
            found[part.field] = tuple(
                self.struct(part.type, depth - 1) for _ in range(self.draw(st.integers(part.least, most)))
            )
            return
        most = 3 if part.most is None else part.most
        least = part.least
        number = least if depth <= 0 else self.draw(st.integers(least, most))
        assert not isinstance(part, AnyElement)
        values = tuple(self.one(part, depth, optional=optional or least == 0) for _ in range(number))
        if part.is_many:
            found[part.field] = values
        elif values:
            found[part.field] = values[0]

    def one(self, part: Element, depth: int, *, optional: bool) -> Any:
        if part.nillable and self.draw(st.booleans()):
            return Nil.NIL if optional and not part.is_many else None
        if isinstance(part.type, str):
            return self.struct(part.type, depth - 1)
        assert isinstance(part.type, Simple)
        if part.type.item is not None:
            return self.draw(LEAVES["t:Ints"])
        return self.draw(LEAVES["t:Size" if part.type.enum else BY_TYPE[part.type.base]])


@given(st.data())
@settings(
    max_examples=25,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # to shrink a schema takes minutes: read it instead
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_messages_of_any_schema(data: st.DataObject) -> None:
    schema = data.draw(schemas())
    with TemporaryDirectory() as name:
        folder = Path(name)
        wsdl = load(folder, schema)
        module = generated(wsdl, folder, "openwmi_random")
    codec = codec_of(wsdl)
    for _ in range(3):
        value = Values(wsdl.types, data.draw).struct("Root")
        encoded = codec.encode(value)
        same = again(codec, value)
        assert same == value or codec.encode(same) == encoded
        text = wsdl_text(schema)
        own = xmlschema.XMLSchema10(text[text.index("<xs:schema") : text.index("</types>")].replace(
            "<xs:schema", f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="{NS}"', 1))  # fmt: skip
        own.validate(encoded.decode())
        theirs = module.PORT.operations["Say"].input
        assert theirs.encode(theirs.decode(parse_xml(encoded))) == encoded
        at = data.draw(st.integers(0, len(encoded)))
        _misread(codec, encoded[:at] + data.draw(st.binary(max_size=3)) + encoded[at + data.draw(st.integers(0, 4)) :])


def _misread(codec: Any, octets: bytes) -> None:
    with suppress(RemoteProtocolError):
        codec.decode(parse_xml(octets))


def test_a_fragment_stands_for_a_body_of_any_type(tmp_path: Path) -> None:
    codec = codec_of(load(tmp_path, '<xs:element name="Root"/>'))
    value = Fragment.parse(f'<n1:Root xmlns:n1="{NS}">text</n1:Root>')
    assert again(codec, value) == value
