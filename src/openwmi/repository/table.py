"""How the instances of one class are kept: their octets, their keys, and what to do with rows of an older layout."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from zlib import crc32

from openwmi.base.error import WbemError
from openwmi.model import CimClass, CimInstance, CimType, Property, Qualifiers, Type, Value
from openwmi.repository.damage import damaged
from openwmi.repository.keys import KeyPlan
from openwmi.repository.value_record import RowCodec


def layout_of(class_: CimClass) -> str:
    """The names and types of a class's properties: rows of one layout are read alike."""
    return json.dumps([[each.name, int(each.type.cim), int(each.type.array)] for each in class_.properties])


def checksum(key: bytes, body: bytes) -> int:
    """Of a row: SQLite has none, and one octet that a disk got wrong must not become somebody's value."""
    return crc32(body, crc32(key))


class Table:
    """The instances of one class in the user's file.

    Attributes:
        class_: the class as it is now.
        id: its number.
        keys: how its instances are found.
        layout: of rows that are written now.
        stale: whether the rows there have another layout, so that they have to be written anew before others come.
    """

    __slots__ = ("_codec", "_file", "_old", "class_", "id", "keys", "layout", "stale")

    def __init__(self, class_: CimClass, number: int, layout: str | None, file: Path | None) -> None:
        self.class_ = class_
        self.id = number
        self.keys = KeyPlan(class_)
        self.layout = layout_of(class_)
        self.stale = layout is not None and layout != self.layout
        self._file = file
        self._codec = RowCodec(class_)
        self._old = _older(layout) if self.stale and layout is not None else None

    def encode(self, instance: CimInstance) -> bytes:
        """The octets of an instance, without its key."""
        return self._codec.encode(instance.values_, instance.own_qualifiers_)

    def decode(self, key: bytes, body: bytes, check: int) -> CimInstance:
        """CRITICAL_ERROR for a row that is not what was written."""
        if checksum(key, body) != check:
            raise self._damaged(key)
        values, qualifiers = (self._codec if self._old is None else self._old[0]).decode(body)
        return self._instance(values, qualifiers)

    def decode_many(self, rows: Sequence[tuple[bytes, bytes, int]]) -> list[CimInstance]:
        """The same for (key, body, checksum) of many."""
        for key, body, check in rows:
            if crc32(body, crc32(key)) != check:
                raise self._damaged(key)
        if self._old is not None:
            return [self.decode(*row) for row in rows]
        class_ = self.class_
        return [
            CimInstance(class_, values, own) for values, own in self._codec.decode_many([body for _, body, _ in rows])
        ]

    def _instance(self, values: Sequence[Value], qualifiers: Qualifiers) -> CimInstance:
        if self._old is None:
            return CimInstance(self.class_, tuple(values), qualifiers)
        known = self._old[1]
        row = list(self.class_.defaults)
        for place, each in enumerate(self.class_.properties):
            at = known.positions.get(each.name)
            if at is not None:
                row[place] = _converted(values[at], each, known.properties[at].type)
        return CimInstance(self.class_, tuple(row), qualifiers)

    def _damaged(self, key: bytes) -> WbemError:
        return damaged(self._file, f"in an instance of {self.class_.name} ({key[:80].decode('utf-8', 'replace')})")


def _older(layout: str) -> tuple[RowCodec, CimClass]:
    """How rows of a layout are read, and the properties that they have."""
    properties = tuple([Property(name, Type(CimType(cim), bool(array))) for name, cim, array in json.loads(layout)])
    class_ = CimClass("Older", properties=properties)
    return RowCodec(class_), class_


def _converted(value: Value, property_: Property, before: Type) -> Value:
    """The value as the property can have it now; its default where it cannot."""
    if value is None or (property_.type.cim, property_.type.array) == (before.cim, before.array):
        return value
    try:
        checked: Value = property_.type.check(value)
    except WbemError:
        return property_.default
    return checked
