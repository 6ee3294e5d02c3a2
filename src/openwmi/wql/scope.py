"""Which classes alone a schema query can be about, so that the others need not be read from where they are kept.

The SDK says of `SELECT * FROM meta_class WHERE __Class = "X"` that it "is equivalent to calling GetObject".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.model import CimClass, ObjectPath, Value
from openwmi.wql.check import AllOf, AnyOf, Condition, IsaTest, NullTest, PatternTest, ValueTest
from openwmi.wql.compiler import META, checked_classes, row_filter
from openwmi.wql.keep import keeping
from openwmi.wql.tree import Operator, SchemaQuery

NameFilter: TypeAlias = Callable[[Iterable[str]], list[str]]


class Classes(Protocol):
    """The classes of a namespace, as far as it takes to find those of a scope."""

    def find(self, name: str, /) -> CimClass | None:
        """The class of that name, whatever its case."""

    def derived(self, class_: CimClass | None, /, *, deep: bool) -> Iterator[CimClass]:
        """Those directly below a class, or without a superclass; with `deep` all below, each before its own."""

    def names(self) -> Iterable[str]:
        """The names of all classes."""


@dataclass(frozen=True, slots=True)
class ClassScope:
    """The classes that can match: any that one of the three names. With all of them empty, none can.

    Attributes:
        names: the classes of these names.
        parents: those directly below these; None stands for those without a superclass.
        trees: these and all below them; None stands for every class there is.
        by_name: a test of names that every match must pass: only those classes need be read.
    """

    names: tuple[str, ...] = ()
    parents: tuple[str | None, ...] = ()
    trees: tuple[str | None, ...] = ()
    by_name: NameFilter | None = None

    def classes(self, schema: Classes) -> Iterator[CimClass]:
        """The classes of the scope that there are, each once."""
        if self.by_name is not None and None in self.trees:
            wanted = map(schema.find, self.by_name(schema.names()))
            yield from (class_ for class_ in wanted if class_ is not None)
            return
        seen: set[str] = set()
        for class_ in self._reached(schema):
            name = fold(class_.name)
            if name not in seen:
                seen.add(name)
                yield class_

    def _reached(self, schema: Classes) -> Iterator[CimClass]:
        for name in self.names:
            if (class_ := schema.find(name)) is not None:
                yield class_
        for roots, deep in ((self.parents, False), (self.trees, True)):
            for root in roots:
                top = None if root is None else schema.find(root)
                if deep and top is not None:
                    yield top
                if root is None or top is not None:
                    yield from schema.derived(top, deep=deep)


@keeping
def class_lookup(query: SchemaQuery) -> ClassScope:
    """The classes that alone can match; the filter of the query says which of them do.

    Raises:
        WbemError: INVALID_QUERY, as `compile_class_filter`.
    """
    condition = checked_classes(query)
    scope = _scope(condition)
    if None not in scope.trees:
        return scope
    terms = condition.terms if isinstance(condition, AllOf) else (condition,)
    about_names = tuple([term for term in terms if not isinstance(term, bool) and _is_about_names(term)])
    if not about_names:
        return ALL_CLASSES
    pick = row_filter(AllOf(about_names), META)
    return ClassScope(trees=(None,), by_name=lambda names: [row.name for row in pick(map(_Name, names))])  # type: ignore[attr-defined]  # it gives what it is given


ALL_CLASSES: Final = ClassScope(trees=(None,))


class _Name:
    """The name of a class as a row of META in which nothing else will be looked at."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __getitem__(self, _: int) -> Value:
        return self.name

    def __len__(self) -> int:
        return len(META.names)


def _scope(condition: Condition | bool) -> ClassScope:
    match condition:
        case AllOf(terms):
            return narrowest(map(_scope, terms))
        case AnyOf(terms):
            return united([_scope(term) for term in terms])
        case IsaTest(column, name, False) if column.name == "__this":
            return ClassScope(trees=(name,))
        case ValueTest(column, Operator.EQUAL, str(text)):
            return _of_text(column.name, text)
        case NullTest(column, False) if column.name == "__SUPERCLASS":
            return ClassScope(parents=(None,))
    return ALL_CLASSES


def _of_text(property_: str, text: str) -> ClassScope:
    """Of the classes of which a system property is this text."""
    match property_:
        case "__CLASS" | "__RELPATH":
            return ClassScope(names=(text,))
        case "__SUPERCLASS":
            return ClassScope(parents=(text,))
        case "__DYNASTY":
            return ClassScope(trees=(text,))
        case "__PATH":
            try:
                return ClassScope(names=(ObjectPath.parse(text).class_name,))
            except WbemError:
                return ALL_CLASSES
    return ALL_CLASSES


def narrowest(scopes: Iterable[ClassScope]) -> ClassScope:
    """The one with the fewest classes, as far as one can tell."""
    return min(scopes, key=_breadth)


def _breadth(scope: ClassScope) -> tuple[bool, int, int, int]:
    """So that the least is the scope with the fewest classes, as far as one can tell."""
    return None in scope.trees, len(scope.trees), len(scope.parents), len(scope.names)


def united(scopes: list[ClassScope]) -> ClassScope:
    """All classes of any of these, which ask for nothing but names, parents and trees."""
    trees = {root: None for scope in scopes for root in scope.trees}
    if None in trees:
        return ALL_CLASSES
    names = {name: None for scope in scopes for name in scope.names}
    parents = {root: None for scope in scopes for root in scope.parents}
    return ClassScope(tuple(names), tuple(parents), tuple(trees))


def _is_about_names(condition: Condition) -> bool:
    """Whether a condition asks for nothing but the name of a class."""
    match condition:
        case AllOf(terms) | AnyOf(terms):
            return all(map(_is_about_names, terms))
        case ValueTest(column) | PatternTest(column) | NullTest(column):
            return column.name in ("__CLASS", "__RELPATH")
    return False
