"""The handle that select and poll can wait for, with eventfd and with a pair of sockets; and an operation's own."""

from __future__ import annotations

import gc
import select
import threading
from pathlib import Path

import pytest

from openwmi.operation import Operation, SingleResult, WaitHandle, waithandle

DESCRIPTORS = Path("/proc/self/fd")
KINDS = [pytest.param(True, id="eventfd"), pytest.param(False, id="sockets")]


@pytest.fixture(params=KINDS, autouse=True)
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    eventfd: bool = request.param
    if eventfd and not waithandle.HAS_EVENTFD:
        pytest.skip("this system has no eventfd")
    monkeypatch.setattr(waithandle, "HAS_EVENTFD", eventfd)
    return eventfd


def readable(handle: WaitHandle) -> bool:
    return bool(select.select([handle], [], [], 0)[0])


def test_it_is_readable_while_it_is_set() -> None:
    with WaitHandle() as handle:
        assert (readable(handle), handle.is_set, handle.wait(0)) == (False, False, False)
        for _ in range(3):
            handle.set()
        assert (readable(handle), handle.is_set, handle.wait(0)) == (True, True, True)
        for _ in range(2):
            handle.clear()
        assert (readable(handle), handle.is_set, handle.wait(0)) == (False, False, False)


def test_a_thread_waits_for_another() -> None:
    with WaitHandle() as handle:
        assert not handle.wait(0.01)
        threading.Timer(0.01, handle.set).start()
        assert handle.wait(5)


def test_without_poll_it_waits_by_select(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(select, "poll")
    with WaitHandle() as handle:
        assert not handle.wait(0.01)
        threading.Timer(0.01, handle.set).start()
        assert handle.wait(5)


def test_a_closed_one_is_set_no_more() -> None:
    handle = WaitHandle()
    for _ in range(2):
        handle.close()
    handle.set()
    handle.clear()
    assert handle.closed
    with pytest.raises(ValueError, match="closed"):
        handle.fileno()


@pytest.mark.skipif(not DESCRIPTORS.is_dir(), reason="open descriptors are counted by /proc")
def test_a_forgotten_one_leaks_nothing() -> None:
    gc.collect()
    before = len(list(DESCRIPTORS.iterdir()))
    for _ in range(50):
        WaitHandle().set()
    gc.collect()
    assert len(list(DESCRIPTORS.iterdir())) == before


async def test_the_end_of_an_operation_sets_its_handle() -> None:
    results: SingleResult[int] = SingleResult("answer")
    operation = Operation(results)
    with operation.wait_handle() as handle, operation.wait_handle() as other:
        assert not readable(handle)
        results.finish(42)
        assert readable(handle)
        assert readable(other)
    with operation.wait_handle() as late:
        assert readable(late)


async def test_a_handle_that_was_closed_does_not_disturb_the_end() -> None:
    results: SingleResult[int] = SingleResult("answer")
    operation = Operation(results)
    operation.wait_handle().close()
    results.finish(42)
    assert await operation == 42
