"""Jobs of the scanner: who may take which page, and how a job ends. Time and tokens are passed in.

    Pending ──take──> Processing ──all pages sent──> Completed
       │                  │
       └──────────────────┴── cancel ──> Canceled;  nobody asks for long, a page fails ──> Aborted

A job that has ended is remembered for a while, so that whoever asks hears how.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hmac import compare_digest

from openwmi.base.limits import (
    SCAN_JOBS,
    SCAN_JOBS_KEPT,
    SCAN_JOBS_PER_CLIENT,
    SCAN_PAGES_AHEAD,
    SCAN_RETRIEVE_SECONDS,
)
from openwmi.wsd.scanner.refusals import Refusal, refused
from openwmi.wsd.scanner.ticket import LARGEST, Ticket
from openwmi.wsd.scanner.tray import Sheet


class JobState(StrEnum):
    """The states that a job has here, by their names on the wire."""

    PENDING = "Pending"
    PROCESSING = "Processing"
    COMPLETED = "Completed"
    CANCELED = "Canceled"
    ABORTED = "Aborted"


ACTIVE = frozenset({JobState.PENDING, JobState.PROCESSING})


@dataclass(slots=True, eq=False)
class Job:
    """One job.

    Attributes:
        number: its JobId; token: what tells who made it, besides the client that did.
        client: the address of that.
        ticket: what is wanted; sheets: the pages that it will get, in order.
        state, reason: as WS-Scan names them.
        taken, sent: how many pages were asked for, and how many have been sent whole.
        sending: how many are on their way.
        until: when it ends unless somebody asks for a page.
        created, ended: by the clock on the wall.
    """

    number: int
    token: str
    client: str
    ticket: Ticket
    sheets: tuple[Sheet, ...]
    created: datetime
    until: float
    state: JobState = JobState.PENDING
    reason: str = "None"
    taken: int = 0
    sent: int = 0
    sending: int = 0
    ended: datetime | None = field(default=None)

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE

    def __str__(self) -> str:
        return f"job {self.number} of {self.client}"


class Jobs:
    """Those of one scanner.

    Args:
        new_token: makes one that nobody can guess.
        wall: what time it is for people.
        ended: is told of each job that ends.
    """

    def __init__(
        self, new_token: Callable[[], str], wall: Callable[[], datetime], ended: Callable[[Job], None]
    ) -> None:
        self._new_token = new_token
        self._wall = wall
        self._told = ended
        self._last = 0
        self._active: dict[int, Job] = {}
        self._past: deque[Job] = deque(maxlen=SCAN_JOBS_KEPT)

    def __iter__(self) -> Iterator[Job]:
        """Those that go on, in the order in which they were made."""
        return iter(tuple(self._active.values()))

    @property
    def past(self) -> tuple[Job, ...]:
        """Those that have ended, the last first."""
        return tuple(self._past)

    @property
    def until(self) -> float | None:
        """When one ends next because nobody asks."""
        return min((job.until for job in self._active.values() if not job.sending), default=None)

    def check_room(self, client: str) -> None:
        """Faulted where this client, or everybody together, has too many."""
        own = sum(job.client == client for job in self._active.values())
        if len(self._active) >= SCAN_JOBS or own >= SCAN_JOBS_PER_CLIENT:
            raise refused(Refusal.NOT_ACCEPTING_JOBS)

    def create(self, client: str, ticket: Ticket, sheets: tuple[Sheet, ...], now: float) -> Job:
        """A new one, with all the sheets in the tray. Faulted where there is none, or no room for a job."""
        self.check_room(client)
        if not sheets:
            raise refused(Refusal.NO_IMAGES_AVAILABLE)
        self._last = self._last % LARGEST + 1
        wanted = sheets[: ticket.images.value or None]
        job = Job(self._last, self._new_token(), client, ticket, wanted, self._wall(), now + SCAN_RETRIEVE_SECONDS)
        self._active[job.number] = job
        return job

    def find(self, number: int) -> Job:
        """Faulted where there is none, or it is long gone."""
        job = self._active.get(number) or next((each for each in self._past if each.number == number), None)
        if job is None:
            raise refused(Refusal.JOB_ID_NOT_FOUND, "JobId", str(number))
        return job

    def take(self, number: int, token: str, now: float) -> tuple[Job, Sheet]:
        """The next page of a job. Faulted."""
        job = self.find(number)
        if not compare_digest(job.token.encode(), token.encode()):
            raise refused(Refusal.INVALID_JOB_TOKEN)
        check_going_on(job)
        if job.taken == len(job.sheets):
            raise refused(Refusal.NO_IMAGES_AVAILABLE)
        if job.taken - job.sent >= SCAN_PAGES_AHEAD:
            raise refused(Refusal.TEMPORARY_ERROR)
        sheet = job.sheets[job.taken]
        job.taken += 1
        job.state, job.reason = JobState.PROCESSING, "JobScanningAndTransferring"
        job.until = now + SCAN_RETRIEVE_SECONDS
        return job, sheet

    def begin(self, job: Job) -> None:
        """A page of it begins to be sent: that takes as long as it takes."""
        job.sending += 1

    def finish(self, job: Job, now: float, *, whole: bool) -> None:
        """It was sent, or the client has gone amid of it."""
        job.sending -= 1
        if not job.is_active:
            return
        if not whole:
            self.abort(job, "ImageTransferError")
            return
        job.sent += 1
        job.until = now + SCAN_RETRIEVE_SECONDS
        if job.sent == len(job.sheets):
            self._end(job, JobState.COMPLETED, "None")

    def cancel(self, number: int, client: str) -> Job:
        """Faulted where it has ended, or belongs to somebody else."""
        job = self.find(number)
        if not job.is_active or job.client != client:
            raise refused(Refusal.JOB_ID_NOT_FOUND, "JobId", str(number))
        self._end(job, JobState.CANCELED, "None")
        return job

    def abort(self, job: Job, reason: str) -> None:
        """Something went wrong. Harmless where it has ended."""
        if job.is_active:
            self._end(job, JobState.ABORTED, reason)

    def expire(self, now: float) -> None:
        """Ends those that nobody asks for any more."""
        for job in self:
            if not job.sending and job.until <= now:
                self.abort(job, "JobTimedOut")

    def _end(self, job: Job, state: JobState, reason: str) -> None:
        job.state, job.reason, job.ended = state, reason, self._wall()
        del self._active[job.number]
        self._past.appendleft(job)
        self._told(job)


def check_going_on(job: Job) -> None:
    """Faulted where it was canceled, or has failed: WS-Scan has no other name for that."""
    if job.state in {JobState.CANCELED, JobState.ABORTED}:
        raise refused(Refusal.JOB_CANCELED)
