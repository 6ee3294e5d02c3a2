"""How long logins wait after others have failed."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from openwmi.base import limits
from openwmi.rpc import AuthLevel, AuthType, TokenNeeded
from openwmi.security import Logins, NtlmInitiator, ServerNames, Throttle, User, nt_hash
from openwmi.security.logins import Verdict
from openwmi.security.spnego import KERBEROS, NTLM, Answer, Negotiation, Offer

HERE, THERE = "192.0.2.1", "192.0.2.2"


def test_each_failure_doubles_the_delay_of_that_account_from_that_address() -> None:
    throttle = Throttle()
    delays = []
    for number in range(10):
        delays.append(throttle.delay(HERE, "DOM\\me", 100 * number))
        throttle.failed(HERE, "dom\\ME", 100 * number)
    assert delays == [0, 0, 0, 0, 0.5, 1, 2, 4, 8, 8]
    assert throttle.delay(HERE, "DOM\\you", 1000) == 0
    assert throttle.delay(THERE, "DOM\\me", 1000) == 0


def test_a_network_of_ipv6_is_one_address() -> None:
    throttle = Throttle()
    for number in range(limits.LOGIN_FAILURES_FREE + 2):
        throttle.failed(f"2001:db8::{number:x}:1", "me", 0)
    assert throttle.delay("2001:db8::9", "me", 0) == 1
    assert throttle.delay("2001:db8:0:1::9", "me", 0) == 0
    assert len(throttle) == 2
    throttle.succeeded("2001:db8::abc", "me")
    assert throttle.delay("2001:db8::9", "me", 0) == 0


def test_guesses_on_many_connections_wait_for_each_other() -> None:
    throttle = Throttle()
    for _ in range(10):
        throttle.failed(HERE, "me", 0)
    assert [throttle.delay(HERE, "me", 0) for _ in range(4)] == [8, 16, 24, 32]
    assert throttle.delay(HERE, "me", 30) == 10


def test_no_more_guesses_wait_than_can_be_answered() -> None:
    throttle = Throttle()
    for _ in range(10):
        throttle.failed(HERE, "me", 0)
    delays = [throttle.delay(HERE, "me", 0) for _ in range(1000)]
    assert delays[:7] == [8, 16, 24, 32, 40, 48, 56]
    assert set(delays[7:]) == {64}
    assert min(delays[7:]) > limits.LOGIN_SECONDS
    assert throttle.delay(HERE, "me", 10) == 54
    assert throttle.delay(HERE, "me", 100) == 8


def test_who_knows_the_password_has_a_clean_slate() -> None:
    throttle = Throttle()
    for _ in range(10):
        throttle.failed(HERE, "me", 0)
    throttle.succeeded(HERE, "ME")
    assert throttle.delay(HERE, "me", 0) == 0


def test_who_tries_account_after_account_waits_too() -> None:
    throttle = Throttle()
    for number in range(limits.LOGIN_ACCOUNTS_FREE + 3):
        throttle.failed(HERE, f"user{number}", 0)
    assert throttle.delay(HERE, "somebody new", 0) == 2
    assert throttle.delay(HERE, "", 2) == 2
    assert throttle.delay(THERE, "somebody new", 0) == 0


def test_one_account_that_fails_all_day_makes_no_other_one_wait() -> None:
    throttle = Throttle()
    for second in range(10_000):
        throttle.failed(HERE, "a monitor's", float(second))
    assert throttle.delay(HERE, "a monitor's", 10_000) == limits.LOGIN_DELAY_LONGEST_SECONDS
    assert throttle.delay(HERE, "me", 10_000) == 0


def test_failures_on_several_threads_are_all_counted() -> None:
    class Yielding(dict[Any, Any]):
        """Lets the other threads have their turn where it hurts most."""

        def pop(self, *arguments: Any) -> Any:
            found = super().pop(*arguments)
            Path("/").stat()  # any call of the system
            return found

    throttle = Throttle()
    throttle._failures = Yielding()

    def fail() -> None:
        for _ in range(50):
            throttle.failed(HERE, "me", 0)
            throttle.delay(HERE, "me", 0)

    threads = [threading.Thread(target=fail) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert throttle._failures[HERE, "me"].count == 200


def test_failures_are_forgotten() -> None:
    throttle = Throttle()
    for _ in range(limits.LOGIN_FAILURES_FREE + 1):
        throttle.failed(HERE, "me", 0)
    assert throttle.delay(HERE, "me", limits.LOGIN_FORGOTTEN_SECONDS) == 0.5
    assert throttle.delay(HERE, "me", limits.LOGIN_FORGOTTEN_SECONDS + 1) == 0
    assert len(throttle) == 0


def test_no_more_is_kept_than_there_is_room_for() -> None:
    throttle = Throttle()
    throttle.failed(HERE, "first", 0)
    for number in range(limits.LOGIN_FAILURES_KEPT):
        throttle.failed(f"2001:db8:{number:x}::1", "me", 1)
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
    for _ in range(limits.LOGIN_ACCOUNTS_FREE - 2):
        verdict = logins.check(Token())
    assert verdict.delay == 0.5


@pytest.mark.parametrize("password", ["secret", "guess"])
def test_a_right_guess_does_not_show_by_its_being_asked_for_more(password: str) -> None:
    """Negotiate wants a last leg of whoever knew the password; a wrong one is refused at once, or would be."""

    class Me:
        def lookup(self, domain: str, name: str, computer: str) -> User:
            return User("DOM", "me", nt_hash("secret"))

    throttle = Throttle()
    for _ in range(limits.LOGIN_FAILURES_FREE + (password == "secret")):
        throttle.failed(HERE, "DOM\\me", 0)
    logins = Logins(Me(), ServerNames.of_host("srv1"), peer=HERE, throttle=throttle, clock=lambda: 0)

    def say(token: bytes) -> Verdict:
        return logins.check(TokenNeeded(0, AuthType.NEGOTIATE, AuthLevel.PRIVACY, token))

    ntlm = NtlmInitiator("me", password, "DOM")
    assert say(Offer((KERBEROS, NTLM), b"").encode()).delay == 0
    challenged = say(Answer(token=ntlm.step().token).encode())
    assert (challenged.delay, challenged.step is None) == (0, False)
    assert challenged.step is not None
    proof = ntlm.step(Answer.decode(challenged.step.token).token)
    judged = say(Answer(token=proof.token).encode())
    assert judged.delay == 0.5
    if password == "guess":
        assert judged.step is None
        return
    assert judged.step is not None
    assert Answer.decode(judged.step.token).state is Negotiation.REQUEST_MIC
    assert proof.context is not None
    mic = proof.context.make_mic(Offer((KERBEROS, NTLM), b"").list)
    end = say(Answer(mic=mic).encode())
    assert end.step is not None
    assert end.step.context is not None
    assert end.delay == 0  # it has waited
