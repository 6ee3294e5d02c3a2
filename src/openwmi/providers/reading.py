"""Providers as tables: of each property where it comes from, in words and as a function.

A table is read in three ways: rows are made from it, only the columns that somebody wants; keys and equalities are
compared before anything costly is read; and `docs/win32.md` is written from it. What is not in a table is NULL.

The thing that a row is made of is called a sample: whatever a provider's functions read from.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import ClassVar, Generic, TypeAlias, TypeVar

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.engine.provider import Provider, Request, Row
from openwmi.model import CimType, ObjectPath
from openwmi.providers.host import Host, SilentError

log = logging.getLogger("openwmi.providers")

S = TypeVar("S")
S_contra = TypeVar("S_contra", contravariant=True)


class GoneError(Exception):
    """What the row is about has ended while it was read: there is no row."""


@dataclass(frozen=True, slots=True)
class Reads(Generic[S_contra]):
    """A property that is read.

    Attributes:
        source: where from, for people: `/proc/meminfo MemTotal`, `SMBIOS type 4, Socket Designation`. If the value is
            NULL on some hosts, when: `…; NULL without a battery`.
        read: the sample -> the value. OSError, ValueError and LookupError are NULL.
    """

    source: str
    read: Callable[[S_contra], object]


@dataclass(frozen=True, slots=True)
class Null:
    """A property that is NULL on every host, and why. It is written, too, where the class has another default."""

    why: str


Column: TypeAlias = Reads[S] | Null
Table: TypeAlias = Mapping[str, Column[S]]
"""Property -> column, by the declared names."""


def always(value: object) -> Reads[object]:
    """A column with the same value on every host."""
    return Reads(f"always {value!r}" if isinstance(value, int) else f'always "{value}"', lambda _: value)


@cache
def this_host() -> Host:
    """The machine that this process runs on: one for all providers, so that what hangs hangs once."""
    return Host()


class HostProvider(Provider, Generic[S]):
    """A provider that makes rows out of a table; derive, name the class, and say what the samples are.

    Attributes:
        cim_class: the name of the class that is served.
        table: its columns.
        host: where all values come from.
    """

    table: ClassVar[Table]  # type: ignore[type-arg]  # no class variable can be of a class's own type variable

    def __init__(self, host: Host | None = None) -> None:
        self.host = this_host() if host is None else host

    def samples(self, request: Request) -> Iterable[S]:
        """Of each instance one, cheap to make: what only some columns need is read when they ask (cached_property)."""
        raise NotImplementedError

    def find(self, request: Request, keys: Mapping[str, object]) -> S | None:
        """The sample with these keys. Override it where that is less work than to go through all of them."""
        property_of = request.cim_class.property
        told: set[tuple[str, str]] = set()
        tests = [
            (column, name, keys[name], property_of(name).type.cim is CimType.REFERENCE)
            for name in keys
            if isinstance(column := self.table.get(name), Reads)
        ]
        for sample in self.samples(request):
            try:
                if all(
                    same(_value(self, name, column, sample, told), key, is_path) for column, name, key, is_path in tests
                ):
                    return sample
            except GoneError:
                continue
        return None

    def instances(self, request: Request) -> Iterator[Row]:
        reader = RowReader(self, request)
        for sample in self.samples(request):
            row = reader.row(sample)
            if row is not None:
                yield row

    def get(self, request: Request, keys: Mapping[str, object]) -> Row | None:
        sample = self.find(request, keys)
        return None if sample is None else RowReader(self, request, filtering=False).row(sample)


class RowReader(Generic[S]):
    """Makes the rows of one request: only what is wanted of them, and none that cannot match."""

    def __init__(self, provider: HostProvider[S], request: Request, *, filtering: bool = True) -> None:
        self._provider = provider
        self._told: set[tuple[str, str]] = set()
        table = provider.table
        equal = {name for name in request.equalities if filtering and isinstance(table.get(name), Reads)}
        keys = set(request.cim_class.keys)
        self._equal = [(name, table[name], request.equalities[name]) for name in table if name in equal]
        self._wanted = [
            (name, column)
            for name, column in table.items()
            if name not in equal and (name in keys or request.wants(name))
        ]

    def row(self, sample: S) -> Row | None:
        """None for what does not match, or is gone."""
        provider = self._provider
        row: dict[str, object] = {}
        try:
            for name, column, wanted in self._equal:
                row[name] = found = _value(provider, name, column, sample, self._told)
                if not same(found, wanted):
                    return None
            for name, column in self._wanted:
                row[name] = _value(provider, name, column, sample, self._told)
        except GoneError:
            return None
        return row


def path_to(request: Request, class_name: str, /, **keys: str | int | bool) -> str:
    """The path of an instance of this namespace, whole, as Windows writes references."""
    class_ = request.cim_class
    return str(ObjectPath(class_.server or None, class_.namespace, class_name, tuple(keys.items())))


def same(found: object, wanted: object, may_be_path: bool = True) -> bool:
    """Whether a value may be the one that is wanted: text without regard to case, paths by their keys.

    Where it is not sure it says yes, since the engine compares again.
    """
    if isinstance(found, str) and isinstance(wanted, str):
        return fold(found) == fold(wanted) or (may_be_path and ":" in found and _same_keys(found, wanted))
    return found == wanted


def _same_keys(found: str, wanted: str) -> bool:
    try:
        ours, theirs = ObjectPath.parse(found), ObjectPath.parse(wanted)
    except WbemError:
        return False
    if ours.is_class or theirs.is_class:
        return False
    # A path may name a class above, leave out the server, or leave out the name of the only key.
    return _key_values(ours) == _key_values(theirs)


def _key_values(path: ObjectPath) -> list[str]:
    return sorted(fold(str(value)) for _, value in path.keys or ())


def _value(provider: HostProvider[S], name: str, column: Column[S], sample: S, told: set[tuple[str, str]]) -> object:
    """`told` are the properties, and the silences, of which the log has heard in this answer."""
    if isinstance(column, Null):
        return None
    try:
        return column.read(sample)
    except SilentError as error:
        if (name, str(error)) not in told:
            told.add((name, str(error)))
            log.warning("%s.%s: %s: NULL", provider.cim_class, name, error)
    except (OSError, ValueError, LookupError) as error:
        log.debug("%s.%s is NULL: %r", provider.cim_class, name, error)
    return None
