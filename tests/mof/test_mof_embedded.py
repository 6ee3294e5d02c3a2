"""Objects that stand as text within a string: how deep, and that any text is an object or a fault with a place."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.mof.fakes import compiled
from tests.mof.test_mof_roundtrip import WORDS

from openwmi.base.limits import MOF_DEPTH, MOF_TEXT_DEPTH
from openwmi.base.status import WbemStatus
from openwmi.model import CimInstance, Qualifier
from openwmi.mof import MofError, format  # noqa: A004

KNOWN = "class X { object O; object M[]; string Y; };"


def quoted(text: str) -> str:
    return format(Qualifier("Q", text)).partition("(")[2].rpartition(")")[0]


def depth_of(instance: CimInstance) -> int:
    depth = 1
    while isinstance(instance.O, CimInstance) or instance.M:
        instance = instance.O or instance.M[0]
        depth += 1
    return depth


def nested(levels: int, inner: str) -> str:
    """Objects within arrays of objects, as deep as a text may have them."""
    for _ in range(levels):
        inner = f"instance of X {{ M = {{{inner}}}; }}"
    return inner


def test_texts_within_texts_go_as_deep_as_they_may() -> None:
    """Each of them with as many objects as fit: none of it is too deep for Python."""
    levels = (MOF_DEPTH - 2) // 2
    text = nested(levels, "instance of X { }")
    for _ in range(MOF_TEXT_DEPTH):
        text = nested(levels, f"instance of X {{ O = {quoted(text)}; }}")
    found = compiled(f"{text};", KNOWN).instances[0]
    assert depth_of(found) == (MOF_TEXT_DEPTH + 1) * (levels + 1)


def test_texts_within_texts_end_somewhere() -> None:
    text = "instance of X { }"
    for _ in range(MOF_TEXT_DEPTH + 1):
        text = f"instance of X {{ O = {quoted(text)}; }}"
    with pytest.raises(MofError) as caught:
        compiled(f"{text};", KNOWN)
    assert caught.value.status is WbemStatus.QUOTA_VIOLATION
    assert (caught.value.line, caught.value.column) == (1, 21)


@given(st.lists(st.sampled_from(WORDS), max_size=20).map(" ".join) | st.text(st.characters(exclude_categories=["Cs"])))
@settings(max_examples=200, deadline=None)
def test_any_text_is_an_object_or_a_fault_at_its_place(text: str) -> None:
    source = f"instance of X {{ O = {quoted(text)}; }};"
    try:
        compiled(source, KNOWN)
    except MofError as error:
        assert (error.line, error.column) == (1, 21)
        assert "the text of the object" in error.problem
