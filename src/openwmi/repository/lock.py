"""The right to write a repository, which one program at a time has. Others go on reading."""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from weakref import WeakSet

from openwmi.base.error import WbemError
from openwmi.base.limits import REPOSITORY_LOCK_SECONDS
from openwmi.base.status import WbemStatus
from openwmi.repository.damage import named, unwritable


class Lock:
    """See the module. It is a lock on a file beside the repository, and ends with its process, however that ends."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._beside = file.with_name(file.name + ".lock")
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        return self._descriptor is not None

    def acquire(self, seconds: float | None = None, ask: Callable[[], object] = lambda: None) -> None:
        """Waits for it so long, REPOSITORY_LOCK_SECONDS if nothing is said, and calls `ask` again and again meanwhile.

        SERVER_TOO_BUSY names the program that has it; ACCESS_DENIED, also where something else has the lock's name.
        """
        import fcntl  # noqa: PLC0415 - not on Windows, which has a repository of its own

        try:
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = self._open()
        except OSError as error:
            if isinstance(error, WbemError):
                raise
            raise unwritable(self.file, error) from None
        until = time.monotonic() + (REPOSITORY_LOCK_SECONDS if seconds is None else seconds)
        has_asked = False
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise self._busy(descriptor) from None
                if has_asked:
                    time.sleep(_AGAIN_SECONDS)
                ask()
                has_asked = True
            except OSError as error:
                os.close(descriptor)
                raise unwritable(self.file, error) from None
            else:
                break
        with suppress(OSError):  # a full disk does not keep the lock from being one
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        self._descriptor = descriptor
        _held.add(self)

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
            _held.discard(self)

    def _open(self) -> int:
        """The file of the lock, which must be one of ours: what somebody else keeps there is not to be lost."""
        if self._beside.is_symlink():
            raise self._foreign("a link")
        descriptor = os.open(self._beside, _FLAGS, 0o600)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise self._foreign("no file")
            if _OURS.fullmatch(os.pread(descriptor, _CONTENT_OCTETS + 1, 0)) is None:
                raise self._foreign("a file of something else")
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def _foreign(self, what: str) -> WbemError:
        return WbemError(
            WbemStatus.ACCESS_DENIED,
            f"{named(self.file)} cannot be written: {self._beside}, where its lock should be, is {what}: move that "
            "away, or name another repository",
        )

    def _busy(self, descriptor: int) -> WbemError:
        holder = os.pread(descriptor, _CONTENT_OCTETS, 0).decode("ascii", "replace").strip()
        os.close(descriptor)
        return WbemError(
            WbemStatus.SERVER_TOO_BUSY,
            f"{named(self.file)} is being written by process {holder or 'unknown'}: try again later",
        )


_AGAIN_SECONDS = 0.02
_CONTENT_OCTETS = 32
_OURS = re.compile(rb"[0-9]{0,20}\n?")
# Not through a link that comes to be just now, and without waiting for who reads a pipe.
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK if os.name == "posix" else os.O_RDWR
_held: WeakSet[Lock] = WeakSet()


def _let_go() -> None:
    """In a child that was forked: its copy of a descriptor would keep the lock when its parent has ended."""
    for lock in list(_held):
        lock.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)
