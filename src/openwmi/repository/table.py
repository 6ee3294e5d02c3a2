"""How the instances of one class are kept: their octets, their keys, and what to do with rows of an older layout."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from zlib import crc32

from openwmi.base.case import NameMap, fold
from openwmi.base.error import WbemError
from openwmi.model import CimClass, CimInstance, CimType, Property, Qualifiers, Type, Value
from openwmi.repository.damage import damaged
from openwmi.repository.keys import KeyPlan
from openwmi.repository.rows import row_seed
from openwmi.repository.value_record import PropertyQualifiers, RowCodec


def layout_of(class_: CimClass) -> str:
    """The names and types of a class's properties: rows of one layout are read alike."""
    return json.dumps([[each.name, int(each.type.cim), int(each.type.array)] for each in class_.properties])


class Table:
    """The instances of one class in the user's file.

    Attributes:
        class_: the class as it is now.
        id: its number.
        keys: how its instances are found.
        layout: of rows that are written now.
        seed: where the checksums of the rows begin that are there.
        stale: whether the rows there have another layout, so that they have to be written anew before others come.
    """

    __slots__ = ("_codec", "_file", "_moves", "class_", "id", "keys", "layout", "seed", "stale")

    def __init__(self, class_: CimClass, number: int, layout: str | None, file: Path | None) -> None:
        """`layout` is that of the rows that are there; None if there are none."""
        self.class_ = class_
        self.id = number
        self.keys = KeyPlan(class_)
        self.layout = layout_of(class_)
        self.stale = layout is not None and layout != self.layout
        self.seed = row_seed(number, self.layout if layout is None else layout)
        self._file = file
        self._moves: dict[int, tuple[int, Type]] | None = None
        if layout is None or not self.stale:
            self._codec = RowCodec(class_)
            return
        older = older_class(layout)
        self._codec = RowCodec(older)
        self._moves = {
            place: (older.positions[fold(each.name)], older.property(each.name).type)
            for place, each in enumerate(class_.properties)
            if fold(each.name) in older.positions
        }

    def encode(self, instance: CimInstance) -> bytes:
        """The octets of an instance, without its key."""
        return self._codec.encode(instance.values_, instance.own_qualifiers_, instance.own_property_qualifiers_)

    def decode(self, key: bytes, body: bytes, check: int) -> CimInstance:
        """The instance of a row. Mismatch if that was not written under this layout."""
        try:
            if crc32(body, crc32(key, self.seed)) != check:
                raise Mismatch(key)
        except TypeError:
            raise Mismatch(key) from None
        decoded = self._codec.decode(body)
        return CimInstance(self.class_, *decoded) if self._moves is None else self._moved(*decoded)

    def decode_many(self, rows: Sequence[tuple[bytes, bytes, int]]) -> list[CimInstance]:
        """The instances of rows (key, body, checksum). Mismatch if one of them was not written under this layout."""
        seed = self.seed
        try:
            for key, body, check in rows:
                if crc32(body, crc32(key, seed)) != check:
                    raise Mismatch(key)
        except TypeError:
            raise Mismatch(rows[0][0]) from None
        decoded = self._codec.decode_many([body for _, body, _ in rows])
        if self._moves is None:
            class_ = self.class_
            return [CimInstance(class_, values, own, more) for values, own, more in decoded]
        return [self._moved(*each) for each in decoded]

    def older(self, layout: str | None) -> Table:
        """The same for rows of another layout."""
        return Table(self.class_, self.id, layout, self._file)

    def damaged(self, key: object) -> WbemError:
        """CRITICAL_ERROR: a row is not what was written."""
        text = key[:80].decode("utf-8", "replace") if isinstance(key, bytes) else "its key is none"
        return damaged(self._file, f"in an instance of {self.class_.name} ({text})")

    def _moved(self, values: Sequence[Value], own: Qualifiers, of_properties: PropertyQualifiers | None) -> CimInstance:
        """An instance of the class as it is now, of values of an older layout."""
        assert self._moves is not None
        row = list(self.class_.defaults)
        for place, (at, before) in self._moves.items():
            row[place] = _converted(values[at], self.class_.properties[place], before)
        if of_properties:
            kept = [(name, each) for name, each in of_properties.items() if name in self.class_]
            of_properties = NameMap(kept)
        return CimInstance(self.class_, tuple(row), own, of_properties)


class Mismatch(Exception):  # noqa: N818 - that is not yet an error
    """A row was written under another layout than the reader knows; or it is damaged, by `key`."""

    def __init__(self, key: object) -> None:
        super().__init__(key)
        self.key = key


def older_class(layout: str) -> CimClass:
    """A class with the properties that rows of a layout have values of."""
    properties = tuple([Property(name, Type(CimType(cim), bool(array))) for name, cim, array in json.loads(layout)])
    return CimClass("Older", properties=properties)


def _converted(value: Value, property_: Property, before: Type) -> Value:
    """The value as the property can have it now; its default where it cannot."""
    if value is None or (property_.type.cim, property_.type.array) == (before.cim, before.array):
        return value
    try:
        checked: Value = property_.type.check(value)
    except WbemError:
        return property_.default
    return checked
