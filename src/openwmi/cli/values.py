"""CIM values as JSON and as text: integers as numbers, datetime and interval in ISO 8601, NULL as null or nothing.

JSON is read again: where ISO 8601 has no exact form for a datetime, its text there is that of CIM. Text is for people.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isfinite, isnan
from typing import Final

from openwmi.base.error import WbemError
from openwmi.model import CimClass, CimDateTime, CimInstance, CimInterval

# What moves the cursor, changes the terminal's colours or the direction of its text, or is half of a character. A
# process may call itself anything.
_CONTROL: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


_CONTROL_IN_TEXT: Final = re.compile(f"(?!\n){_CONTROL.pattern}")
_UNSHOWN: Final = re.compile(f"(?!\n)(?:{_CONTROL.pattern}|[^\x00-\x7f])")


def one_line(text: str) -> str:
    """The text with its control characters made visible: `\\n`, `\\x1b`, `\\u202e`."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def plain(value: object) -> object:
    """The value as JSON has it; objects are nested, with `__CLASS`.

    JSON has no number for what is not finite: these reals are the texts "NaN", "Infinity" and "-Infinity".
    """
    if isinstance(value, CimDateTime | CimInterval):
        return _exact(value)
    if isinstance(value, float) and not isfinite(value):
        return _real(value)
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, CimInstance):
        return {"__CLASS": value.class_.name, **{name: plain(value[name]) for name in value}}
    if isinstance(value, CimClass):
        return {"__CLASS": value.name}
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    return value


def json_of(value: object, *, ascii_only: bool) -> str:
    """JSON on one line, in which no control character is left raw."""
    import json  # noqa: PLC0415 - the other formats do without

    text = json.dumps(plain(value), ensure_ascii=ascii_only, allow_nan=False)
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)  # they only occur inside of strings


def mof_shown(text: str, *, ascii_only: bool) -> str:
    """MOF with escapes for what would act on a terminal or cannot be shown; this is only found in its strings."""
    hidden = _UNSHOWN if ascii_only else _CONTROL_IN_TEXT
    return hidden.sub(lambda found: _mof_escape(found[0]), text)


def raw_text(value: object) -> str:
    """The value as text for programs: whole, with whatever is in it. NULL is empty; reals and booleans as in WQL."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, CimDateTime | CimInterval):
        return _iso(value)
    if isinstance(value, float):
        return repr(value) if isfinite(value) else _real(value)
    if isinstance(value, tuple):
        return "{" + ", ".join(map(_nested, value)) + "}"
    if isinstance(value, CimInstance):
        given = [f"{name}={_nested(value[name])}" for name in value if value[name] is not None]
        return f"{value.class_.name} {{{', '.join(given)}}}"
    if isinstance(value, CimClass):
        return value.name
    return str(value)


def text_of(value: object) -> str:
    """The value on one line, for people."""
    return one_line(raw_text(value))


def _mof_escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join([f"\\x{units[at]:02X}{units[at + 1]:02X}" for at in range(0, len(units), 2)])


def _nested(value: object) -> str:
    """Quoted, so that a comma inside of a text separates nothing."""
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return raw_text(value)


def _real(value: float) -> str:
    return "NaN" if isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _exact(value: CimDateTime | CimInterval) -> str:
    """ISO 8601 for what it says exactly: not for open fields, a day that no calendar has, or an offset of -000."""
    if isinstance(value, CimDateTime):
        try:
            value.to_datetime()
        except WbemError:
            return str(value)
        if value.text.endswith("-000"):
            return str(value)
    return value.isoformat()


def _iso(value: CimDateTime | CimInterval) -> str:
    try:
        return value.isoformat()
    except WbemError:
        return str(value)  # one with wildcards has no ISO form
