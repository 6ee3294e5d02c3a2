"""The types of a contract, as the kept library `xmlschema` reads them. It gets texts alone, and no way to open a file.

Each element of a schema is told where it stood, so that errors can say it. Includes become schemas of their own;
imports lose their addresses, since what they name is among the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NoReturn

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.soap.markup import etree
from openwmi.wsd.wsdl.definitions import Place
from openwmi.wsd.wsdl.documents import AT, SCHEMA, Document, Documents, line_of
from openwmi.wsd.wsdl.sizes import check_sizes

if TYPE_CHECKING:
    from xmlschema.validators import XsdGlobals

_XML: Final = "http://www.w3.org/XML/1998/namespace"
_XMIME: Final = "http://www.w3.org/2005/05/xmlmime"

# Describing Media Content of Binary Data in XML (W3C Note, 3), which contracts import without bringing it along.
_XMIME_SCHEMA: Final = f"""
<xs:schema xmlns:xs="{SCHEMA}" xmlns:xmime="{_XMIME}" targetNamespace="{_XMIME}">
  <xs:attribute name="contentType"><xs:simpleType><xs:restriction base="xs:string">
    <xs:minLength value="3"/></xs:restriction></xs:simpleType></xs:attribute>
  <xs:attribute name="expectedContentTypes" type="xs:string"/>
  <xs:complexType name="base64Binary"><xs:simpleContent><xs:extension base="xs:base64Binary">
    <xs:attribute ref="xmime:contentType"/></xs:extension></xs:simpleContent></xs:complexType>
  <xs:complexType name="hexBinary"><xs:simpleContent><xs:extension base="xs:hexBinary">
    <xs:attribute ref="xmime:contentType"/></xs:extension></xs:simpleContent></xs:complexType>
</xs:schema>
"""


def read_schemas(places: list[Place], documents: Documents) -> XsdGlobals:
    """All of them together. WbemError(INVALID_PARAMETER) says what is wrong, and where."""
    try:
        import xmlschema  # noqa: PLC0415 - it takes a tenth of a second, which only those pay who read a WSDL
    except ImportError as error:
        text = f"reading a WSDL needs xmlschema, and {error.name} is not here: pip install 'openwmi[wsd]'"
        raise WbemError(WbemStatus.NOT_SUPPORTED, text) from None

    found: list[tuple[Place, str]] = []
    waiting = [(place, place.element.get("targetNamespace", "")) for place in places]
    while waiting:
        place, namespace = waiting.pop(0)
        waiting += _sort_out(place, namespace, documents)
        _tell_places(place)
        found.append((place, namespace))
    texts = [etree.tostring(place.element, encoding="unicode", with_tail=False) for place, _ in found]
    if _XMIME not in {namespace for _, namespace in found}:
        texts.append(_XMIME_SCHEMA)
    try:
        check_sizes(found)
        first = xmlschema.XMLSchema10(texts[0], build=False, allow="none", defuse="always", use_fallback=False)
        for text in texts[1:]:
            xmlschema.XMLSchema10(
                text, build=False, allow="none", defuse="always", use_fallback=False, global_maps=first.maps
            )
        first.maps.build()
    except xmlschema.XMLSchemaException as error:
        _refuse(error, places)
    except RecursionError:
        _refuse(ValueError("its types nest too deep"), places)
    return first.maps


def where(component: object) -> str:
    """`file, line N`, of something that the library read."""
    found = getattr(getattr(component, "elem", None), "attrib", {}).get(AT)
    return "the schema" if found is None else str(found)


def _sort_out(place: Place, namespace: str, documents: Documents) -> list[tuple[Place, str]]:
    """Takes what it includes and imports out of it; gives the schemas that are still to be read."""
    found: list[tuple[Place, str]] = []
    for child in list(place.element):
        if child.tag in {f"{{{SCHEMA}}}redefine", f"{{{SCHEMA}}}override"}:
            place.document.refuse(child, "types that are redefined are not supported: change the schema itself")
        if child.tag == f"{{{SCHEMA}}}include":
            _add(
                found, documents.imported(child, child.get("schemaLocation", ""), place.document, namespace), namespace
            )
            place.element.remove(child)
        elif child.tag == f"{{{SCHEMA}}}import":
            location, imported = str(child.attrib.pop("schemaLocation", "")), child.get("namespace", "")
            if location and imported not in {_XML, _XMIME}:
                _add(found, documents.imported(child, location, place.document), imported, chameleon=False)
    return found


def _add(
    found: list[tuple[Place, str]],
    document: Document | None,
    namespace: str,
    *,
    chameleon: bool = True,
) -> None:
    if document is None:
        return
    root = document.root
    if root.tag != f"{{{SCHEMA}}}schema":
        document.refuse(root, f"{root.tag} is no schema")
    own = root.get("targetNamespace")
    if own is None and namespace and chameleon:  # a chameleon: it takes the namespace of who includes it
        root.set("targetNamespace", namespace)
        if None not in root.nsmap:
            document = _with_default(document, namespace)
    elif (own or "") != namespace:
        document.refuse(root, f"its namespace is {own or ''!r}, and it was imported for {namespace!r}")
    found.append((Place(document, document.root), namespace))


def _with_default(document: Document, namespace: str) -> Document:
    """With a namespace for names that have no prefix."""
    root = document.root
    spaces: Any = dict(root.nsmap)
    spaces[None] = namespace  # the stubs know of no namespace without a prefix
    renewed = etree.Element(root.tag, {str(name): str(text) for name, text in root.attrib.items()}, nsmap=spaces)
    _tell_places(Place(document, root))
    renewed.extend(list(root))
    return Document(document.where, document.name, renewed, document.parent)


def _tell_places(place: Place) -> None:
    for element in place.element.iter(f"{{{SCHEMA}}}*"):
        if AT not in element.attrib:
            element.set(AT, f"{place.document.name}, line {line_of(element)}")


def _refuse(error: Exception, places: list[Place]) -> NoReturn:
    name = places[0].document.name if places else "the schema"
    at = getattr(getattr(error, "elem", None), "attrib", {}).get(AT, name)
    why = str(getattr(error, "message", None) or error).partition("\n")[0].strip().removesuffix(":")
    raise WbemError(WbemStatus.INVALID_PARAMETER, f"{at}: the schema is not valid: {why}") from None
