"""The class of the instances that keep their octets: one for each class, NULL pattern and kind of text.

An instance is its class and its octets, from its value table on. What is known of all such instances is in their class,
so that a value that is asked for by name is one look into a table away. A store, which has values by place, is made
when somebody asks for that.

Nothing is looked at here: `row_plan` did before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from openwmi.model import CimInstance, Store, Value

Octets: TypeAlias = bytes
Unpack: TypeAlias = Callable[[Octets, int], tuple[Any, ...]]
Convert: TypeAlias = Callable[[Octets, Any], Value]

# How a value is read: by what, at which offset, and what makes a value of the slot; None if the slot is the value.
Reader: TypeAlias = tuple[Unpack, int, Convert | None]

octets_of: Callable[[Any], Octets] = CimInstance.__dict__["store_"].__get__
_set_octets: Callable[[Any, Octets], None] = CimInstance.__dict__["store_"].__set__
_octet_at = bytes.__getitem__


class RowShape(NamedTuple):
    """How the octets of a row without UTF-16 lie, which are the value table, and behind it the heap, as they came."""

    flags: bytes
    offsets: tuple[int, ...]
    heap: int | None  # where the heap begins; None if a flag says that a value is the class's default


def narrow_text(heap: int) -> Convert:
    """What makes text of a reference to a string in Latin-1; `heap` is where the heap begins in a row."""
    first = heap + 1

    def text(octets: Octets, reference: int) -> str:
        start = reference + first
        return octets[start : octets.find(0, start)].decode("latin-1")

    return text


def kind(
    title: str,
    readers: Mapping[str, Reader],
    places: tuple[Reader, ...],
    values: Callable[[Octets], tuple[Value, ...]],
    shape: RowShape | None = None,
    narrow: Convert | None = None,
    heap: int = 0,
) -> type[CimInstance]:
    """The class of such instances.

    Args:
        title: what it is called.
        readers: by the names of the properties, in every spelling in which they are usually asked for.
        places: the same by place.
        values: reads all.
        shape: for those who take the octets as they lie; `shape_` of the class.
        narrow: the usual converter of text: `narrow_text(heap)`.
    """
    first = heap + 1

    def getitem(self: Any, name: str) -> Value:
        try:
            unpack, offset, convert = readers[name]
        except KeyError:
            return CimInstance.__getitem__(self, name)
        octets = self.octets_
        (slot,) = unpack(octets, offset)
        if convert is None:
            return slot
        if convert is narrow:  # once more what that does, as strings are asked for most
            slot += first
            found: Value = octets[slot : octets.find(0, slot)].decode("latin-1")
            return found
        return convert(octets, slot)

    def getattr_(self: Any, name: str) -> Value:
        return getitem(self, name) if name in readers else CimInstance.__getattr__(self, name)

    row = _row(f"{title}Row", places, values)
    made: type[CimInstance] = type(
        title,
        (CimInstance,),
        {
            "__slots__": (),
            "__getitem__": getitem,
            "__getattr__": getattr_,
            "octets_": CimInstance.__dict__["store_"],
            "shape_": shape,
            "store_": property(lambda self: _stored(self, row)),
            "values_": property(lambda self: values(self.octets_)),
        },
    )
    return made


def _row(
    title: str, places: tuple[Reader, ...], values: Callable[[Octets], tuple[Value, ...]]
) -> Callable[[Octets], Any]:
    """The store of such instances, which is the octets themselves and takes no more than they."""

    def getitem(self: Octets, place: int | slice) -> Value:
        if isinstance(place, slice):  # of the octets, by the reader of a string
            return _octet_at(self, place)
        unpack, offset, convert = places[place]
        (slot,) = unpack(self, offset)
        return slot if convert is None else convert(self, slot)

    def every(self: Octets) -> Iterator[Value]:
        return iter(values(self))

    count = len(places)
    members: dict[str, object] = {"__getitem__": getitem, "__iter__": every, "__len__": lambda _: count}
    return type(title, (bytes,), {"__slots__": (), "values_": values, **members})


# Stores that are being made, by the identity of the instance, and that, so that no other object gets it.
_pending: dict[int, tuple[Any, Any]] = {}


def _stored(obj: Any, row: Callable[[Octets], Store]) -> Store:
    """The store of an instance: always the same, whichever threads ask.

    It takes the place of the octets before it leaves `_pending`, so that whoever does not find it there any more finds
    it here.
    """
    found: Any = octets_of(obj)
    if type(found) is bytes:
        _, made = _pending.setdefault(id(obj), (obj, row(found)))
        found = octets_of(obj)
        if type(found) is bytes:
            found = made
            _set_octets(obj, made)
        _pending.pop(id(obj), None)
    store: Store = found
    return store
