"""Names of XML: a namespace and a local part, whatever prefix somebody chose."""

from __future__ import annotations

from typing import NamedTuple


class QName(NamedTuple):
    """A qualified name. Its text is James Clark's: `{namespace}local`."""

    namespace: str
    local: str

    def __str__(self) -> str:
        return f"{{{self.namespace}}}{self.local}" if self.namespace else self.local

    @classmethod
    def parse(cls, text: str) -> QName:
        """`{namespace}local` or `local`. ValueError."""
        namespace, brace, local = text[1:].rpartition("}") if text.startswith("{") else ("", "}", text)
        if not brace or not is_ncname(local):
            raise ValueError(f"{text!r} is no qualified name: it is {{namespace}}local")
        return cls(namespace, local)


def is_ncname(text: str) -> bool:
    """Whether it can be a local name (Namespaces in XML 1.0, 4): near enough, and nothing that would break markup."""
    return text[:1].isidentifier() and all(char.isalnum() or char in "_-." for char in text)
