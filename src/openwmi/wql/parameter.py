"""Values that callers bind to the parameters of a query, as constants of the tree."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import isfinite

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.model import CimDateTime, CimInterval, ObjectPath
from openwmi.wql.lexer import writable
from openwmi.wql.tree import Constant


def bind(name: str, value: object) -> Constant | None:
    """`value` as a constant; None is NULL. WbemError(INVALID_PARAMETER) if no constant can say it."""
    match value:
        case None | bool():
            return value
        case int() if writable(value):
            return int(value)
        case float() if isfinite(value):
            return float(value)
        case str():
            return value
        case CimDateTime() | CimInterval() | ObjectPath():
            return str(value)
        case datetime() if value.tzinfo is not None:
            return str(CimDateTime.from_datetime(value))
        case timedelta():
            return str(CimInterval.from_timedelta(value))
    kind = "a datetime without an offset" if isinstance(value, datetime) else f"a value of type {type(value).__name__}"
    raise WbemError(
        WbemStatus.INVALID_PARAMETER,
        f"the parameter :{name} is {kind}; a query takes text, numbers that are finite and not enormous, booleans, "
        "None, dates with their offset, intervals and object paths",
    )
