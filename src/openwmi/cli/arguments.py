"""`NAME=VALUE` on the command line -> values of the types that a method declares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import click

from openwmi.base.case import NameMap, fold
from openwmi.base.error import WbemError
from openwmi.model import CimClass, CimInstance, CimType, Parameter, Type, parse_datetime

_BOOLEANS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_REALS: Final = {CimType.REAL32, CimType.REAL64}
_TEXTS: Final = {CimType.STRING, CimType.REFERENCE, CimType.CHAR16}


class Wanted:
    """The parameters that were given to a method, as texts.

    Attributes:
        texts: by the name as it was written, the values in order; one unless it was repeated.
        types: the declared type of each of these; those that the method does not have are left out.
        embedded: the classes of embedded objects among them, which `typed_inputs` wants to have.
    """

    def __init__(self, class_: CimClass, method: str, pairs: Iterable[str]) -> None:
        """UsageError for what is not NAME=VALUE."""
        declared = NameMap((parameter.name, parameter) for parameter in _inputs(class_, method))
        texts: dict[str, list[str]] = {}
        spelt: dict[str, str] = {}
        for pair in pairs:
            name, equals, text = pair.partition("=")
            if not equals or not name:
                raise click.UsageError(f"{pair!r} is not NAME=VALUE")
            texts.setdefault(spelt.setdefault(fold(name), name), []).append(text)
        self.texts = texts
        self.types = {name: declared[name].type for name in texts if name in declared}
        self.embedded = {
            type_.class_name for type_ in self.types.values() if type_.cim is CimType.OBJECT and type_.class_name
        }


def typed_inputs(wanted: Wanted, embedded: Mapping[str, CimClass]) -> dict[str, object]:
    """The values. What the method does not declare stays text: the call will refuse it.

    Args:
        wanted: the texts.
        embedded: the classes that `wanted` asks for, by their names.

    Errors: UsageError names the parameter and its type.
    """
    inputs: dict[str, object] = {}
    for name, texts in wanted.texts.items():
        type_ = wanted.types.get(name)
        try:
            inputs[name] = texts[-1] if type_ is None else _value(type_, texts, embedded)
        except (ValueError, KeyError) as error:
            shown = ", ".join(map(repr, texts))
            reason = f": {error}" if isinstance(error, _NoValueError) else ""
            raise click.UsageError(f"{name} is a {type_}, which {shown} is not{reason}") from None
        except WbemError as error:
            raise click.UsageError(f"{name}: {error.message}") from None
    return inputs


class _NoValueError(ValueError):
    """Why a text is no value; of other ValueErrors the text says nothing to a caller."""


def _inputs(class_: CimClass, method: str) -> tuple[Parameter, ...]:
    found = [declared for declared in class_.methods if fold(declared.name) == fold(method)]
    return found[0].inputs if found else ()


def _value(type_: Type, texts: list[str], embedded: Mapping[str, CimClass]) -> object:
    if not type_.array:
        if len(texts) > 1:
            raise _NoValueError("it was given more than once, and is no array")
        return type_.check(_scalar(type_, texts[0], embedded))
    one = Type(type_.cim, class_name=type_.class_name)
    if len(texts) == 1 and texts[0].startswith("["):
        return type_.check(tuple(_from_json(one, item, embedded) for item in _json(texts[0], list)))
    return type_.check(tuple(_scalar(one, text, embedded) for text in texts))


def _scalar(type_: Type, text: str, embedded: Mapping[str, CimClass]) -> object:
    if type_.cim in _TEXTS:
        return text
    if type_.cim is CimType.OBJECT:
        return _object(type_, _json(text, dict), embedded)
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


def _from_json(type_: Type, item: Any, embedded: Mapping[str, CimClass]) -> object:
    if isinstance(item, str):
        return _scalar(type_, item, embedded)
    return _object(type_, item, embedded) if isinstance(item, dict) else item


def _moment(text: str) -> object:
    """CIM's own form, or ISO 8601 with an offset."""
    if len(text) == 25 and text[14] == ".":
        return parse_datetime(text)
    when = datetime.fromisoformat(text)
    if when.tzinfo is None:
        raise _NoValueError("it says no offset from UTC, such as +00:00")
    return when


def _object(type_: Type, values: dict[str, Any], embedded: Mapping[str, CimClass]) -> CimInstance:
    if type_.class_name is None:
        raise _NoValueError("its class is not declared, so that it cannot be written here")
    class_ = embedded[type_.class_name]
    typed = {}
    for name, item in values.items():
        if name == "__CLASS":
            continue
        declared = class_.property(name).type if name in class_ else None
        one = None if declared is None else Type(declared.cim, class_name=declared.class_name)
        if one is None or item is None:
            typed[name] = item
        elif isinstance(item, list):
            typed[name] = tuple(_from_json(one, each, embedded) for each in item)
        else:
            typed[name] = _from_json(one, item, embedded)
    return class_.instance(typed)


def _json(text: str, kind: type[Any]) -> Any:
    import json  # noqa: PLC0415 - few calls need it

    try:
        value = json.loads(text)
    except ValueError as error:
        raise _NoValueError(f"as JSON, {error}") from None
    if not isinstance(value, kind):
        raise _NoValueError(
            "an object is written as JSON: {...}" if kind is dict else "an array is written as JSON: [...]"
        )
    return value
