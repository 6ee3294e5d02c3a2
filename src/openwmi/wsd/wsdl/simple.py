"""Simple types, compiled: white space, lists, unions, enumerations and facets (XML Schema part 2, 2 and 4.3).

What is read raises ValueError for whatever the type does not allow; what is written, LocalProtocolError.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from operator import eq, ge, gt, le, lt
from typing import Any, Final

from openwmi.base.fault import LocalProtocolError
from openwmi.wsd.wsdl.patterns import compile_pattern
from openwmi.wsd.wsdl.shapes import NO_FACETS, Facets, Simple
from openwmi.wsd.wsdl.texts import TEXTS, Text

Enums = Mapping[str, type[StrEnum]]
Check = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Codec:
    """Of one simple type: `parse` takes a text as it stands in a document, `format` gives one ready to stand in it."""

    parse: Callable[[str], Any]
    format: Callable[[Any], str]


_SPACES: Final = re.compile("[\t\n\r]")
_BLANKS: Final = re.compile("[\x20\t\n\r]+")
_MEASURED: Final = {"hexBinary", "base64Binary"}


def compile_simple(simple: Simple, enums: Enums) -> Codec:
    """What reads and writes its values."""
    if simple.members:
        return _with_facets(_union(simple, enums), simple, enums)
    if simple.item is not None:
        return _with_facets(_list(compile_simple(simple.item, enums)), simple, enums)
    return _with_facets(_built_in(simple), simple, enums)


def annotation(simple: Simple) -> str:
    """The type of its values, as a module says it."""
    if simple.enum:
        return simple.enum
    if simple.members:
        return " | ".join(dict.fromkeys(map(annotation, simple.members)))
    if simple.item is not None:
        return f"tuple[{annotation(simple.item)}, ...]"
    return TEXTS[simple.base].python


def is_binary(simple: Simple) -> bool:
    """Whether an element of it may travel as an attachment."""
    return simple.base == "base64Binary" and simple.facets == NO_FACETS


def has_names(simple: Simple) -> bool:
    """Whether its texts hold names whose prefixes the document declares."""
    return (simple.item or simple).base in {"QName", "NOTATION"}


def words(text: str) -> list[str]:
    """The items of a list."""
    return [word for word in _BLANKS.split(text) if word]


def spaced(space: str) -> Callable[[str], str]:
    """What becomes of white space."""
    return _FITS[space]


def _replace(text: str) -> str:
    return _SPACES.sub(" ", text)


def _collapse(text: str) -> str:
    return _BLANKS.sub(" ", text).strip(" ")


_FITS: Final[dict[str, Callable[[str], str]]] = {"preserve": str, "replace": _replace, "collapse": _collapse}


def _built_in(simple: Simple) -> Codec:
    text = TEXTS[simple.base]
    space = simple.space or text.space
    fit = spaced(space)
    is_text = text.types == (str,)
    parse, write, types = text.parse, text.format, text.types
    no_bool = bool not in types

    def read(found: str) -> Any:
        return _in_range(parse(fit(found)), text)

    def put(value: Any) -> str:
        if not isinstance(value, types) or (no_bool and isinstance(value, bool)):
            raise LocalProtocolError(f"{_wanted(text)} is wanted, and not {value!r:.80}")
        try:
            return write(_in_range(parse(fit(str(value))) if is_text else value, text))
        except ValueError as error:
            raise LocalProtocolError(str(error)) from None

    if is_text and space == "preserve":
        return Codec(str, _put_string)
    return Codec(parse if text.least is None and text.most is None and space == "preserve" else read, put)


def _put_string(value: Any) -> str:
    if not isinstance(value, str):
        raise LocalProtocolError(f"a str is wanted, and not {value!r:.80}")
    return _ESCAPE(value)


_ESCAPE: Final = TEXTS["string"].format


def _wanted(text: Text) -> str:
    return f"{'an' if text.python[0] in 'aeiou' else 'a'} {text.python}"


def _in_range(value: Any, text: Text) -> Any:
    if (text.least is not None and value < text.least) or (text.most is not None and value > text.most):
        raise ValueError(f"{value} is not from {_end(text.least)} to {_end(text.most)}")
    return value


def _end(bound: int | None) -> str:
    return "any" if bound is None else str(bound)


def _list(item: Codec) -> Codec:
    def parse(text: str) -> tuple[Any, ...]:
        return tuple(map(item.parse, words(text)))

    def put(value: Any) -> str:
        if isinstance(value, str | bytes) or not hasattr(value, "__iter__"):
            raise LocalProtocolError(f"a list is wanted, and not {value!r:.80}")
        texts = [item.format(each) for each in value]
        if any(words(text) != [text] for text in texts):
            raise LocalProtocolError("the items of a list are words: not empty, and without white space")
        return " ".join(texts)

    return Codec(parse, put)


def _union(simple: Simple, enums: Enums) -> Codec:
    """The first member that takes it."""
    members = [compile_simple(each, enums) for each in simple.members]

    def parse(text: str) -> Any:
        for member in members:
            try:
                return member.parse(text)
            except ValueError:
                continue
        raise ValueError(f"{text[:80]!r} is of none of the types {annotation(simple)}")

    def put(value: Any) -> str:
        for member in members:
            try:
                return member.format(value)
            except LocalProtocolError:
                continue
        raise LocalProtocolError(f"{value!r:.80} is of none of the types {annotation(simple)}")

    return Codec(parse, put)


def _with_facets(codec: Codec, simple: Simple, enums: Enums) -> Codec:
    facets = simple.facets
    if facets == NO_FACETS:
        return codec
    checks = _checks(simple, codec, facets)
    texts = _text_checks(facets)
    fit = spaced(_space(simple))
    enum = enums.get(simple.enum)

    def check(value: Any, text: str) -> None:
        for what, holds in texts:
            if not holds(text):
                raise ValueError(f"{text[:80]!r} does not have {what}")
        for what, holds in checks:
            if not holds(value):
                raise ValueError(f"{value!r:.80} does not have {what}")

    def parse(text: str) -> Any:
        text = fit(text)
        value = codec.parse(text)
        check(value, text)
        return value if enum is None else enum(value)

    def put(value: Any) -> str:
        text = codec.format(value)
        try:
            plain = _unescaped(text)
            check(codec.parse(plain), plain)
        except ValueError as error:
            raise LocalProtocolError(str(error)) from None
        return text

    return Codec(parse, put)


def _space(simple: Simple) -> str:
    if simple.space:
        return simple.space
    return "collapse" if simple.members or simple.item is not None else TEXTS[simple.base].space


def _unescaped(text: str) -> str:
    if "&" not in text:
        return text
    for entity, char in (("&#13;", "\r"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(entity, char)
    return text


def _checks(simple: Simple, codec: Codec, facets: Facets) -> list[tuple[str, Check]]:
    """Of values. What each is called stands in the error."""
    found: list[tuple[str, Check]] = []
    if facets.values:
        allowed = tuple(codec.parse(each) for each in facets.values)
        found.append((f"one of the values {', '.join(facets.values)[:200]}", lambda value: value in allowed))
    if simple.item is not None or simple.base in _MEASURED or (simple.base and TEXTS[simple.base].types == (str,)):
        found += [
            (f"{word} {bound}", _measured(compare, bound))
            for word, bound, compare in (
                ("the length", facets.length, eq),
                ("at least the length", facets.min_length, ge),
                ("at most the length", facets.max_length, le),
            )
            if bound is not None
        ]
    for word, text, above, inclusive in (
        ("a value of at least", facets.least, True, True),
        ("a value of at most", facets.most, False, True),
        ("a value above", facets.above, True, False),
        ("a value below", facets.below, False, False),
    ):
        if text is not None:
            found.append((f"{word} {text}", _bounded(codec.parse(text), above=above, inclusive=inclusive)))
    if facets.digits is not None:
        found.append((f"at most {facets.digits} digits", lambda value: _digits(value)[0] <= (facets.digits or 0)))
    if facets.fraction is not None:
        what = f"at most {facets.fraction} digits behind the point"
        found.append((what, lambda value: _digits(value)[1] <= (facets.fraction or 0)))
    return found


def _measured(compare: Callable[[int, int], bool], bound: int) -> Check:
    return lambda value: compare(len(value), bound)


def _bounded(limit: Any, *, above: bool, inclusive: bool) -> Check:
    """Of times with an offset and without, none is certain to be the earlier one."""
    compare = {(True, True): ge, (True, False): gt, (False, True): le, (False, False): lt}[above, inclusive]

    def check(value: Any) -> bool:
        try:
            return bool(compare(value, limit))
        except TypeError:
            return inclusive

    return check


def _text_checks(facets: Facets) -> list[tuple[str, Callable[[str], bool]]]:
    if not facets.patterns:
        return []
    from elementpath.regex import translate_pattern  # noqa: PLC0415 - few types have a pattern

    def python(pattern: str) -> str:
        return str(translate_pattern(pattern, back_references=False, lazy_quantifiers=False, anchors=False))

    return [
        (f"the form {' or '.join(each)}"[:200], _one_of([compile_pattern(pattern, python) for pattern in each]))
        for each in facets.patterns
    ]


def _one_of(checks: list[Callable[[str], bool]]) -> Callable[[str], bool]:
    return lambda text: any(check(text) for check in checks)


def _digits(value: Any) -> tuple[int, int]:
    number = Decimal(value).normalize()
    _, digits, exponent = number.as_tuple()
    behind = max(0, -int(exponent))
    return max(len(digits) + max(0, int(exponent)), behind), behind
