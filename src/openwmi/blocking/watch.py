"""How the loop waits: it says when it sleeps, and looks at what other threads have posted without being woken.

asyncio wakes its loop with a write to a socket for each function that another thread hands over, and the loop reads the
socket twice. Here a thread writes only when the loop sleeps; and where the loop has something to do anyway, it asks the
kernel what came only now and then, since each time it lets go of the interpreter's lock.
"""

from __future__ import annotations

import selectors
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Any, Final

UNASKED_SECONDS: Final = 0.0002
"""How long a loop that has something to do goes on without asking the kernel: a packet may wait so much longer."""


class Watch(selectors.DefaultSelector):
    """The selector of a loop whose work also comes by a deque.

    Attributes:
        asleep: whether a write to a socket is needed before the loop looks at the deque.
        notice: is called on the loop's thread when something is in the deque.
    """

    notice: Callable[[], object]

    def __init__(self, posted: deque[Any]) -> None:
        super().__init__()
        self.asleep = False
        self._posted = posted
        self._ask_at = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """As every selector's. A timeout of 0 or below is a loop that has something to do."""
        events: list[tuple[selectors.SelectorKey, int]] = []
        if not self._posted and (timeout is None or timeout > 0):
            self.asleep = True
            # Looked at again after that was said: who posted before is seen here, and who posts from now on writes.
            if not self._posted:
                events = super().select(timeout)
                self._ask_at = monotonic() + UNASKED_SECONDS
            self.asleep = False
        elif monotonic() >= self._ask_at:
            events = super().select(0)
            self._ask_at = monotonic() + UNASKED_SECONDS
        if self._posted:
            self.notice()
        return events
