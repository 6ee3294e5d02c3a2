"""Pages of objects on disk, under one quota for the whole process.

The file has no name (it is gone with the process, whatever happens to it) and nobody else can open it, which is why the
objects may be pickled: we never read what we did not write.
"""

from __future__ import annotations

import os
import pickle
import tempfile
import threading
from collections import deque
from typing import Generic, TypeVar, cast

from openwmi.base.error import WbemError
from openwmi.base.limits import SPOOL_QUOTA_BYTES
from openwmi.base.status import WbemStatus

T = TypeVar("T")


class Quota:
    """What all users of it may hold together, bytes or objects. Loops on several threads share the process's one."""

    def __init__(self, limit: int) -> None:
        self._lock = threading.Lock()
        self._returned: deque[int] = deque()
        self._taken = 0
        self.limit = limit

    @property
    def used(self) -> int:
        """What is held just now."""
        with self._lock:
            return self._settle()

    def take(self, size: int) -> None:
        """WbemError(QUOTA_VIOLATION) if there is not that much left."""
        with self._lock:
            if self._settle() + size > self.limit:
                raise WbemError(
                    WbemStatus.QUOTA_VIOLATION,
                    f"kept results would need more than {self.limit:,} bytes of disk in all: "
                    "read them forward-only, or ask for fewer",
                )
            self._taken += size

    def take_up_to(self, size: int) -> int:
        """As much of it as there is left."""
        with self._lock:
            granted = min(size, self.limit - self._settle())
            self._taken += granted
            return granted

    def give_back(self, size: int) -> None:
        # The collector may call this in the midst of `take`, on the same thread: so no lock, and no arithmetic.
        self._returned.append(size)

    def _settle(self) -> int:
        while self._returned:
            self._taken -= self._returned.popleft()
        return self._taken


QUOTA = Quota(SPOOL_QUOTA_BYTES)


class Spool(Generic[T]):
    """A growing list of pages, each a list of objects that can be pickled."""

    def __init__(self, quota: Quota = QUOTA) -> None:
        self._quota = quota
        # The descriptor alone: a file object might be finalized before this one is, and take the quota with it.
        with tempfile.TemporaryFile(prefix="openwmi-") as file:
            self._file: int | None = os.dup(file.fileno())
        self._ends = [0]
        self._last: tuple[int, list[T]] | None = None

    def __len__(self) -> int:
        """How many pages there are."""
        return len(self._ends) - 1

    def append(self, page: list[T]) -> None:
        """WbemError(QUOTA_VIOLATION or OUT_OF_DISK_SPACE) if it does not fit; then nothing has changed."""
        octets = pickle.dumps(page, protocol=pickle.HIGHEST_PROTOCOL)
        self._quota.take(len(octets))
        try:
            self._seek(self._ends[-1])
            left = memoryview(octets)
            while left:
                left = left[os.write(self._descriptor, left) :]
        except OSError as error:
            self._quota.give_back(len(octets))
            raise WbemError(WbemStatus.OUT_OF_DISK_SPACE, f"kept results cannot be written to disk: {error}") from error
        self._ends.append(self._ends[-1] + len(octets))

    def page(self, number: int) -> list[T]:
        """The page, counted from 0. The one read last stays decoded, since readers go through page by page."""
        if self._last is None or self._last[0] != number:
            start, end = self._ends[number], self._ends[number + 1]
            self._seek(start)
            octets = bytearray()
            while len(octets) < end - start:
                octets += os.read(self._descriptor, end - start - len(octets))
            self._last = number, cast(list[T], pickle.loads(octets))  # noqa: S301 - our own octets
        return self._last[1]

    def close(self) -> None:
        """Gives the disk back. Harmless when repeated."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)
            self._quota.give_back(self._ends[-1])
            self._last = None

    def __del__(self) -> None:
        if hasattr(self, "_file"):  # there may have been no room for a file
            self.close()

    @property
    def _descriptor(self) -> int:
        if self._file is None:
            raise ValueError("pages of a spool that was closed")
        return self._file

    def _seek(self, place: int) -> None:
        os.lseek(self._descriptor, place, os.SEEK_SET)
