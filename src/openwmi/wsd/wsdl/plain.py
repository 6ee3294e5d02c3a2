"""Messages as JSON has them: names, texts, numbers, lists; for people who type them, and those who read them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any as Value
from typing import NoReturn

from openwmi.base.case import fold
from openwmi.base.fault import LocalProtocolError
from openwmi.soap import Fragment, QName
from openwmi.wsd.wsdl import simple as simples
from openwmi.wsd.wsdl.shapes import Any, Attribute, Element, Repeated, Simple, Struct, inside
from openwmi.wsd.wsdl.texts import Duration
from openwmi.wsd.wsdl.types import Codec, Types

Octets = Callable[[str], Value]


def to_plain(value: Value) -> Value:
    """A message, or what is in one. Octets are base64; what travels beside the envelope is left as it is."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Duration | QName | Decimal):
        return str(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Fragment):
        return value.text
    if isinstance(value, tuple):
        return [to_plain(each) for each in value]
    if is_dataclass(value) and not hasattr(value, "content_id"):
        return {each.name: to_plain(getattr(value, each.name)) for each in fields(value)}
    return value


def from_plain(types: Types, codec: Codec[Value], given: Value, octets: Octets) -> Value:
    """A message. LocalProtocolError says which field does not fit, and what there is.

    Args:
        types, codec: of its contract.
        given: for a struct its fields, by name; anything may be a text.
        octets: makes what travels beside the envelope of a text.
    """
    return _Reading(types, octets).value(codec.element, given, codec.element.name.local)


class _Reading:
    def __init__(self, types: Types, octets: Octets) -> None:
        self._types = types
        self._octets = octets

    def value(self, part: Element | Any | Repeated | Attribute, given: Value, where: str) -> Value:
        """One of them."""
        if given is None:
            return None
        if isinstance(part, Any) or part.type is None:
            return Fragment.parse(str(given))
        if isinstance(part.type, str):
            return self._struct(part.type, given, where)
        return self._text(part.type, given, where)

    def _text(self, simple: Simple, given: Value, where: str) -> Value:
        if isinstance(given, list) and simple.item is not None:
            given = " ".join(map(_word, given))
        if isinstance(given, list | dict):
            _refuse(where, f"one value is wanted, and not {given!r:.80}")
        text = _word(given)
        if simples.is_binary(simple):
            return self._octets(text)
        try:
            return simples.compile_simple(simple, self._types.enums).parse(text)
        except ValueError as error:
            _refuse(where, str(error))

    def _struct(self, key: str, given: Value, where: str) -> Value:
        struct = self._types.structs[key]
        parts = _parts(struct)
        if not isinstance(given, Mapping):
            if struct.text is None:
                _refuse(
                    where, f"its fields are {', '.join(parts) or 'none'}: give NAME.FIELD=VALUE, or an object of JSON"
                )
            given = {"value": given}
        found: dict[str, Value] = {}
        for name, each in given.items():
            field = name if name in parts else next((one for one in parts if fold(one) == fold(name)), None)
            if field is None:
                _refuse(where, f"it has no {name}; it has {', '.join(parts) or 'nothing'}")
            found[field] = self._field(parts[field], each, f"{where}.{field}")
        class_ = self._types.classes[key]
        try:
            return class_(**found)
        except TypeError:
            missing = [each.name for each in fields(class_) if each.default is MISSING and each.name not in found]
            _refuse(where, f"it needs {', '.join(missing)}")

    def _field(self, part: Element | Any | Repeated | Attribute | Simple, given: Value, where: str) -> Value:
        if isinstance(part, Simple):
            return self._text(part, given, where)
        is_many = isinstance(part, Repeated) or (not isinstance(part, Attribute) and part.is_many)
        if is_many:
            return tuple(self.value(part, each, where) for each in (given if isinstance(given, list) else [given]))
        is_list = isinstance(part, Element | Attribute) and isinstance(part.type, Simple) and part.type.item is not None
        if isinstance(given, list) and not is_list:
            _refuse(where, f"one value is wanted, and not {len(given)}")
        return self.value(part, given, where)


def _parts(struct: Struct) -> dict[str, Element | Any | Repeated | Attribute | Simple]:
    found: dict[str, Element | Any | Repeated | Attribute | Simple] = {}
    if struct.text is not None:
        found["value"] = struct.text
    found.update((each.field, each) for each, _ in inside(struct.content))
    found.update((each.field, each) for each in struct.attributes)
    return found


def _word(given: Value) -> str:
    return str(given).lower() if isinstance(given, bool) else str(given)


def _refuse(where: str, why: str) -> NoReturn:
    raise LocalProtocolError(f"{where}: {why}") from None
