"""Finds out from a condition by which keys its rows can be looked up, so that nothing is searched where they are known.

`Name = 'a'` fixes the only key; `Name = 'a' OR Name = 'b'` has two look-ups; `__RELPATH = '…'` has one. What is found
is never too little: the rows that a look-up gives are filtered all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

from openwmi.base.case import NameMap, fold
from openwmi.base.error import WbemError
from openwmi.base.limits import QUERY_KEY_LOOKUPS
from openwmi.model import CimClass, CimDateTime, CimInterval, ObjectPath, Store
from openwmi.wql.check import AllOf, AnyOf, Column, Condition, ValueTest
from openwmi.wql.kind import Form, Kind
from openwmi.wql.predicate import date_test, path_test
from openwmi.wql.tree import Operator

_Keys: TypeAlias = dict[str, object]
"""Keys that are fixed, by their names, with checked values. Not always all."""

_ANYTHING: Final[list[_Keys]] = [{}]
_NOTHING: Final[list[_Keys]] = []


def key_lookups(condition: Condition, class_: CimClass) -> tuple[NameMap[object], ...] | None:
    """All keys of each instance that can match; () if none can. None if some key is open, or there are too many.

    Values are checked against the types of the keys. Text is as it was written, and so is a reference: it has to be
    looked up without regard to case, or as a path. No two look-ups find the same instance.
    """
    if not class_.keys:
        return None
    found: dict[tuple[object, ...], NameMap[object]] = {}
    for keys in _Alternatives(class_).of(condition):
        if len(keys) < len(class_.keys):
            return None
        identity = tuple([_folded(keys[name]) for name in class_.keys])
        found[identity] = NameMap((name, keys[name]) for name in class_.keys)
    if len(found) > 1 and not all(_is_simple(class_, name) for name in class_.keys):
        return None  # two spellings of a path or of an instant would find one instance twice
    return tuple(found.values())


def choices(condition: Condition, class_: CimClass) -> tuple[NameMap[object], ...]:
    """Values of properties, such that each row that matches has those of one of them at least; () says nothing.

    `A = 1 OR A = 2` has two. There may be rows that have those of several.
    """
    found = _Alternatives(class_, class_.names).of(condition)
    return () if {} in found else tuple(map(NameMap, found))


def fixed(column: Column, value: object) -> object:
    """A value that a query wants as the column's type has it. WbemError if no row can have it."""
    return column.type.check(str(value) if isinstance(value, ObjectPath) else value)


def key_filter(class_: CimClass, keys: Mapping[str, object]) -> Callable[[Iterable[Store]], list[Store]]:
    """The function that gives those rows that have these keys, which compare as WQL compares.

    The same as for a query that has them in its WHERE, and much sooner made.
    """
    tests = [(class_.index(name), _equality(class_, name, value)) for name, value in keys.items()]
    if len(tests) == 1:
        ((position, test),) = tests
        return lambda rows: [row for row in rows if (value := row[position]) is not None and test(value)]
    return lambda rows: [row for row in rows if all(_passes(test, row[position]) for position, test in tests)]


class _Alternatives:
    """Sets of keys, one of which each matching row has; an empty set says nothing of the row.

    With `names` sets of values of these properties.
    """

    def __init__(self, class_: CimClass, names: Iterable[str] | None = None) -> None:
        self.class_ = class_
        self.keys = frozenset(class_.keys)
        self.names = self.keys if names is None else frozenset(names)

    def of(self, condition: Condition) -> list[_Keys]:
        match condition:
            case AllOf(terms):
                return self.all_of(terms)
            case AnyOf(terms):
                return self.any_of(terms)
            case ValueTest(column, Operator.EQUAL, value) if column.index is not None and column.name in self.names:
                try:
                    return [{column.name: fixed(column, value)}]
                except WbemError:
                    return _NOTHING  # 300 for a uint8
            case ValueTest(Column(index=None, name="__PATH" | "__RELPATH" as name), Operator.EQUAL, str(text)):
                return self.of_path(text, full=name == "__PATH")
        return _ANYTHING

    def any_of(self, terms: tuple[Condition, ...]) -> list[_Keys]:
        found: list[_Keys] = []
        for term in terms:
            found += self.of(term)
            if len(found) > QUERY_KEY_LOOKUPS or {} in found:
                return _ANYTHING
        return found

    def all_of(self, terms: tuple[Condition, ...]) -> list[_Keys]:
        found = _ANYTHING
        for term in terms:
            others = self.of(term)
            if others is _ANYTHING or (found is not _ANYTHING and len(found) * len(others) > QUERY_KEY_LOOKUPS):
                continue
            found = [{**other, **one} for one in found for other in others if self.agree(one, other)]
        return found

    def of_path(self, text: str, *, full: bool) -> list[_Keys]:
        """System properties compare as text, so that it takes no more than what the path of an instance may look like.

        One of another class, namespace or server is of no instance of this class.
        """
        try:
            path = ObjectPath.parse(text)
        except WbemError:
            return _ANYTHING
        class_ = self.class_
        keys = {fold(name or ""): value for name, value in path.keys or ()}
        theirs = [path.class_name, path.server or "", path.namespace or ""]
        ours = [class_.name, *((class_.server, class_.namespace) if full else ("", ""))]
        if [*map(fold, theirs)] != [*map(fold, ours)] or {fold(name) for name in self.keys} != set(keys):
            return _NOTHING
        try:
            return [{name: class_.property(name).type.check(keys[fold(name)]) for name in self.keys}]
        except WbemError:
            return _ANYTHING

    def agree(self, one: _Keys, other: _Keys) -> bool:
        """Whether no key is wanted to have two values."""
        return not any(
            _folded(one[name]) != _folded(other[name]) and _is_simple(self.class_, name)
            for name in one.keys() & other.keys()
        )


def _kind(class_: CimClass, name: str) -> Kind:
    return Column(name, class_.property(name).type, 0).kind


def _is_simple(class_: CimClass, name: str) -> bool:
    """Whether each value of a key has one spelling, but for case; a path and an instant have many."""
    return _kind(class_, name).form in (Form.PLAIN, Form.FOLDED)


def _folded(value: object) -> object:
    return fold(value) if isinstance(value, str) else value


def _passes(test: Callable[[object], bool], value: object) -> bool:
    return value is not None and test(value)


def _equality(class_: CimClass, name: str, value: object) -> Callable[[Any], bool]:
    """The test of a value that is not NULL."""
    kind = _kind(class_, name)
    if kind.form is Form.FOLDED and isinstance(value, str):
        wanted = fold(value)
        return lambda found: fold(found) == wanted
    if kind.form is Form.DATE and isinstance(value, CimDateTime | CimInterval):
        return date_test(Operator.EQUAL, value)
    if kind.form is Form.PATH and isinstance(value, str):
        try:
            return path_test(Operator.EQUAL, ObjectPath.parse(value))
        except WbemError:  # whatever it is, it equals itself
            return lambda found: fold(found) == fold(value)
    return lambda found: found == value
