"""The thread on which the loop runs: it takes jobs from other threads until it is ended."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections import deque
from contextlib import suppress
from functools import partial

from openwmi.base.fault import LocalProtocolError
from openwmi.base.record import log_bug
from openwmi.blocking.jobs import Job
from openwmi.blocking.watch import Watch

log = logging.getLogger("openwmi.blocking")


class LoopThread:
    """A running loop on a daemon thread: one that hung would otherwise hold up the end of the process.

    Attributes:
        loop: for what has to be done on its thread only.
        ident: the thread's.
    """

    def __init__(self) -> None:
        """LocalProtocolError if there can be no more threads, as at the end of the interpreter."""
        self._posted: deque[Job] = deque()
        self._watch = Watch(self._posted)
        self.loop: asyncio.AbstractEventLoop = asyncio.SelectorEventLoop(self._watch)
        self._watch.notice = partial(self.loop.call_soon, self._take)
        self._bell, self._ear = socket.socketpair()
        self._bell.setblocking(False)
        self._ear.setblocking(False)
        self.loop.add_reader(self._ear, self._hear)
        self._stopping = False
        self._ended = ""
        self._thread = threading.Thread(target=self._main, name="openwmi-loop", daemon=True)
        try:
            self._thread.start()
        except RuntimeError as error:
            self._close()
            raise LocalProtocolError(f"the thread of the event loop cannot be started: {error}") from error
        assert self._thread.ident is not None
        self.ident = self._thread.ident

    def hand_over(self, job: Job) -> None:
        """Has it started on the loop's thread, soon, and after those that were handed over before. From any thread."""
        self._posted.append(job)
        if self._ended:
            self._refuse()
        elif self._watch.asleep:
            with suppress(OSError):  # it is full, and so it rings; or closed, and the job was seen before that
                self._bell.send(b"\0")

    def stop(self, seconds: float) -> None:
        """Ends the loop and its thread, and waits so long for that; whoever waits for something of it hears so."""
        self.loop.call_soon_threadsafe(self._stop)
        self._thread.join(seconds)

    def disown(self, why: str) -> None:
        """In the child of a fork, which has this object and not the thread: jobs are refused, and that is why."""
        self._posted.clear()
        self._ended = why

    def _main(self) -> None:
        while not self._stopping:
            try:
                self.loop.run_forever()
            except BaseException as error:  # noqa: BLE001 - SystemExit of somebody's callback must not end the others
                log_bug(log, "a callback on the event loop's thread raised what would end it", error)
        self._ended = "the event loop has ended, as it does with the interpreter"
        self._refuse()
        self.loop.run_until_complete(_cut())
        self._close()

    def _stop(self) -> None:
        self._stopping = True
        self.loop.stop()

    def _close(self) -> None:
        self.loop.remove_reader(self._ear)
        self._bell.close()
        self._ear.close()
        self.loop.close()

    def _hear(self) -> None:
        with suppress(BlockingIOError):
            self._ear.recv(4096)

    def _take(self) -> None:
        """Those that are there; others that come meanwhile wait for a turn of the loop, as everything does."""
        posted = self._posted
        for _ in range(len(posted)):
            posted.popleft().start()

    def _refuse(self) -> None:
        with suppress(IndexError):
            while True:
                self._posted.popleft().refuse(LocalProtocolError(self._ended))


async def _cut() -> None:
    """Cancels all tasks: whoever waits for one hears of it."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=1)
    await asyncio.get_running_loop().shutdown_asyncgens()
