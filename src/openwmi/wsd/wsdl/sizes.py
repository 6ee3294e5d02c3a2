"""How large the types of schemas become once groups, bases and members are put in their places.

A stranger's schema of a few lines may say a group of ten groups of ten groups, and so on: whoever writes it out has no
memory left. So it is counted before the library sees it.
"""

from __future__ import annotations

from typing import Final

from openwmi.base.wsdl_limits import WSDL_PARTICLES, WSDL_TYPE_PAIRS, WSDL_TYPE_PARTS
from openwmi.soap.markup import Element
from openwmi.wsd.wsdl.definitions import Place
from openwmi.wsd.wsdl.documents import SCHEMA

_KINDS: Final = {"group": "group", "attributeGroup": "attributes", "complexType": "type", "simpleType": "type"}
# Attributes by which a component takes in another one, and of which kind that is.
_TAKES_IN: Final = {
    "group": ("ref", "group"),
    "attributeGroup": ("ref", "attributes"),
    "extension": ("base", "type"),
    "restriction": ("base", "type"),
    "list": ("itemType", "type"),
    "union": ("memberTypes", "type"),
}
_XS: Final = f"{{{SCHEMA}}}"
_ELEMENTS: Final = {f"{_XS}element", f"{_XS}any"}


def check_sizes(places: list[tuple[Place, str]]) -> None:
    """WbemError(INVALID_PARAMETER) for schemas that become too large. Each comes with its namespace."""
    sizes = _Sizes()
    for place, namespace in places:
        sizes.declare(place.element, namespace)
    total = pairs = 0
    for place, _ in places:
        for type_ in place.element.iter(f"{_XS}complexType"):
            pairs += sizes.width(type_) ** 2
            if sizes.width(type_) > WSDL_TYPE_PARTS or pairs > WSDL_TYPE_PAIRS:
                place.document.refuse(type_, f"a type has more than {WSDL_TYPE_PARTS} elements, or many have hundreds")
        for child in place.element:
            total += sizes.of(child)
            if total > WSDL_PARTICLES:
                place.document.refuse(child, f"its types have more than {WSDL_PARTICLES} parts, groups written out")


class _Sizes:
    def __init__(self) -> None:
        self._declared: dict[tuple[str, str, str], Element] = {}
        self._known: dict[Element, int] = {}
        self._widths: dict[Element, int] = {}

    def declare(self, schema: Element, namespace: str) -> None:
        """Its groups and types may be taken in from now on."""
        for child in schema:
            kind = _KINDS.get(str(child.tag).removeprefix(_XS))
            if kind is not None:
                self._declared[kind, namespace, child.get("name", "")] = child

    def of(self, node: Element) -> int:
        """How many parts it has, itself among them."""
        if node in self._known:
            return self._known[node]
        self._known[node] = 0  # one that takes in itself is refused by the library
        total = 1 + sum(self.of(child) for child in node)
        total += sum(map(self.of, self._taken_in(node)))
        self._known[node] = min(total, WSDL_PARTICLES + 1)
        return self._known[node]

    def width(self, node: Element) -> int:
        """How many elements may stand in what it describes, those in themselves not counted."""
        if node.tag in _ELEMENTS:
            return 1
        if node in self._widths:
            return self._widths[node]
        self._widths[node] = 0
        parts = [*node, *self._taken_in(node)]
        self._widths[node] = min(sum(map(self.width, parts)), WSDL_PARTICLES)
        return self._widths[node]

    def _taken_in(self, node: Element) -> list[Element]:
        attribute, kind = _TAKES_IN.get(str(node.tag).removeprefix(_XS), ("", ""))
        found: list[Element] = []
        for name in node.get(attribute, "").split() if attribute else ():
            prefix, colon, local = name.rpartition(":")
            declared = self._declared.get((kind, node.nsmap.get(prefix if colon else None) or "", local))
            found += [] if declared is None else [declared]
        return found
