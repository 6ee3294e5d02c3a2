"""The text of ASSOCIATORS OF and REFERENCES OF for conditions that are given one by one; the path is a parameter."""

from __future__ import annotations

import re

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.model.path import NAME

_NAME = re.compile(NAME)


def associators_of(**conditions: object) -> str:
    """With `:path` for the path. The names are the keywords of WQL. INVALID_PARAMETER for what is no name."""
    return _text("ASSOCIATORS", conditions)


def references_of(**conditions: object) -> str:
    """The same for REFERENCES OF."""
    return _text("REFERENCES", conditions)


def _text(verb: str, conditions: dict[str, object]) -> str:
    words = []
    for keyword, value in conditions.items():
        if value is True:
            words.append(keyword)
        elif value is not None and value is not False:
            if not isinstance(value, str) or not _NAME.fullmatch(value):
                raise WbemError(WbemStatus.INVALID_PARAMETER, f"{keyword} is a name, and this is {value!r}")
            words.append(f"{keyword} = {value}")
    text = f"{verb} OF {{:path}}"
    return f"{text} WHERE {' '.join(words)}" if words else text
