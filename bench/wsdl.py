"""Messages of a contract: how many are encoded and decoded a second, beside the schema library's own codec."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from lxml import etree

from bench.figure import Figure, Goal
from openwmi.wsd import Wsdl, load_wsdl

# A contract like the sample StockQuote of Microsoft's: a request with a text, an answer with a number.
SCHEMA = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:quotes">
<xs:element name="Request"><xs:complexType><xs:all><xs:element name="symbol" type="xs:string"/></xs:all>
</xs:complexType></xs:element>
<xs:element name="Price"><xs:complexType><xs:all><xs:element name="price" type="xs:float"/></xs:all></xs:complexType>
</xs:element></xs:schema>"""
WSDL = f"""<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:q="urn:quotes" targetNamespace="urn:quotes">
<types>{SCHEMA}</types><message name="In"><part name="p" element="q:Request"/></message>
<message name="Out"><part name="p" element="q:Price"/></message><portType name="Quotes"><operation name="Get">
<input message="q:In"/><output message="q:Out"/></operation></portType></definitions>"""
SECONDS = 0.5


def contract() -> Wsdl:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "quotes.wsdl"
        path.write_text(WSDL)
        return load_wsdl(path)


def a_second(work: Callable[[], object]) -> float:
    """How often it is done in one."""
    work()
    count, began = 0, perf_counter()
    while (passed := perf_counter() - began) < SECONDS:
        for _ in range(20):
            work()
        count += 20
    return count / passed


def messages() -> tuple[float, float]:
    """Requests and answers a second, each encoded, parsed and decoded; ours, and the library's."""
    wsdl = contract()
    operation = wsdl.port_types["Quotes"].operations["Get"]
    codecs = (operation.input, operation.output)
    values = (wsdl.type("Request")(symbol="MSFT"), wsdl.type("Price")(price=12.5))

    def ours() -> None:
        for codec, value in zip(codecs, values, strict=True):
            assert codec is not None
            codec.decode(etree.fromstring(codec.encode(value)))

    import xmlschema  # noqa: PLC0415 - who measures other things need not have it

    library = xmlschema.XMLSchema10(SCHEMA)
    plain = (("Request", {"symbol": "MSFT"}), ("Price", {"price": 12.5}))
    spaces = {"q": "urn:quotes"}

    def theirs() -> None:
        for name, value in plain:
            element: Any = library.encode(value, path=f"q:{name}", namespaces=spaces, etree_element_class=etree.Element)
            library.decode(etree.fromstring(etree.tostring(element)))

    return 2 * a_second(ours), 2 * a_second(theirs)


FIGURES = [Figure("messages encoded and decoded", "xmlschema", "/s", Goal(">=", 20), messages)]
