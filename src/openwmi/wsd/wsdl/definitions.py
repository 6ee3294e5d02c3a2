"""What a WSDL 1.1 says but for its types (W3C Note, section 2): messages, port types, operations and events.

Bindings and services are passed over, as Microsoft's generator does: DPWS has one binding, and devices say themselves
where they are. The kept library's reader of WSDL fetches what a WSDL imports, knows no lines, and has no place for
WS-Eventing or WS-Addressing; so only schemas go to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from openwmi.soap import QName
from openwmi.soap.markup import Element
from openwmi.soap.namespaces import EVENTING, WSA_2004, WSA_2005
from openwmi.wsd.wsdl.documents import SCHEMA, WSDL, Document, Documents

_ACTIONS: Final = tuple(
    f"{{{namespace}}}Action"
    for namespace in (
        WSA_2004,
        WSA_2005,
        "http://www.w3.org/2006/05/addressing/wsdl",
        "http://www.w3.org/2007/05/addressing/metadata",
    )
)
_TRUE: Final = {"true", "1"}


@dataclass(frozen=True, slots=True)
class Place:
    """An element of a document, for errors."""

    document: Document
    element: Element


@dataclass(frozen=True, slots=True)
class MessageUse:
    """A message as one operation has it.

    Attributes:
        name: of the operation's input, output or fault.
        action: what a message of this kind says that it wants (WS-Addressing of 2004, 3.3).
        body: the element in its body; None for an empty one.
    """

    name: str
    action: str
    body: QName | None
    place: Place


@dataclass(frozen=True, slots=True)
class OperationUse:
    """An operation of a port type. Without an input first, it is an event (WS-Eventing: what a device sends)."""

    name: str
    input: MessageUse | None
    output: MessageUse | None
    faults: tuple[MessageUse, ...]
    is_event: bool
    text: str


@dataclass(frozen=True, slots=True)
class PortTypeUse:
    """A port type. `is_source` is WS-Eventing's word for one that sends events."""

    name: QName
    operations: tuple[OperationUse, ...]
    is_source: bool
    text: str


@dataclass(slots=True)
class Definitions:
    """All documents of a contract, read. Schemas are found, and not looked into."""

    documents: Documents
    messages: dict[QName, tuple[Place, QName | None]] = field(default_factory=dict)
    port_types: dict[QName, PortTypeUse] = field(default_factory=dict)
    schemas: list[Place] = field(default_factory=list)
    _port_types: list[tuple[Place, str]] = field(default_factory=list)

    def read(self, document: Document) -> None:
        """One document, with what it imports."""
        self._walk(document)
        for place, namespace in self._port_types:
            port_type = self._port_type(place, namespace)
            if port_type.name in self.port_types:
                place.document.refuse(place.element, f"a second port type {port_type.name}")
            self.port_types[port_type.name] = port_type

    def _walk(self, document: Document, expected: str | None = None) -> None:
        root = document.root
        if root.tag == f"{{{SCHEMA}}}schema":
            self.schemas.append(Place(document, root))
            return
        if root.tag != f"{{{WSDL}}}definitions":
            document.refuse(root, f"{root.tag} is neither a WSDL 1.1 nor a schema")
        namespace = root.get("targetNamespace", "")
        if expected is not None and namespace != expected:
            document.refuse(root, f"its namespace is {namespace!r}, and it was imported for {expected!r}")
        for child in root:
            if child.tag == f"{{{WSDL}}}import":
                found = self.documents.imported(child, child.get("location", ""), document)
                if found is not None:
                    is_schema = found.root.tag == f"{{{SCHEMA}}}schema"
                    self._walk(found, None if is_schema else child.get("namespace", ""))
            elif child.tag == f"{{{WSDL}}}types":
                self.schemas += [Place(document, each) for each in child.iterchildren(f"{{{SCHEMA}}}schema")]
            elif child.tag == f"{{{WSDL}}}message":
                self._message(Place(document, child), namespace)
            elif child.tag == f"{{{WSDL}}}portType":
                self._port_types.append((Place(document, child), namespace))

    def _message(self, place: Place, namespace: str) -> None:
        document, element = place.document, place.element
        name = QName(namespace, _named(place))
        parts = list(element.iterchildren(f"{{{WSDL}}}part"))
        if len(parts) > 1:
            document.refuse(element, f"the message {name.local} has {len(parts)} parts: a body of DPWS has one element")
        body = None
        if parts:
            body = _qname(Place(document, parts[0]), "element")
            if body is None:
                document.refuse(
                    parts[0],
                    f"the part of the message {name.local} names a type (the style rpc); DPWS has messages of the "
                    "style document: name an element",
                )
        if name in self.messages:
            document.refuse(element, f"a second message {name}")
        self.messages[name] = place, body

    def _port_type(self, place: Place, namespace: str) -> PortTypeUse:
        document, element = place.document, place.element
        name = QName(namespace, _named(place))
        operations: dict[str, OperationUse] = {}
        for child in element.iterchildren(f"{{{WSDL}}}operation"):
            operation = self._operation(Place(document, child), name)
            if operation.name in operations:
                document.refuse(child, f"a second operation {operation.name}: DPWS has none of the same name")
            operations[operation.name] = operation
        is_source = element.get(f"{{{EVENTING}}}EventSource", "").strip() in _TRUE
        return PortTypeUse(name, tuple(operations.values()), is_source, _documentation(element))

    def _operation(self, place: Place, port_type: QName) -> OperationUse:
        name = _named(place)
        ways = [child for child in place.element if child.tag in _WAYS]
        kinds = tuple(_WAYS[child.tag] for child in ways)
        if kinds not in _DEFAULT_NAMES:
            place.document.refuse(
                place.element, f"the operation {name} has neither an input nor an output, or too many"
            )
        used = {
            kind: self._use(Place(place.document, child), port_type, f"{name}{suffix}")
            for child, kind, suffix in zip(ways, kinds, _DEFAULT_NAMES[kinds], strict=True)
        }
        faults = tuple(
            self._use(Place(place.document, child), port_type, _named(Place(place.document, child)), fault=True)
            for child in place.element.iterchildren(f"{{{WSDL}}}fault")
        )
        text = _documentation(place.element)
        return OperationUse(name, used.get("input"), used.get("output"), faults, kinds[0] == "output", text)

    def _use(self, place: Place, port_type: QName, default: str, *, fault: bool = False) -> MessageUse:
        message = _qname(place, "message")
        if message not in self.messages:
            place.document.refuse(place.element, f"there is no message {message}: is an import missing?")
        name = place.element.get("name", default)
        declared = next((place.element.get(each) for each in _ACTIONS if place.element.get(each)), None)
        separator = ":" if port_type.namespace.startswith("urn:") else "/"
        # 3.3 of WS-Addressing of 2004 says neither what becomes of a slash at the end; 1.0 drops one.
        steps = [port_type.namespace.removesuffix("/"), port_type.local, *(["Fault"] if fault else []), name]
        found, body = self.messages[message]
        return MessageUse(name, declared or separator.join(steps), body, found if body is not None else place)


_WAYS: Final = {f"{{{WSDL}}}input": "input", f"{{{WSDL}}}output": "output"}
# What inputs and outputs are called where they have no name (WSDL 1.1, 2.4.5).
_DEFAULT_NAMES: Final[dict[tuple[str, ...], tuple[str, ...]]] = {
    ("input",): ("",),
    ("output",): ("",),
    ("input", "output"): ("Request", "Response"),
    ("output", "input"): ("Solicit", "Response"),
}


def _named(place: Place) -> str:
    name = place.element.get("name")
    if not name:
        place.document.refuse(place.element, f"{place.element.tag} has no name")
    return name


def _qname(place: Place, attribute: str) -> QName | None:
    text = place.element.get(attribute)
    if text is None:
        return None
    prefix, colon, local = text.strip().rpartition(":")
    namespace = place.element.nsmap.get(prefix if colon else None)
    if namespace is None and colon:
        place.document.refuse(place.element, f"the prefix of {text!r} is not declared")
    return QName(namespace or "", local)


def _documentation(element: Element) -> str:
    texts: Iterator[str] = (
        " ".join("".join(map(str, each.itertext())).split())
        for each in element.iterchildren(f"{{{WSDL}}}documentation")
    )
    return " ".join(texts)
