"""A place in the words of one query: looking, stepping on, and saying what was expected. What all statements share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.wql.lexer import RESERVED, Token, is_name, tokenize
from openwmi.wql.parameter import bind
from openwmi.wql.place import invalid_query, shown
from openwmi.wql.tree import Constant


class Words:
    """Each method reads one thing and leaves the place behind it. INVALID_QUERY, with the place, if it is not there.

    Attributes:
        text: the query.
        tokens: its words.
        at: the place among them.
        bound: the parameters that have been met.
    """

    def __init__(self, text: str, parameters: Mapping[str, object] | None) -> None:
        self.text = text
        self.tokens = tokenize(text)
        self.at = 0
        self.bound: set[str] = set()
        self._parameters = parameters

    def next_is(self, *words: str) -> bool:
        """Whether the next token is one of these keywords."""
        return self.tokens[self.at].text.upper() in words

    def accept(self, word: str) -> bool:
        """Steps over the next token if it is this keyword or mark."""
        found = self.tokens[self.at].text.upper() == word
        self.at += found
        return found

    def expect(self, word: str, after: str | None = None) -> None:
        if not self.accept(word):
            self.fail(word + (after or ""))

    def name(self, wanted: str) -> Token:
        """A name without dots."""
        if not is_name(self.tokens[self.at].text):
            self.fail(wanted)
        return self.property(wanted)

    def property(self, wanted: str) -> Token:
        """A name, or the path to a property of an embedded object."""
        token = self.tokens[self.at]
        if token.kind != "name" or token.text.upper() in RESERVED:
            self.fail(wanted)
        self.at += 1
        return token

    def parameter(self, token: Token) -> Constant | None:
        """The value of a parameter; None is NULL. INVALID_PARAMETER if there is none, or one that no query can have."""
        name = token.text[1:]
        if self._parameters is None:
            raise invalid_query(self.text, token.offset, f"the parameter {shown(token.text)} has no value")
        if name not in self._parameters:
            given = ", ".join(shown(key) for key in self._parameters) or "none"
            raise WbemError(
                WbemStatus.INVALID_PARAMETER, f"the parameter {shown(token.text)} has no value; given: {given}"
            )
        self.bound.add(name)
        return bind(name, self._parameters[name])

    def unused(self) -> list[str]:
        """The names of the parameters that have not been met."""
        return [name for name in self._parameters or () if name not in self.bound]

    def fail(self, wanted: str) -> NoReturn:
        token = self.tokens[self.at]
        raise invalid_query(self.text, token.offset, f"expected {wanted}, found {name_of(token)}")


def name_of(token: Token) -> str:
    """A token as a message says it."""
    if token.kind == "end":
        return "the end of the query"
    if token.kind == "junk" and token.text in "\"'{":
        return "a brace that is not closed" if token.text == "{" else "a string that does not end"
    return f"the keyword {token.text.upper()}" if token.text.upper() in RESERVED else f"'{shown(token.text)}'"
