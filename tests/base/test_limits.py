"""Limits: each is a number that bounds something, and says why it is that number."""

import tokenize
from io import StringIO
from pathlib import Path
from types import ModuleType

import pytest

from openwmi.base import eventing_limits, limits, wsdl_limits

MODULES = [limits, eventing_limits, wsdl_limits]
LIMITS = {name: value for module in MODULES for name, value in vars(module).items() if name.isupper()}
LIFETIMES = {"EVENTING_LONGEST_SECONDS"}
"""What nobody waits for: it is over when somebody says so."""


def test_each_is_in_one_place() -> None:
    names = [name for module in MODULES for name in vars(module) if name.isupper()]
    assert len(names) == len(LIMITS)


@pytest.mark.parametrize("name", LIMITS)
def test_it_bounds(name: str) -> None:
    value = LIMITS[name]
    assert isinstance(value, int | float)
    assert not isinstance(value, bool)
    assert 0 < value < float("inf")


@pytest.mark.parametrize("name", [name for name in LIMITS if name.endswith("_SECONDS") and name not in LIFETIMES])
def test_no_wait_is_longer_than_an_hour(name: str) -> None:
    assert LIMITS[name] <= 3600


@pytest.mark.parametrize("name", [name for name in LIMITS if name.endswith("_DEPTH")])
def test_no_recursion_goes_deeper_than_the_interpreter_allows(name: str) -> None:
    assert LIMITS[name] <= 200


def test_they_are_in_proportion() -> None:
    assert limits.CLASS_NAME_CHARS <= limits.OBJECT_PATH_CHARS <= limits.QUERY_CHARS
    assert limits.SINK_BATCH <= limits.STREAM_BACKLOG
    assert limits.SPOOL_PAGE <= limits.KEPT_IN_MEMORY


@pytest.mark.parametrize("module", MODULES)
def test_each_has_its_argument_above_it(module: ModuleType) -> None:
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    comments = {
        token.start[0]
        for token in tokenize.generate_tokens(StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    lines = source.splitlines()
    for number, line in enumerate(lines, 1):
        if not line.startswith(tuple(LIMITS)):
            continue
        above = number - 1
        while above and lines[above - 1].strip() and above not in comments:
            above -= 1  # limits without a blank line between them share an argument
        assert number in comments or above in comments, f"{line!r} has no comment that argues it"
