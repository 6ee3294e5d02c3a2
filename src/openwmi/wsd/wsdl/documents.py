"""The files of a contract: a WSDL, and what it imports. XML in, trees out; nothing is fetched unless a caller does so.

A WSDL may come from a stranger's device. It has no document type and no entities, and limits hold (`openwmi.base`);
it imports only files from its own folder and below. What it imports by an address of the Web is looked for beside it,
by the last part of the address, whichever case that has.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Final, NoReturn
from urllib.parse import SplitResult, unquote, urlsplit

from openwmi.base.error import WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.limits import XML_ATTRIBUTES, XML_DEPTH
from openwmi.base.status import WbemStatus
from openwmi.base.wsdl_limits import WSDL_DOCUMENTS, WSDL_IMPORTS_DEEP, WSDL_OCTETS, WSDL_TAGS, WSDL_TEXT_CHARS
from openwmi.soap import LARGE_METADATA, Limits, Section
from openwmi.soap.fragment import keep
from openwmi.soap.markup import Element, parse_xml

Fetch = Callable[[str], bytes]

WSDL: Final = "http://schemas.xmlsoap.org/wsdl/"
SCHEMA: Final = "http://www.w3.org/2001/XMLSchema"
SHOWN: Final = 200
NAME_OCTETS: Final = 200  # that a file which a stranger names may have
AT: Final = "{urn:openwmi:wsdl}at"  # on each element of a schema: where it stands, for errors

_LIMITS: Final = Limits(WSDL_OCTETS, WSDL_TAGS, XML_DEPTH, XML_ATTRIBUTES, WSDL_TEXT_CHARS)
_TOLD: Final = Limits(LARGE_METADATA.octets // 2, LARGE_METADATA.tags // 2, LARGE_METADATA.depth - 6)  # with the rest
_REMOTE: Final = {"http", "https"}


@dataclass(frozen=True, slots=True)
class Document:
    """One file: where it was, what people call it, and its outermost element."""

    where: str
    name: str
    root: Element
    parent: Document | None = None

    @property
    def depth(self) -> int:
        """How many import each other above it."""
        return 0 if self.parent is None else self.parent.depth + 1

    def refuse(self, element: Element, why: str) -> NoReturn:
        """WbemError(INVALID_PARAMETER), which says where."""
        raise WbemError(WbemStatus.INVALID_PARAMETER, f"{self.name}, line {line_of(element)}: {why}")


@dataclass(slots=True)
class Documents:
    """Reads a file, and what it imports, each once.

    Args:
        folder: files are read from it and below.
        fetch: gets what is not there by its address; None for nothing.
    """

    folder: Path
    fetch: Fetch | None = None
    _read: dict[tuple[str, str], Document] = field(default_factory=dict)
    _sections: dict[str, Section] = field(default_factory=dict)

    def open(self, path: str | PathLike[str]) -> Document:
        """The file that it begins with."""
        return self._add(str(path), Path(path).name, _octets_of(Path(path)), None)

    def imported(self, element: Element, location: str, by: Document, namespace: str = "") -> Document | None:
        """What an element of `by` names; None where that has been read before.

        A schema without a namespace takes the one that includes it: it is read for each `namespace`.
        """
        found = self._find(location, by)
        where = str(found) if found is not None else location
        if (where, "") in self._read or (where, namespace) in self._read:
            return None
        if by.depth >= WSDL_IMPORTS_DEEP:
            by.refuse(element, f"imports go deeper than {WSDL_IMPORTS_DEEP} levels")
        if found is not None:
            return self._add(where, found.name, _octets_of(found), by, namespace)
        if self.fetch is not None and _split(location).scheme.lower() in _REMOTE:
            return self._add(location, location, self.fetch(location), by, namespace)
        return by.refuse(
            element,
            f"it imports {location[:SHOWN]!r}, and there is no {_last_of(location)[:SHOWN]!r} in {self.folder}: put it "
            "beside the WSDL; nothing is fetched from the network unless you pass `fetch`",
        )

    def _find(self, location: str, by: Document) -> Path | None:
        """A file in the folder or below; whatever else there is on this machine is nobody's business."""
        split = _split(location)
        beside = Path(by.where).parent if Path(by.where).is_file() else self.folder
        if not split.scheme and not split.netloc and not split.path.startswith("/"):
            with suppress(OSError, ValueError, RuntimeError):  # it can be no name of a file
                path = (beside / unquote(split.path)).resolve()
                if path.is_file() and path.is_relative_to(self.folder):
                    return path
        name = _last_of(location).lower()
        for folder in (beside, self.folder):
            same = sorted(each for each in folder.iterdir() if each.name.lower() == name and each.is_file())
            exact = [each for each in same if each.name == _last_of(location)]
            for each in exact or same:
                if each.resolve().is_relative_to(self.folder):
                    return each.resolve()
        return None

    def _add(self, where: str, name: str, octets: bytes, parent: Document | None, namespace: str = "") -> Document:
        if len(self._read) >= WSDL_DOCUMENTS:
            raise WbemError(WbemStatus.INVALID_PARAMETER, f"{name}: more than {WSDL_DOCUMENTS} documents are imported")
        try:
            root = parse_xml(octets, _LIMITS)
        except RemoteProtocolError as error:
            raise WbemError(WbemStatus.INVALID_PARAMETER, f"{name} is no WSDL or schema: {error}") from None
        where = str(Path(where).resolve()) if parent is None else where
        key = where, namespace if root.get("targetNamespace") is None else ""
        document = self._read[key] = Document(where, name, root, parent)
        self._sections.setdefault(where, _section(root))  # before whoever reads it leaves marks in it
        return document

    @property
    def sections(self) -> tuple[Section, ...]:
        """All of them as metadata has them: what they are, what their namespace is, and their text.

        None where they are more than a client would read, who would then not hear the rest either.
        """
        whole = "".join(content.text for section in self._sections.values() for content in section.content)
        try:
            parse_xml(f"<all>{whole}</all>".encode(), _TOLD)
        except RemoteProtocolError:
            return ()
        return tuple(self._sections.values())


def open_documents(path: str | PathLike[str], fetch: Fetch | None) -> tuple[Documents, Document]:
    """Those of a WSDL, and the WSDL."""
    documents = Documents(Path(path).resolve().parent, fetch)
    return documents, documents.open(path)


def _section(root: Element) -> Section:
    content = keep(root)
    return Section(content.name.namespace.rstrip("/"), root.get("targetNamespace", ""), (content,))


def imports_in(text: str) -> list[tuple[str, str]]:
    """The namespaces that a document imports, and the files that it expects them in. WbemError(INVALID_PARAMETER)."""
    try:
        root = parse_xml(text.encode(), _LIMITS)
    except RemoteProtocolError as error:
        raise WbemError(WbemStatus.INVALID_PARAMETER, f"that is no WSDL or schema: {error}") from None
    found = []
    for element in root.iter(f"{{{WSDL}}}import", f"{{{SCHEMA}}}import"):
        location = element.get("location") or element.get("schemaLocation") or ""
        name = _last_of(location)
        if name not in {"", ".", ".."} and "\0" not in name and len(name.encode()) <= NAME_OCTETS:
            found.append((element.get("namespace", ""), name))
    return found


def line_of(element: Element) -> int:
    """Where it stands in its file; 0 where nobody knows."""
    line: object = element.sourceline
    return line if isinstance(line, int) else 0


def _octets_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(WSDL_OCTETS + 1)
    except OSError as error:
        status = WbemStatus.NOT_FOUND if isinstance(error, FileNotFoundError) else WbemStatus.FAILED
        raise WbemError(status, f"{path} cannot be read: {error.strerror}") from None


def _split(location: str) -> SplitResult:
    """What is no address is the name of a file."""
    try:
        return urlsplit(location)
    except ValueError:
        return SplitResult("", "", location, "", "")


def _last_of(location: str) -> str:
    return unquote(_split(location).path).replace("\\", "/").rpartition("/")[2]
