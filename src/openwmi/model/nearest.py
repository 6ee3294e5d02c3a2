"""The name that somebody who mistyped one probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from functools import lru_cache
from typing import Final

from openwmi.base.case import fold

# Nobody mistypes a name that is longer; a peer that sends one shall not have it compared with everything.
LONGEST: Final = 100


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The one of `names` that `name` resembles most, without regard to case; None if it resembles none."""
    if len(name) > LONGEST:
        return None
    spellings = {fold(candidate): candidate for candidate in names}
    found = get_close_matches(fold(name), spellings, n=1)
    return spellings[found[0]] if found else None


@lru_cache(maxsize=128)
def hint(name: str, names: tuple[str, ...]) -> str:
    """The end of an error message about an unknown name: `; did you mean 'X'?`, or nothing.

    Kept, since programs ask many objects for what they have not: `getattr(obj, "Name", None)`.
    """
    found = nearest(name, names)
    return f"; did you mean {found!r}?" if found is not None else ""
