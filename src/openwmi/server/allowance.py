"""How many result sets a user may leave open: each may hold the rows of a whole class, and nothing else counts them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from openwmi.base import limits
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus


class Allowance:
    """Shared by all connections of a server."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()

    def take(self, principal: str) -> Callable[[], None]:
        """One more result set; what is returned gives it back, once. QUOTA_VIOLATION where there are too many."""
        if self._open[principal] >= limits.ENUMERATORS_PER_PRINCIPAL:
            raise WbemError(
                WbemStatus.QUOTA_VIOLATION,
                f"{limits.ENUMERATORS_PER_PRINCIPAL} enumerators with results are open: read them to the end, or "
                "release some",
            )
        self._open[principal] += 1
        held = True

        def give_back() -> None:
            nonlocal held
            if held:
                held = False
                self._open[principal] -= 1
                if not self._open[principal]:
                    del self._open[principal]

        return give_back
