"""How long logins wait after others have failed."""

from __future__ import annotations

from openwmi.base import limits
from openwmi.security import Logins, ServerNames, Throttle
from openwmi.security.logins import Verdict

HERE, THERE = "192.0.2.1", "192.0.2.2"


def test_each_failure_doubles_the_delay_of_that_account_from_that_address() -> None:
    throttle = Throttle()
    delays = []
    for second in range(9):
        delays.append(throttle.delay(HERE, "DOM\\me", second))
        throttle.failed(HERE, "dom\\ME", second)
    assert delays == [0, 0.5, 1, 2, 4, 8, 16, 30, 30]
    assert throttle.delay(HERE, "DOM\\you", 9) == 0
    assert throttle.delay(THERE, "DOM\\me", 9) == 0


def test_who_tries_account_after_account_waits_too() -> None:
    throttle = Throttle()
    for number in range(limits.LOGIN_ACCOUNTS_FREE + 3):
        throttle.failed(HERE, f"user{number}", 0)
    assert throttle.delay(HERE, "somebody new", 0) == 2
    assert throttle.delay(HERE, "", 0) == 2
    assert throttle.delay(THERE, "somebody new", 0) == 0


def test_one_account_that_fails_all_day_makes_no_other_one_wait() -> None:
    throttle = Throttle()
    for second in range(10_000):
        throttle.failed(HERE, "a monitor's", float(second))
    assert throttle.delay(HERE, "a monitor's", 10_000) == limits.LOGIN_DELAY_LONGEST_SECONDS
    assert throttle.delay(HERE, "me", 10_000) == 0


def test_failures_are_forgotten() -> None:
    throttle = Throttle()
    throttle.failed(HERE, "me", 0)
    assert throttle.delay(HERE, "me", limits.LOGIN_FORGOTTEN_SECONDS) == 0.5
    assert throttle.delay(HERE, "me", limits.LOGIN_FORGOTTEN_SECONDS + 1) == 0
    assert len(throttle) == 0


def test_no_more_is_kept_than_there_is_room_for() -> None:
    throttle = Throttle()
    throttle.failed(HERE, "first", 0)
    for number in range(limits.LOGIN_FAILURES_KEPT):
        throttle.failed(f"2001:db8::{number:x}", "me", 1)
    assert len(throttle) == limits.LOGIN_FAILURES_KEPT
    assert throttle.delay(HERE, "first", 1) == 0


def test_a_verdict_says_how_long_it_is_to_be_kept_back() -> None:
    class Nobody:
        def lookup(self, domain: str, name: str, computer: str) -> None:
            return None

    class Token:
        auth_context_id, auth_type, token = 3, 10, b"rubbish"

    throttle = Throttle()
    times = iter(range(100))
    for expected in (0, 0, 0):
        logins = Logins(Nobody(), ServerNames.of_host("srv1"), peer=HERE, throttle=throttle, clock=lambda: next(times))
        assert logins.check(Token()) == Verdict(3, None, expected)
    for _ in range(limits.LOGIN_ACCOUNTS_FREE):
        verdict = logins.check(Token())
    assert verdict.delay == 2
