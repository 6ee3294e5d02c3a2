"""What the log says of peers and of bugs: nothing that forges a line, or gives away what a caller gave."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openwmi.base.record import SHOWN_CHARS, log_bug, printable


@given(st.text())
def test_a_strangers_words_are_one_short_line(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert len(shown) <= SHOWN_CHARS + 1


def test_plain_words_stay_as_they_are() -> None:
    assert printable("PC7 – Büro") == "PC7 – Büro"
    assert printable("a\r\nb\x1b[2J\u202ec") == "a??b?[2J?c"


def test_a_bug_is_where_it_was_and_not_what_was_given(caplog: pytest.LogCaptureFixture) -> None:
    given_value = "password\nforged"
    try:
        int(given_value)
    except ValueError as error:
        log_bug(logging.getLogger("openwmi.test"), "a\ncall failed", error)
    (record,) = caplog.records
    assert record.getMessage().startswith("a?call failed: ValueError\n")
    assert "test_record.py" in record.getMessage()
    assert "forged" not in caplog.text
    assert "int(given_value)" not in caplog.text, "a line of source may hold a secret, too"
