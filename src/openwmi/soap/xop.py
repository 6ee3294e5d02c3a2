"""XOP (W3C, 25 January 2005): octets that stand beside an envelope, and the element that stands for them in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from openwmi.base.fault import RemoteProtocolError
from openwmi.soap.markup import Element
from openwmi.soap.writer import Writer

NAMESPACE: Final = "http://www.w3.org/2004/08/xop/include"

_INCLUDE: Final = f"{{{NAMESPACE}}}Include"


@dataclass(frozen=True, slots=True)
class Include:
    """Stands for the attachment of that content id."""

    content_id: str

    def format(self, writer: Writer) -> None:
        """As the only content of the element whose octets they are."""
        writer.text(NAMESPACE, "Include", "", {"href": href_of(self.content_id)})


def href_of(content_id: str) -> str:
    """The URI of an attachment (RFC 2392)."""
    return f"cid:{_UNSAFE.sub(_escaped, content_id)}"


def included(element: Element) -> str | None:
    """The content id of the attachment that stands for the octets of this element; None where it holds them itself.

    RemoteProtocolError where it holds an Include and something else, or one that names nothing here.
    """
    include = next(element.iterchildren(_INCLUDE), None)
    if include is None:
        return None
    if len(element) != 1 or (element.text or "").strip() or (include.tail or "").strip():
        raise RemoteProtocolError(f"{element.tag} holds an Include and something else")
    return content_id_of(include.get("href", ""))


def content_id_of(href: str) -> str:
    """The content id in `cid:…`. RemoteProtocolError."""
    if not href.lower().startswith("cid:") or len(href) == len("cid:"):
        raise RemoteProtocolError(f"{href[:80]!r} is no attachment of this message")
    octets = _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), href[len("cid:") :].encode())
    try:
        return octets.decode()
    except UnicodeDecodeError:
        raise RemoteProtocolError(f"{href[:80]!r} names no attachment") from None


def _escaped(found: re.Match[str]) -> str:
    return "".join(f"%{octet:02X}" for octet in found[0].encode())


_UNSAFE: Final = re.compile(r"[^0-9A-Za-z@!$*+._~-]")
_ESCAPED: Final = re.compile(rb"%([0-9A-Fa-f]{2})")
