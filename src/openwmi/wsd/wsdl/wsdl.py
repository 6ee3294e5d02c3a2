"""A WSDL, read: port types with typed operations. Types are the kept library's work, messages ours."""

from __future__ import annotations

from os import PathLike

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.soap import QName, Section
from openwmi.wsd.service import Service
from openwmi.wsd.wsdl.contract import PortType, WsdlOperation
from openwmi.wsd.wsdl.definitions import Definitions, MessageUse, OperationUse, PortTypeUse
from openwmi.wsd.wsdl.documents import Fetch, open_documents
from openwmi.wsd.wsdl.hosting import Contracted
from openwmi.wsd.wsdl.proxy import CALL_SECONDS, Caller, DynamicProxy
from openwmi.wsd.wsdl.schema import read_schemas
from openwmi.wsd.wsdl.shaping import Shapes
from openwmi.wsd.wsdl.types import Codec, Types


class PortTypes(dict[QName | str, PortType]):
    """By qualified name; and by local name, where only one has it."""

    def __missing__(self, name: object) -> PortType:
        if isinstance(name, str):
            found = [each for each in self.values() if name in {each.name.local, str(each.name)}]
            if len(found) == 1:
                return found[0]
        known = ", ".join(map(str, self)) or "none"
        raise WbemError(WbemStatus.NOT_FOUND, f"the WSDL has no port type {name}; it has {known}")


class Wsdl:
    """What a WSDL says.

    Attributes:
        name: of its file.
        port_types: by their names, qualified or local.
        types: the classes of values, and their codecs.
        sections: its files as sections of metadata, the WSDL first: a service that has them needs no file elsewhere.
    """

    def __init__(self, name: str, port_types: PortTypes, types: Types, sections: tuple[Section, ...] = ()) -> None:
        self.sections = sections
        self.name = name
        self.port_types = port_types
        self.types = types

    def __repr__(self) -> str:
        return f"<Wsdl {self.name}: {', '.join(each.name.local for each in self.port_types.values())}>"

    def type(self, name: str) -> type:
        """The class of that name: `GetFileRequest`. WbemError(NOT_FOUND)."""
        found = self.types.classes.get(name) or self.types.enums.get(name)
        if found is None:
            known = ", ".join([*self.types.classes, *self.types.enums])[:500] or "none"
            raise WbemError(WbemStatus.NOT_FOUND, f"{self.name} has no type {name}; it has {known}")
        return found

    def proxy(self, port_type: str, endpoint: Caller, *, timeout: float | None = CALL_SECONDS) -> DynamicProxy:
        """A client of a service of that port type. Arguments as of `Proxy`. WbemError(NOT_FOUND)."""
        return DynamicProxy(self.port_types[port_type], endpoint, timeout=timeout)

    def service(self, port_type: str, implementation: object, service_id: str) -> Service:
        """A service of that port type, whose methods are those of an object: see `openwmi.wsd.wsdl.hosting`.

        It has the WSDL in its metadata, and sends the events of the port type: see `Contracted.signal`.
        """
        return Contracted(self.port_types[port_type], implementation, service_id, self.sections)


def load_wsdl(path: str | PathLike[str], *, fetch: Fetch | None = None) -> Wsdl:
    """Reads a WSDL 1.1 with what it imports.

    Imports are files of its own folder or below; one by an address of the Web is looked for there by the last part of
    that. Nothing is fetched from a network unless `fetch` does: it is given an address, and gives octets.

    Raises: NotFound where the file is not there; WbemError(INVALID_PARAMETER) that says file, line and what to do.
    """
    documents, document = open_documents(path, fetch)
    definitions = Definitions(documents)
    definitions.read(document)
    shapes = Shapes(read_schemas(definitions.schemas, documents))
    types = Types()
    port_types = PortTypes()
    for used in definitions.port_types.values():
        port_types[used.name] = _port_type(used, shapes, types)
    types.make(shapes.structs, shapes.enums)
    return Wsdl(document.name, port_types, types, documents.sections)


def _port_type(used: PortTypeUse, shapes: Shapes, types: Types) -> PortType:
    operations = tuple(_operation(each, shapes, types) for each in used.operations if not each.is_event)
    events = tuple(_operation(each, shapes, types) for each in used.operations if each.is_event)
    return PortType(used.name, operations, events, is_source=used.is_source, text=used.text)


def _operation(used: OperationUse, shapes: Shapes, types: Types) -> WsdlOperation:
    faults = {each.name: _codec(each, shapes, types) for each in used.faults}
    return WsdlOperation(
        used.name,
        None if used.input is None else used.input.action,
        None if used.output is None else used.output.action,
        _codec(used.input, shapes, types),
        _codec(used.output, shapes, types),
        {name: codec for name, codec in faults.items() if codec is not None},
        used.text,
    )


def _codec(used: MessageUse | None, shapes: Shapes, types: Types) -> Codec[object] | None:
    if used is None or used.body is None:
        return None
    element = shapes.message(used.body)
    if element is None:
        used.place.document.refuse(
            used.place.element, f"no schema declares the element {used.body}: is an import missing, or a name misspelt?"
        )
    return types.codec(element)
