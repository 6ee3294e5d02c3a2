"""Keeps what was made of a query whose text comes again, so that the second time costs next to nothing.

By identity: the parser keeps a tree for its text, and a class lives as long as the schema that it is part of. To
compare two trees would take longer than what it saves, and would take 1 for TRUE.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Generic, Protocol, TypeVar, TypeVarTuple

from openwmi.base.limits import QUERY_PLANS_KEPT
from openwmi.model import CimClass


class _Query(Protocol):
    @property
    def kept(self) -> bool: ...


Q = TypeVar("Q", bound=_Query)
R = TypeVar("R")
Ts = TypeVarTuple("Ts")


def keeping(make: Callable[[Q, *Ts], R]) -> Callable[[Q, *Ts], R]:
    """A function of a query, and of what else, that keeps its results for those queries that are kept themselves."""

    @lru_cache(maxsize=QUERY_PLANS_KEPT)
    def kept(same: _Same[Q, *Ts]) -> R:
        return make(same.query, *same.others)

    @wraps(make)
    def call(query: Q, *others: *Ts) -> R:
        return kept(_Same(query, others)) if query.kept else make(query, *others)

    return call


class _Same(Generic[Q, *Ts]):
    """Arguments that equal these very objects alone, which it keeps from being replaced by others in their place."""

    __slots__ = ("_hash", "others", "query")

    def __init__(self, query: Q, others: tuple[*Ts]) -> None:
        self.query = query
        self.others = others
        self._hash = hash((id(query), *map(id, others)))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        mine: tuple[object, ...] = self.others
        if not isinstance(other, _Same) or self.query is not other.query:
            return False
        return all(one is another for one, another in zip(mine, other.others, strict=True))


def projection(class_: CimClass, names: tuple[str, ...]) -> CimClass:
    """`class_.project(names)`, the same object for the same class and names: codecs keep what they made for it."""
    return _projected(_Projection(class_, names))


class _Projection:
    """This very class with equal names."""

    __slots__ = ("class_", "names")

    def __init__(self, class_: CimClass, names: tuple[str, ...]) -> None:
        self.class_ = class_
        self.names = names

    def __hash__(self) -> int:
        return hash((id(self.class_), self.names))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Projection) and self.class_ is other.class_ and self.names == other.names


@lru_cache(maxsize=QUERY_PLANS_KEPT)
def _projected(wanted: _Projection) -> CimClass:
    return wanted.class_.project(wanted.names)
