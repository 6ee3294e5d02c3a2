"""A place in the words of one query: looking, stepping on, and saying what was expected. What all statements share."""

from __future__ import annotations

from typing import NoReturn

from openwmi.wql.lexer import RESERVED, Token, is_name, tokenize
from openwmi.wql.place import invalid_query, shown


class Words:
    """Each method reads one thing and leaves the place behind it. INVALID_QUERY, with the place, if it is not there."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokenize(text)
        self.at = 0

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
