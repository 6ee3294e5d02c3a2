"""When a subscription is renewed: never after its end, never too often, and again while there is time."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from openwmi.base.eventing_limits import EVENTS_CHECK_SECONDS, EVENTS_LEAST_SECONDS, EVENTS_RETRY_SECONDS
from openwmi.wsd.eventing.lifetime import Lifetime

SECONDS = st.floats(0, 1e6)


def attempts(life: Lifetime, takes: float = 0.0) -> list[float]:
    """The times of all attempts, where each fails after that time."""
    found = [life.at]
    while life.retry(found[-1] + takes):
        found.append(life.at)
    return found


def test_it_is_renewed_in_the_middle() -> None:
    life = Lifetime(100)
    life.grant(60, 100)
    assert (life.at, life.ends) == (130, 160)
    life.grant(20, 131)
    assert (life.at, life.ends) == (141, 151)


def test_one_that_ends_late_or_never_is_checked() -> None:
    life = Lifetime(0)
    life.grant(None, 0)
    assert (life.at, life.ends) == (EVENTS_CHECK_SECONDS, None)
    life.grant(1e9, 0)
    assert (life.at, life.ends) == (EVENTS_CHECK_SECONDS, 1e9)


def test_attempts_grow_rarer_and_then_more_urgent() -> None:
    life = Lifetime(0)
    life.grant(600, 0)
    found = attempts(life)
    assert found[:7] == [300, 301, 303, 307, 315, 331, 361]
    gaps = [later - earlier for earlier, later in pairwise(found)]
    assert max(gaps) == EVENTS_RETRY_SECONDS
    assert gaps[-1] == EVENTS_LEAST_SECONDS
    life.grant(600, 700)
    assert life.retry(1000)
    assert life.at == 1001, "what has gone well is forgotten"


def test_one_for_ever_is_given_up_in_the_end() -> None:
    life = Lifetime(0)
    life.grant(None, 0)
    found = attempts(life)
    assert EVENTS_CHECK_SECONDS < found[-1] < 2 * EVENTS_CHECK_SECONDS
    assert len(found) < 150


@given(SECONDS, st.floats(0, 600), st.floats(0, 60))
def test_no_attempt_is_made_after_the_end(sent: float, seconds: float, takes: float) -> None:
    life = Lifetime(sent)
    life.grant(seconds, sent)
    assert life.ends is not None
    first, *others = attempts(life, takes)
    assert first - sent >= min(EVENTS_LEAST_SECONDS, EVENTS_CHECK_SECONDS) * 0.99
    assert all(at < life.ends for at in others)


@given(SECONDS, st.none() | SECONDS, st.floats(0, 1e6))
def test_an_answer_is_waited_for_so_long_that_there_is_time_for_another(
    sent: float, seconds: float | None, later: float
) -> None:
    life = Lifetime(sent)
    life.grant(seconds, sent)
    patience = life.patience(sent + later, 30)
    assert EVENTS_LEAST_SECONDS <= patience <= 30
    assert seconds is None or patience <= max(EVENTS_LEAST_SECONDS, (seconds - later) / 2 + 1e-3)
