"""`NAME=VALUE` and `NAME:=JSON` on the command line -> values of the types that a method or a class declares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import click

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.cli.typed import Classes, NoValueError, from_json, from_text, parse_json
from openwmi.model import Type


class Given(NamedTuple):
    """What was given under one name.

    Attributes:
        name: as it was written first.
        texts: in order; one unless it was repeated.
        as_json: whether they are JSON.
    """

    name: str
    texts: list[str]
    as_json: bool


def parse_pairs(pairs: Iterable[str]) -> list[Given]:
    """UsageError for what is neither NAME=VALUE nor NAME:=JSON, and for a name that was given in both ways."""
    given: dict[str, Given] = {}
    for pair in pairs:
        left, equals, text = pair.partition("=")
        name = left.removesuffix(":")  # no name ends like that
        if not equals or not name:
            raise click.UsageError(f"{pair!r} is not NAME=VALUE")
        one = given.setdefault(fold(name), Given(name, [], left != name))
        if one.as_json != (left != name) or (one.as_json and one.texts):
            raise click.UsageError(f"{name} was given more than once: write an array as JSON, or repeat NAME=VALUE")
        one.texts.append(text)
    return list(given.values())


def typed_values(given: Iterable[Given], types: Mapping[str, Type], classes: Classes) -> dict[str, object]:
    """The values by their names. What is not declared stays as it is: whoever is given it will refuse it.

    Args:
        given: the texts.
        types: what is declared; names are found without regard to case.
        classes: those of embedded objects.

    Errors: UsageError names what does not fit, and its type; UnknownClassError for a class that `classes` has not.
    """
    values: dict[str, object] = {}
    for name, texts, as_json in given:
        type_ = types.get(name)
        try:
            values[name] = _value(type_, texts, as_json, classes)
        except (ValueError, KeyError) as error:
            shown = ", ".join(map(repr, texts))
            reason = f": {error}" if isinstance(error, NoValueError) else ""
            kind = "as JSON" if type_ is None else f"a {type_}"
            raise click.UsageError(f"{name} is {kind}, which {shown} is not{reason}") from None
        except WbemError as error:
            raise click.UsageError(f"{name}: {error.message}") from None
    return values


def _value(type_: Type | None, texts: list[str], as_json: bool, classes: Classes) -> Any:
    if as_json:
        value = parse_json(texts[0])
        return value if type_ is None else type_.check(from_json(type_, value, classes))
    return texts[-1] if type_ is None else type_.check(from_text(type_, texts, classes))
