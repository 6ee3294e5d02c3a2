"""Texts and JSON as values of CIM types: the inverse of what the formats show."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias, TypeVar

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.model import CimClass, CimInstance, CimInterval, CimType, Type, parse_datetime

T = TypeVar("T")

Classes: TypeAlias = Mapping[str, CimClass]
"""The classes of embedded objects, by their folded names."""

_BOOLEANS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_REALS: Final = {CimType.REAL32, CimType.REAL64}
_TEXTS: Final = {CimType.STRING, CimType.REFERENCE, CimType.CHAR16}
_DURATION: Final = re.compile(r"P(?=.)(?:(\d{1,8})D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d{1,6}))?S)?)?")


class NoValueError(ValueError):
    """Why a text is no value; of other ValueErrors the text says nothing to a caller."""


class UnknownClassError(Exception):
    """The class of an embedded object is needed.

    Attributes:
        name: its name.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


async def with_classes(
    convert: Callable[[Classes], T], fetch: Callable[[str], Awaitable[CimClass]], known: dict[str, CimClass]
) -> T:
    """What `convert` gives once it has all classes that it asks for; those that are fetched stay in `known`."""
    while True:
        try:
            return convert(known)
        except UnknownClassError as missing:
            known[fold(missing.name)] = await fetch(missing.name)


def from_text(type_: Type, texts: Sequence[str], classes: Classes) -> object:
    """The value that one text is, or for an array several; what is still to be checked is its range.

    ValueError, KeyError or WbemError for a text that is none; UnknownClassError.
    """
    if not type_.array:
        if len(texts) > 1:
            raise NoValueError("it was given more than once, and is no array")
        return _scalar(type_, texts[0], classes)
    if len(texts) == 1 and texts[0].startswith("["):
        return from_json(type_, parse_json(texts[0]), classes)
    return tuple([_scalar(_element(type_), text, classes) for text in texts])


def from_json(type_: Type, item: object, classes: Classes) -> object:
    """The value that JSON is, as the formats write it: a text where JSON has no such type. Errors as above."""
    if item is None:
        return None
    if type_.array:
        if not isinstance(item, list):
            raise NoValueError("an array is written as JSON: [...]")
        one = _element(type_)
        return tuple([from_json(one, each, classes) for each in item])
    if isinstance(item, str):
        return _scalar(type_, item, classes)
    if type_.cim is CimType.OBJECT:
        return _object(type_, item, classes)
    return item


def parse_json(text: str) -> Any:
    """NoValueError."""
    import json  # noqa: PLC0415 - few calls need it

    try:
        return json.loads(text, object_pairs_hook=named_once)
    except json.JSONDecodeError as error:
        raise NoValueError(f"as JSON, {error}") from None
    except RecursionError:
        raise NoValueError("this JSON nests too deep") from None
    except NoValueError:
        raise
    except ValueError:
        raise NoValueError("as JSON, it has a number of too many digits") from None


def named_once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object. NoValueError if two of its names differ in nothing, or in case alone."""
    found: dict[str, str] = {}
    for name, _ in pairs:
        folded = fold(name)
        if folded in found:
            raise NoValueError(f"{found[folded]!r} and {name!r} are the same name")
        found[folded] = name
    return dict(pairs)


def _element(type_: Type) -> Type:
    return Type(type_.cim, class_name=type_.class_name)


def _scalar(type_: Type, text: str, classes: Classes) -> object:
    if type_.cim in _TEXTS:
        return text
    if type_.cim is CimType.OBJECT:
        return _object(type_, parse_json(text), classes)
    if type_.cim is CimType.BOOLEAN:
        return _BOOLEANS[fold(text)]
    if type_.cim is CimType.DATETIME:
        return _moment(text)
    if type_.cim in _REALS:
        return float(text)
    try:
        return int(text, 0)
    except ValueError:
        return int(text)  # 007, which Python takes for a slip of the pen


def _moment(text: str) -> object:
    """CIM's own form; or ISO 8601, of which a point in time has an offset."""
    if len(text) == 25 and text[14] == ".":
        return parse_datetime(text)
    duration = _DURATION.fullmatch(text)
    if duration is not None:
        days, hours, minutes, seconds = (int(each or 0) for each in duration.groups()[:4])
        micros = int((duration[5] or "").ljust(6, "0"))
        return CimInterval((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000_000 + micros)
    when = datetime.fromisoformat(text)
    if when.tzinfo is None:
        raise NoValueError(
            "it says no offset from UTC: write 2026-01-31T12:00:00+00:00, or 20260131******.******+*** for a whole day"
        )
    return when


def _object(type_: Type, values: object, classes: Classes) -> CimInstance:
    if not isinstance(values, dict):
        raise NoValueError("an object is written as JSON: {...}")
    name = values.get("__CLASS", type_.class_name)
    if not isinstance(name, str):
        raise NoValueError('its class is not declared: say which it is with "__CLASS"')
    class_ = classes.get(fold(name))
    if class_ is None:
        raise UnknownClassError(name)
    return class_.instance(properties_from_json(class_, values, classes))


def properties_from_json(class_: CimClass, values: Mapping[str, object], classes: Classes) -> dict[str, object]:
    """The properties of an object that is written as JSON; one that the class does not have stays as it is.

    TYPE_MISMATCH names the property; UnknownClassError.
    """
    typed: dict[str, object] = {}
    for name, item in values.items():
        if name == "__CLASS":
            continue
        if fold(name) not in class_.positions:
            typed[name] = item
            continue
        type_ = class_.property(name).type
        try:
            typed[name] = from_json(type_, item, classes)
        except (ValueError, KeyError) as error:
            reason = f": {error}" if isinstance(error, NoValueError) else ""
            raise WbemError(
                WbemStatus.TYPE_MISMATCH, f"{class_.name}.{name} is a {type_}, which {item!r} is not{reason}"
            ) from None
        except WbemError as error:
            raise WbemError(error.status, f"{class_.name}.{name}: {error.message}") from None
    return typed
