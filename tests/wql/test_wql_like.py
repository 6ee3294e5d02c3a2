"""The patterns of LIKE against a matcher that follows the words of [MS-WMI] 2.2.1.1 one by one."""

from __future__ import annotations

import re
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openwmi.base.case import fold
from openwmi.wql.like import BadPatternError, Pattern, Shape, has_wildcards, parse_pattern


def matches(pattern: Pattern, value: str) -> bool:
    text, folded = pattern.text, fold(value)
    match pattern.shape:
        case Shape.PREFIX:
            return folded.startswith(text)
        case Shape.SUFFIX:
            return folded.endswith(text)
        case Shape.INFIX:
            return text in folded
        case Shape.REGEX:
            return re.match(text, folded) is not None


def in_set(body: str, character: str) -> bool:
    """Whether `[body]` has the character: formats from the left, as the table lists them."""
    while body:
        if body[0] == "^" and len(body) > 1:
            return not in_rest(body[1:], character)
        taken = 3 if len(body) > 2 and body[1] in "-=" else 1
        if body[0] <= character <= body[taken - 1]:
            return True
        body = body[taken:]
    return False


def in_rest(body: str, character: str) -> bool:
    """The same behind a caret, where another caret is a character."""
    while body:
        taken = 3 if len(body) > 2 and body[1] in "-=" else 1
        if body[0] <= character <= body[taken - 1]:
            return True
        body = body[taken:]
    return False


def naive(pattern: str, value: str) -> bool:
    pattern, value = fold(pattern), fold(value)

    @cache
    def fits(at: int, place: int) -> bool:
        if at == len(pattern):
            return place == len(value)
        unit = pattern[at]
        if unit == "%":
            return fits(at + 1, place) or (place < len(value) and fits(at, place + 1))
        if place == len(value):
            return False
        if unit == "[":
            end = pattern.index("]", at)
            return in_set(pattern[at + 1 : end], value[place]) and fits(end + 1, place + 1)
        return (unit == "_" or unit == value[place]) and fits(at + 1, place + 1)

    return fits(0, 0)


letters = st.sampled_from("abcABC-=^_%[]")
sets = st.sampled_from(
    [
        "[ab]",
        "[a-c]",
        "[A=B]",
        "[^a]",
        "[^ab-c]",
        "[^]",
        "[a-]",
        "[-]",
        "[=a]",
        "[a^b]",
        "[^^]",
        "[%]",
        "[_]",
        "[[]",
        "[--]",
    ]
)
patterns = st.lists(st.sampled_from(["%", "%%", "_", "a", "B", "c", "]", "^"]) | sets, max_size=8).map("".join)


@given(patterns, st.lists(letters, max_size=10).map("".join))
def test_a_pattern_matches_what_the_document_says(pattern: str, value: str) -> None:
    assert matches(parse_pattern(pattern), value) == naive(pattern, value)


@given(st.text(max_size=30))
def test_whatever_the_text_it_is_a_pattern_or_refused(pattern: str) -> None:
    try:
        parsed = parse_pattern(pattern)
    except BadPatternError:
        assert "[" in pattern
    else:
        assert isinstance(matches(parsed, pattern), bool)


@given(st.text(max_size=30).filter(lambda text: not has_wildcards(text)))
def test_a_pattern_without_wildcards_matches_itself_and_nothing_longer(pattern: str) -> None:
    parsed = parse_pattern(pattern)
    assert matches(parsed, pattern)
    assert not matches(parsed, pattern + "x")


@pytest.mark.parametrize(
    ("pattern", "shape", "text"),
    [
        ("Win%", Shape.PREFIX, "win"),
        ("%Win", Shape.SUFFIX, "win"),
        ("%%Win%", Shape.INFIX, "win"),
        ("%", Shape.PREFIX, ""),
        ("%[_][_]%", Shape.INFIX, "__"),
    ],
)
def test_common_patterns_need_no_regular_expression(pattern: str, shape: Shape, text: str) -> None:
    assert parse_pattern(pattern) == Pattern(shape, text)


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [("[", "no end"), ("a[b", "no end"), ("[]", "no characters"), ("[b-a]", "range b-a"), ("[^9=0]", "range 9=0")],
)
def test_a_bad_set_is_refused(pattern: str, problem: str) -> None:
    with pytest.raises(BadPatternError, match=re.escape(problem)):
        parse_pattern(pattern)


def test_many_wildcards_do_not_multiply() -> None:
    value = "a" * 20_000
    for pattern in ("%a" * 300 + "b", "%a" * 300 + "_b%", "%_a%_b%" * 50, "_%" * 3000 + "b", "%" * 10_000 + "_b"):
        assert not matches(parse_pattern(pattern), value)
    assert matches(parse_pattern("%a" * 300), value)


def test_a_pattern_that_is_all_open_sets_is_refused_at_the_first() -> None:
    with pytest.raises(BadPatternError):
        parse_pattern("[" * 16_000)
