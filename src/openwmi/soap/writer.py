"""Writes XML with the prefixes that peers expect. Prefixes are declared once, on the outermost element."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, Protocol

from openwmi.base.fault import LocalProtocolError
from openwmi.soap.fragment import Fragment
from openwmi.soap.name import QName, is_ncname
from openwmi.soap.namespaces import PREFIXES, XML
from openwmi.soap.profile import Profile

_IMPOSSIBLE: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SPECIAL: Final = re.compile('[&<>"\r\n\t]')
_TEXT: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_VALUE: Final = _TEXT | {ord('"'): "&quot;", ord("\n"): "&#10;", ord("\t"): "&#9;"}


class Part(Protocol):
    """What can stand in a body."""

    def format(self, writer: Writer) -> None:
        """Writes itself."""
        ...


class Writer:
    """Grows a document from within: `document` puts the outermost element around all that was written.

    Args:
        profile: whose namespaces the parts use.
    """

    __slots__ = ("_parts", "_prefixes", "_taken", "profile")

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self._parts: list[str] = []
        self._prefixes: dict[str, str] = {XML: "xml"}
        self._taken: dict[str, str] = {"xml": XML}

    def name(self, namespace: str, local: str) -> str:
        """With its prefix; a namespace that has none gets one. LocalProtocolError for what is no name."""
        if not namespace:
            return local
        prefix = self._prefixes.get(namespace)
        if prefix is None:
            prefix = PREFIXES.get(namespace, "")
            if not prefix or prefix in self._taken:
                prefix = f"n{len(self._prefixes)}"
            self._prefixes[namespace] = prefix
            self._taken[prefix] = namespace
        return f"{prefix}:{local}"

    def open(self, namespace: str, local: str, attributes: Mapping[str, str] | None = None) -> None:
        """The start of an element. Names of attributes are written as they are."""
        self._parts.append(f"<{self.name(namespace, local)}{_attributes(attributes)}>")

    def close(self, namespace: str, local: str) -> None:
        """Its end."""
        self._parts.append(f"</{self.name(namespace, local)}>")

    def text(self, namespace: str, local: str, text: str, attributes: Mapping[str, str] | None = None) -> None:
        """An element that holds a text."""
        name = self.name(namespace, local)
        rest = f">{escape(text)}</{name}>" if text else "/>"
        self._parts.append(f"<{name}{_attributes(attributes)}{rest}")

    def qnames(self, namespace: str, local: str, names: Iterable[QName]) -> None:
        """An element that lists names, if there are any."""
        listed = []
        for each in names:
            if not is_ncname(each.local):
                raise LocalProtocolError(f"{each.local!r} is no name of XML")
            listed.append(self.name(*each))
        if listed:
            self.text(namespace, local, " ".join(listed))

    def fragment(self, fragment: Fragment) -> None:
        """An element that brings its own prefixes."""
        self._parts.append(fragment.text)

    def fragments(self, fragments: Iterable[Fragment]) -> None:
        """Several of them."""
        self._parts += [fragment.text for fragment in fragments]

    def octets(self, octets: bytes) -> None:
        """An element in UTF-8 that somebody else has written, complete in itself; it is not looked at."""
        try:
            self._parts.append(octets.decode())
        except UnicodeDecodeError:
            raise LocalProtocolError("an element that is not in UTF-8") from None

    def document(self, namespace: str, local: str, *, declared: bool = True) -> bytes:
        """The whole, in UTF-8, which it says where it is declared; without that it is what XML takes for granted."""
        name = self.name(namespace, local)
        spaces = {f"xmlns:{prefix}": uri for uri, prefix in self._prefixes.items() if uri != XML}
        start = '<?xml version="1.0" encoding="utf-8"?>' if declared else ""
        return f"{start}<{name}{_attributes(spaces)}>{''.join(self._parts)}</{name}>".encode()


def escape(text: str) -> str:
    """As the content of an element. LocalProtocolError for characters that XML cannot hold."""
    _possible(text)
    return text.translate(_TEXT) if _SPECIAL.search(text) else text


def _attributes(attributes: Mapping[str, str] | None) -> str:
    if not attributes:
        return ""
    for value in attributes.values():
        _possible(value)
    return "".join(f' {name}="{value.translate(_VALUE)}"' for name, value in attributes.items())


def _possible(text: str) -> None:
    found = _IMPOSSIBLE.search(text)
    if found is not None:
        raise LocalProtocolError(f"XML cannot hold the character U+{ord(found[0]):04X}")
