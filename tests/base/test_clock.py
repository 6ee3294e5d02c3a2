"""Deadlines: points on a clock that somebody else reads."""

import pytest

from openwmi.base.clock import NEVER, Deadline


@pytest.mark.parametrize(
    ("seconds", "at"), [(5.0, 105.0), (0, 100.0), (-5.0, 100.0), (None, None), (float("inf"), None)]
)
def test_after(seconds: float | None, at: float | None) -> None:
    assert Deadline.after(100.0, seconds) == Deadline(at)


def test_it_passes_when_its_time_has_come() -> None:
    deadline = Deadline(10.0)
    assert not deadline.passed(9.9)
    assert deadline.passed(10.0)
    assert deadline.remaining(7.5) == 2.5
    assert deadline.remaining(11.0) == 0.0


def test_never_does_not_pass() -> None:
    assert not NEVER.passed(float("inf"))
    assert NEVER.remaining(1e9) is None


@pytest.mark.parametrize(
    ("left", "right", "earlier"), [(1.0, 2.0, 1.0), (2.0, 1.0, 1.0), (1.0, None, 1.0), (None, 1.0, 1.0)]
)
def test_the_earlier_of_two(left: float | None, right: float | None, earlier: float) -> None:
    assert Deadline(left).earlier(Deadline(right)) == Deadline(earlier)


def test_the_earlier_of_two_that_never_pass() -> None:
    assert NEVER.earlier(Deadline()) == NEVER
