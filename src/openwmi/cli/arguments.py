"""`NAME=VALUE` on the command line -> values of the types that a method declares."""

from __future__ import annotations

from collections.abc import Iterable

import click

from openwmi.base.case import fold
from openwmi.model import CimClass, CimType, Type

_TRUE, _FALSE = {"true", "1", "yes"}, {"false", "0", "no"}
_REALS = {CimType.REAL32, CimType.REAL64}
_TEXTS = {CimType.STRING, CimType.DATETIME, CimType.REFERENCE, CimType.CHAR16}


def typed_inputs(class_: CimClass, method: str, pairs: Iterable[str]) -> dict[str, object]:
    """Usage errors name the parameter and its type; what the class does not declare is left for the call to refuse."""
    types: dict[str, Type] = {}
    for declared in class_.methods:
        if fold(declared.name) == fold(method):
            types = {fold(parameter.name): parameter.type for parameter in declared.inputs}
    inputs: dict[str, object] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise click.UsageError(f"{pair!r} is not NAME=VALUE")
        type_ = types.get(fold(name))
        inputs[name] = text if type_ is None else _value(name, type_, text)
    return inputs


def _value(name: str, type_: Type, text: str) -> object:
    if type_.array:
        return tuple(_value(name, Type(type_.cim), item) for item in text.split(",")) if text else ()
    if type_.cim in _TEXTS:
        return text
    try:
        if type_.cim is CimType.BOOLEAN:
            return {**dict.fromkeys(_TRUE, True), **dict.fromkeys(_FALSE, False)}[fold(text)]
        return float(text) if type_.cim in _REALS else int(text, 0)
    except (KeyError, ValueError):
        raise click.UsageError(f"{name} is a {type_}, which {text!r} is not") from None
