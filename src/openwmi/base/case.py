"""Names compare without regard to case, and keep the spelling that they were given ([MS-WMI] 2.2.1, DSP0004 5.1)."""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, Mapping, ValuesView
from typing import Generic, TypeVar

V = TypeVar("V")


def fold(name: str) -> str:
    """The form of a name under which equal names are equal.

    Lower case, character by character as Windows maps it: with `str.casefold` "ß" and "ss" would be one name, and
    with `str.lower` over the whole a sigma would depend on what follows it.
    """
    return name.lower() if name.isascii() else "".join(map(str.lower, name))


class NameMap(Mapping[str, V], Generic[V]):
    """An immutable mapping from names to values, looked up without regard to case, in the order given.

    A name given twice keeps its first place and takes the last value, as `dict` does.
    """

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[str, V] | Iterable[tuple[str, V]] = ()) -> None:
        pairs = items.items() if isinstance(items, Mapping) else items
        found: dict[str, tuple[str, V]] = {}
        for name, value in pairs:
            key = fold(name)
            spelling = found[key][0] if key in found else name
            found[key] = (spelling, value)
        self._items = found  # whole before it is seen: one that is made when asked for may be asked by other threads

    def __getitem__(self, name: str) -> V:
        try:
            return self._items[fold(name)][1]
        except KeyError:
            raise KeyError(name) from None

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and fold(name) in self._items

    def __iter__(self) -> Iterator[str]:
        return (spelling for spelling, _ in self._items.values())

    def __len__(self) -> int:
        return len(self._items)

    # Those of Mapping look up each name again, which makes deriving a class twice as slow.
    def items(self) -> ItemsView[str, V]:
        return dict(self._items.values()).items()

    def values(self) -> ValuesView[V]:
        return dict(self._items.values()).values()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, NameMap):
            return NotImplemented
        mine = {key: value for key, (_, value) in self._items.items()}
        return mine == {key: value for key, (_, value) in other._items.items()}

    def __hash__(self) -> int:
        return hash(frozenset(self._items))

    def __repr__(self) -> str:
        return f"NameMap({dict(self._items.values())!r})"

    def spelling(self, name: str) -> str:
        """The name as it was first given. KeyError if there is none."""
        return self._items[fold(name)][0]
