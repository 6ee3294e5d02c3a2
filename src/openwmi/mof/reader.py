"""A place in the words of one text, and what every part of the grammar needs: to expect, to accept, and to complain."""

from __future__ import annotations

from typing import NoReturn

from openwmi.base.limits import MOF_DEPTH
from openwmi.base.status import MofStatus, WbemStatus
from openwmi.mof.error import MofError, Phase
from openwmi.mof.lexer import number, tokenize, unquote
from openwmi.mof.source import Source
from openwmi.mof.tree import Alias, Char, Literal

_CONSTANTS = {"true": True, "false": False, "null": None}


class Reader:
    """The words of one text, and which of them is next. Methods leave the place behind what they read."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.kinds, self.texts, self.offsets = tokenize(source.text)
        self.at = 0
        self.depth = 0

    # ---------------------------------------------------------------------------------------------------- single words

    @property
    def offset(self) -> int:
        """Of the next word."""
        return self.offsets[self.at]

    def word(self) -> str:
        """The next word in lower case if it is a name; else empty."""
        return self.texts[self.at].lower() if self.kinds[self.at] == "name" else ""

    def accept(self, mark: str) -> bool:
        """Whether the mark stands next; then it is read."""
        if self.texts[self.at] == mark and self.kinds[self.at] == "mark":
            self.at += 1
            return True
        return False

    def accept_word(self, word: str) -> bool:
        """Whether the word, in lower case, stands next; then it is read."""
        if self.word() == word:
            self.at += 1
            return True
        return False

    def expect(self, mark: str, status: MofStatus, expected: str = "") -> None:
        if self.texts[self.at] != mark or self.kinds[self.at] != "mark":
            self.fail(status, expected or f"'{mark}'")
        self.at += 1

    def name(self, status: MofStatus, expected: str) -> str:
        if self.kinds[self.at] != "name":
            self.fail(status, expected)
        self.at += 1
        return self.texts[self.at - 1]

    def fail(self, status: MofStatus, expected: str) -> NoReturn:
        """Complain about the next word."""
        self.refuse(status, f"expected {expected}, found {self.found()}", self.offset)

    def refuse(self, status: MofStatus | WbemStatus, problem: str, at: int) -> NoReturn:
        raise MofError(status, problem, self.source.place(at), Phase.PARSING)

    def found(self) -> str:
        """The next word as a message says it."""
        kind, text = self.kinds[self.at], self.texts[self.at]
        if kind == "end":
            return "the end of the text"
        if kind == "junk" and text in ("/*", '"', "'"):
            return {"/*": "a comment", '"': "a string", "'": "a character"}[text] + " that does not end"
        return f"'{text if len(text) <= 40 else text[:40] + '…'}'" if kind != "string" else f"the string {text[:40]}"

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > MOF_DEPTH:
            problem = f"objects and arrays nest more than {MOF_DEPTH} deep"
            self.refuse(WbemStatus.QUOTA_VIOLATION, problem, self.offset)

    # ------------------------------------------------------------------------------------------------------- constants

    def string(self, status: MofStatus = MofStatus.ILLEGAL_CONSTANT_VALUE, expected: str = "a string") -> str:
        """One string, of however many pieces, with comments between them or not."""
        if self.kinds[self.at] != "string":
            self.fail(status, expected)
        text = self._unquoted()
        while self.kinds[self.at] == "string":
            text += self._unquoted()
        return text

    def constant(self, expected: str = "a value") -> Literal:
        """One value that is neither an array nor an object."""
        kind = self.kinds[self.at]
        if kind == "string":
            return self.string()
        if kind == "number":
            return self.number()
        if kind == "name":
            word = self.texts[self.at].lower()
            if word in _CONSTANTS:
                self.at += 1
                return _CONSTANTS[word]
            self.fail(MofStatus.ILLEGAL_CONSTANT_VALUE, f"{expected} (text stands in quotes)")
        if kind == "char":
            return self.char()
        if kind == "alias":
            return self.alias()
        return self.fail(MofStatus.ILLEGAL_CONSTANT_VALUE, expected)

    def number(self) -> int | float:
        value = number(self.texts[self.at]) if self.kinds[self.at] == "number" else None
        if value is None:
            self.fail(MofStatus.ILLEGAL_CONSTANT_VALUE, "a decimal, 0x…, 0…, …b or real number that is not too large")
        self.at += 1
        return value

    def char(self) -> Char:
        at = self.offset
        text = self._unquoted()
        if len(text) != 1:
            self.refuse(MofStatus.ILLEGAL_CONSTANT_VALUE, "expected one character between single quotes", at)
        return Char(text)

    def alias(self) -> Alias:
        """`$name`, which stands next."""
        text = self.texts[self.at]
        if text == "$":
            self.at += 1
            self.fail(MofStatus.EXPECTED_ALIAS_NAME, "the name of an alias after the dollar sign")
        self.at += 1
        return Alias(text, self.offsets[self.at - 1])

    def alias_name(self) -> Alias | None:
        """`as $name`, or nothing."""
        if not self.accept_word("as"):
            return None
        if self.kinds[self.at] != "alias":
            self.fail(MofStatus.EXPECTED_DOLLAR, "an alias that begins with a dollar sign")
        return self.alias()

    def _unquoted(self) -> str:
        text = unquote(self.texts[self.at])
        if isinstance(text, int):
            start = self.offset + text
            problem = f"'{self.source.text[start : start + 2]}' is no escape: a backslash is written \\\\"
            self.refuse(MofStatus.ILLEGAL_CONSTANT_VALUE, problem, start)
        self.at += 1
        return text
