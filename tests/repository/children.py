"""Other processes, for the tests of the repository: forked, since starting an interpreter takes longer than a test."""

from __future__ import annotations

import os
import pickle
import signal
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
NOBODY = 65534


def in_child(function: Callable[[], T], *, nobody: bool = False) -> T:
    """What the function returns in a child, or raises there; as somebody who may not do everything, with `nobody`."""
    reading, writing = os.pipe()
    child = _fork()
    if not child:
        os.close(reading)
        try:
            signal.alarm(30)
            if nobody and os.geteuid() == 0:
                os.setgroups([])
                os.setresgid(NOBODY, NOBODY, NOBODY)
                os.setresuid(NOBODY, NOBODY, NOBODY)
            result = pickle.dumps((True, function()))
        except BaseException as error:  # noqa: BLE001 - it goes to the parent
            result = pickle.dumps((False, error))
        with os.fdopen(writing, "wb") as out:
            out.write(result)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as back:
        data = back.read()
    os.waitpid(child, 0)
    done, value = pickle.loads(data)
    if not done:
        raise value
    found: T = value
    return found


@contextmanager
def beside(function: Callable[[], object]) -> Iterator[int]:
    """A child that has called the function, and keeps what it made until the block ends; its process."""
    ready, said = os.pipe()
    go, end = os.pipe()
    child = _fork()
    if not child:
        signal.alarm(30)
        os.close(end)
        kept = None
        try:
            kept = function()
            os.write(said, b"+")
            os.read(go, 1)
        finally:
            del kept
            os._exit(0)
    os.close(said)
    os.close(go)
    try:
        assert os.read(ready, 1) == b"+", "the child failed"
        yield child
    finally:
        os.close(ready)
        os.close(end)
        os.waitpid(child, 0)


def _fork() -> int:
    with warnings.catch_warnings():
        # Python fears for locks of other threads: those here wait for work, and hold none.
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()
