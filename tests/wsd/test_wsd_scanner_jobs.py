"""Jobs of the scanner: their states, who may do what, and that each ends once, however it goes."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from openwmi.base.limits import (
    SCAN_JOBS,
    SCAN_JOBS_KEPT,
    SCAN_JOBS_PER_CLIENT,
    SCAN_PAGES_AHEAD,
    SCAN_RETRIEVE_SECONDS,
)
from openwmi.wsd import Faulted
from openwmi.wsd.scanner.capabilities import LEGAL, Capabilities
from openwmi.wsd.scanner.jobs import Job, Jobs, JobState, check_going_on
from openwmi.wsd.scanner.ticket import LARGEST, parse_ticket
from openwmi.wsd.scanner.tray import Sheet

TICKET = parse_ticket(None, Capabilities(), LEGAL)
SHEETS = tuple(Sheet(Path(f"{number}.png"), 1, 1) for number in range(3))
BEGAN = datetime(2026, 11, 21, tzinfo=UTC)


class Office:
    """Jobs, with a clock that stands still."""

    def __init__(self) -> None:
        self.now = 0.0
        self.ended: Counter[int] = Counter()
        self.jobs = Jobs(self._token, lambda: BEGAN + timedelta(seconds=self.now), self._told)
        self._tokens = 0

    def _token(self) -> str:
        self._tokens += 1
        return f"token {self._tokens}"

    def _told(self, job: Job) -> None:
        assert not job.is_active
        self.ended[job.number] += 1

    def create(self, client: str = "a", sheets: tuple[Sheet, ...] = SHEETS) -> Job:
        return self.jobs.create(client, TICKET, sheets, self.now)

    def take(self, job: Job, token: str | None = None) -> Sheet:
        taken, sheet = self.jobs.take(job.number, job.token if token is None else token, self.now)
        assert taken is job
        return sheet

    def send(self, job: Job, *, whole: bool = True) -> Sheet:
        sheet = self.take(job)
        self.jobs.begin(job)
        self.jobs.finish(job, self.now, whole=whole)
        return sheet


def why(error: pytest.ExceptionInfo[Faulted]) -> str:
    assert error.value.fault.subcode is not None
    return error.value.fault.subcode.local


@pytest.fixture
def office() -> Office:
    return Office()


def test_a_job_from_its_beginning_to_its_end(office: Office) -> None:
    job = office.create()
    assert (job.number, job.token, job.state, job.reason) == (1, "token 1", JobState.PENDING, "None")
    assert list(office.jobs) == [job]
    office.now = 5
    assert office.send(job) == SHEETS[0]
    assert (job.state, job.reason, job.sent) == (JobState.PROCESSING, "JobScanningAndTransferring", 1)
    assert [office.send(job), office.send(job)] == [*SHEETS[1:]]
    assert (job.state, job.reason, job.sent, job.ended) == (JobState.COMPLETED, "None", 3, BEGAN + timedelta(seconds=5))
    assert (list(office.jobs), office.jobs.past, office.ended) == ([], (job,), {1: 1})
    check_going_on(job)
    with pytest.raises(Faulted) as error:
        office.take(job)
    assert why(error) == "ClientErrorNoImagesAvailable"


def test_pages_that_are_on_their_way_are_not_given_again(office: Office) -> None:
    """A client may ask for the next one before it has the one before it."""
    job = office.create(sheets=SHEETS[:2])
    assert [office.take(job), office.take(job)] == [*SHEETS[:2]]
    with pytest.raises(Faulted) as error:
        office.take(job)
    assert why(error) == "ClientErrorNoImagesAvailable"
    assert job.is_active


def test_pages_are_not_made_for_who_does_not_read_them(office: Office) -> None:
    job = office.create()
    for _ in range(SCAN_PAGES_AHEAD):
        office.take(job)
        office.jobs.begin(job)
    with pytest.raises(Faulted) as error:
        office.take(job)
    assert why(error) == "ServerErrorTemporaryError"
    office.jobs.finish(job, office.now, whole=True)
    assert office.take(job) == SHEETS[-1]


def test_an_empty_tray(office: Office) -> None:
    with pytest.raises(Faulted) as error:
        office.create(sheets=())
    assert why(error) == "ClientErrorNoImagesAvailable"
    assert list(office.jobs) == []


def test_who_does_not_know_the_token(office: Office) -> None:
    job = office.create()
    for token in ("", "token 2", "tökén"):
        with pytest.raises(Faulted) as error:
            office.take(job, token)
        assert why(error) == "ClientErrorInvalidJobToken"
    assert job.taken == 0


def test_a_job_that_never_was(office: Office) -> None:
    office.create()
    for number in (0, 2):
        with pytest.raises(Faulted) as error:
            office.jobs.find(number)
        assert why(error) == "ClientErrorJobIdNotFound"
        (detail,) = error.value.fault.detail
        assert detail.element().text == str(number)


def test_cancel(office: Office) -> None:
    job = office.create()
    office.take(job)
    office.jobs.begin(job)
    with pytest.raises(Faulted) as error:
        office.jobs.cancel(job.number, "b")
    assert why(error) == "ClientErrorJobIdNotFound"
    assert office.jobs.cancel(job.number, "a") is job
    assert job.state is JobState.CANCELED
    office.jobs.finish(job, office.now, whole=False)
    assert (job.state, office.ended) == (JobState.CANCELED, {1: 1})
    with pytest.raises(Faulted) as error:
        office.take(job)
    assert why(error) == "ClientErrorJobCancelled"
    with pytest.raises(Faulted) as error:
        office.jobs.cancel(job.number, "a")
    assert why(error) == "ClientErrorJobIdNotFound"


def test_a_client_that_goes_amid_a_page(office: Office) -> None:
    job = office.create()
    office.send(job, whole=False)
    assert (job.state, job.reason, job.sent) == (JobState.ABORTED, "ImageTransferError", 0)
    with pytest.raises(Faulted) as error:
        check_going_on(job)
    assert why(error) == "ClientErrorJobCancelled"


def test_a_client_that_never_comes_back(office: Office) -> None:
    job, other = office.create(), office.create()
    assert office.jobs.until == SCAN_RETRIEVE_SECONDS
    office.now = SCAN_RETRIEVE_SECONDS - 1
    office.send(job)
    office.jobs.expire(office.now)
    assert office.ended == {}
    office.now += 1
    office.jobs.expire(office.now)
    assert (other.state, other.reason) == (JobState.ABORTED, "JobTimedOut")
    assert job.is_active
    assert office.jobs.until == 2 * SCAN_RETRIEVE_SECONDS - 1


def test_a_page_may_take_as_long_as_it_takes(office: Office) -> None:
    job = office.create()
    office.take(job)
    office.jobs.begin(job)
    assert office.jobs.until is None
    office.now = 10 * SCAN_RETRIEVE_SECONDS
    office.jobs.expire(office.now)
    assert job.is_active
    office.jobs.finish(job, office.now, whole=True)
    assert office.jobs.until == 11 * SCAN_RETRIEVE_SECONDS


def test_as_many_as_there_is_room_for(office: Office) -> None:
    for _ in range(SCAN_JOBS_PER_CLIENT):
        office.create()
    with pytest.raises(Faulted) as error:
        office.create()
    assert why(error) == "ServerErrorNotAcceptingJobs"
    for number in range(SCAN_JOBS - SCAN_JOBS_PER_CLIENT):
        office.create(f"client {number}")
    with pytest.raises(Faulted) as error:
        office.create("the last straw")
    assert why(error) == "ServerErrorNotAcceptingJobs"
    office.jobs.cancel(1, "a")
    assert office.create().number == SCAN_JOBS + 1


def test_those_that_have_ended_are_forgotten_in_the_end(office: Office) -> None:
    for _ in range(SCAN_JOBS_KEPT + 1):
        office.jobs.cancel(office.create().number, "a")
    assert [job.number for job in office.jobs.past] == list(range(SCAN_JOBS_KEPT + 1, 1, -1))
    with pytest.raises(Faulted) as error:
        office.jobs.find(1)
    assert why(error) == "ClientErrorJobIdNotFound"


def test_numbers_begin_again_after_the_last(office: Office) -> None:
    office.jobs._last = LARGEST - 1
    assert [office.create().number for _ in range(3)] == [LARGEST, 1, 2]


@pytest.mark.parametrize("seed", range(20))
def test_whatever_happens_each_ends_once(office: Office, seed: int) -> None:
    random = Random(seed)
    made: list[Job] = []
    for _ in range(600):
        office.now += random.random() * 5
        with suppress(Faulted):
            something(office, random, made)
        for each in made:
            assert each.sent <= each.taken <= len(each.sheets)
            assert (each in list(office.jobs)) == each.is_active == (office.ended[each.number] == 0)
            assert (each.state is JobState.COMPLETED) <= (each.sent == len(each.sheets))
    for each in made:
        while each.sending:
            office.jobs.finish(each, office.now, whole=True)
    office.jobs.expire(office.now + SCAN_RETRIEVE_SECONDS)
    assert office.ended == {each.number: 1 for each in made}


def something(office: Office, random: Random, made: list[Job]) -> None:
    """One thing that may happen, and perhaps must not."""
    job = random.choice(made[-12:]) if made else None
    what = random.choices("create take finish expire cancel abort".split(), (4, 4, 8, 4, 1, 0.2))[0]
    if what == "create":
        made.append(office.create(random.choice("abc"), SHEETS[: random.randrange(4)]))
    elif what == "expire":
        office.jobs.expire(office.now)
    elif job is None:
        return
    elif what == "take":
        office.take(job)
        office.jobs.begin(job)
    elif what == "finish" and job.sending:
        office.jobs.finish(job, office.now, whole=random.random() < 0.9)
    elif what == "cancel":
        office.jobs.cancel(job.number, random.choice("abc"))
    elif what == "abort":
        office.jobs.abort(job, "ImageTransferError")
