"""CIM values as JSON and as text: integers as numbers, datetime and interval in ISO 8601, NULL as null or nothing."""

from __future__ import annotations

from openwmi.base.error import WbemError
from openwmi.model import CimClass, CimDateTime, CimInstance, CimInterval

# What would move the cursor or change the terminal's colours; a process may call itself anything.
_CONTROL = dict.fromkeys((*range(32), *range(127, 160)), "�")


def plain(value: object) -> object:
    """The value as `json.dumps` takes it; objects are nested, with `__CLASS`."""
    if isinstance(value, CimDateTime | CimInterval):
        return _iso(value)
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, CimInstance):
        return {"__CLASS": value.class_.name, **{name: plain(value[name]) for name in value.class_.names}}
    if isinstance(value, CimClass):
        return {
            "__CLASS": value.name,
            "superclass": value.superclass,
            "properties": {member.name: str(member.type) for member in value.properties},
            "methods": [method.name for method in value.methods],
        }
    return value


def text_of(value: object) -> str:
    """The value on one line."""
    if value is None:
        return ""
    if isinstance(value, CimDateTime | CimInterval):
        return _iso(value)
    if isinstance(value, tuple):
        return "{" + ", ".join(map(text_of, value)) + "}"
    if isinstance(value, CimInstance):
        return f"{value.class_.name} {text_of(value.values_)}"
    return str(value).translate(_CONTROL)


def _iso(value: CimDateTime | CimInterval) -> str:
    try:
        return value.isoformat()
    except WbemError:
        return str(value)  # one with wildcards has no ISO form
