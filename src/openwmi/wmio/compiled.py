"""An encoder of instances made for one class: `instance.encode` with all that the class decides already decided.

The generated function packs all slots in one step, joins all strings and encodes them at once. It writes the same
octets as `instance.encode`, which remains for whatever this one cannot do. Names and constants reach the source only as
places (v0, v1, …) and through the function's namespace, never as text of the class.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Any

from openwmi.base.fault import LocalProtocolError
from openwmi.model import CimClass, CimType, Property, Value
from openwmi.wmio import cim_type, encoded_string, nd_table, values
from openwmi.wmio.heap import LENGTH_BIT, HeapWriter, WireObject
from openwmi.wmio.instance_fields import NO_SETS

# The values in declaration order -> the octets of `instance.encode`.
Encoder = Callable[[Sequence[Value]], bytes]

# What an encoder raises for values that it cannot encode; the first is about text beyond Latin-1 only.
WIDE = UnicodeEncodeError
FAILURES = (struct.error, TypeError, ValueError, OverflowError, AttributeError, LocalProtocolError)


def build(cls: CimClass, block: Callable[[WireObject], bytes], whole: Struct) -> tuple[Encoder, Encoder]:
    """The encoders of a class: for instances whose text is all Latin-1, and for any text. The class has properties.

    `block` encodes an object inside a heap; `whole` is InstanceLayout.whole.
    """
    namespace: dict[str, Any] = {
        "NAME": cls.name,
        "NAME_OCTETS": encoded_string.encode(cls.name),
        "BLOCK": block,
        "HeapWriter": HeapWriter,
        "encode_string": encoded_string.encode,
        "encode_value": values.encode,
        "pack": whole.pack,
        "pack_array": struct.pack,
        "SIZE": whole.size,
        "FLAGS_SIZE": nd_table.size(len(cls.properties)),
    }
    for place, prop in enumerate(cls.properties):
        namespace[f"T{place}"] = prop.type
    source = "\n".join([*_source("narrow", cls.properties, _NARROW), *_source("wide", cls.properties, _WIDE)])
    exec(compile(source, "<instance encoders>", "exec"), namespace)  # noqa: S102 - see the module's docstring
    return namespace["narrow"], namespace["wide"]


@dataclass(frozen=True, slots=True)
class _Texts:
    """How strings are collected: the first ones of all, the lines for one in {0}, the heap that they make, and what is
    looked at in that.
    """

    first: str
    size: str
    lines: tuple[str, ...]
    heap: str
    check: tuple[str, ...] = ()


_NARROW = _Texts(
    "NAME",
    "len(NAME) + 2",
    ("add({0})", "{0}, end = end, end + len({0}) + 2"),
    '("\\0" + "\\0\\0".join(texts) + "\\0").encode("latin-1")',
    # Text with a NUL in it is left to the general encoder, which ends it there.
    ("if heap.count(0) != 2 * len(texts):", "    raise ValueError"),
)
_WIDE = _Texts(
    "NAME_OCTETS",
    "len(NAME_OCTETS)",
    ("{0} = encode_string({0})", "add({0})", "{0}, end = end, end + len({0})"),
    'b"".join(texts)',
)


def _source(name: str, properties: Sequence[Property], texts: _Texts) -> list[str]:
    names = "".join(f"v{place}, " for place in range(len(properties)))
    lines = [
        f"def {name}(found):",
        f"    {names}= found",
        "    flags = 0",
        f"    texts = [{texts.first}]",
        "    add = texts.append",
        f"    end = {texts.size}",
    ]
    others = []
    for place, prop in enumerate(properties):
        if cim_type.is_text(prop.type):
            lines += _if_null(place, prop, _text(place, prop, texts))
        elif cim_type.is_reference(prop.type):
            others += _if_null(place, prop, _item(place, prop))
        else:
            lines += _if_null(place, prop, _number(place, prop))
    if others:
        lines += ["    items = HeapWriter(BLOCK, end)", *others, "    rest = items.octets()", "    end += len(rest)"]
    lines += [
        f"    heap = {texts.heap}",
        *("    " + line for line in texts.check),
        '    table = flags.to_bytes(FLAGS_SIZE, "little")',
        f"    return pack(SIZE + end, 0, 0, table, {names}4, {NO_SETS}, end | {LENGTH_BIT:#x}) + heap"
        + (" + rest" if others else ""),
    ]
    return lines


def _if_null(place: int, prop: Property, otherwise: list[str]) -> list[str]:
    flag = nd_table.null_flag(prop.default) << 2 * place
    lines = [f"    if v{place} is None:", f"        flags |= {flag:#x}", f"        v{place} = 0"]
    return [*lines, "    else:", *("        " + line for line in otherwise)] if otherwise else lines


def _text(place: int, prop: Property, texts: _Texts) -> list[str]:
    convert = [f"v{place} = str(v{place})"] if prop.type.cim is CimType.DATETIME else []
    return [*convert, *(line.format(f"v{place}") for line in texts.lines)]


def _number(place: int, prop: Property) -> list[str]:
    if prop.type.cim is CimType.BOOLEAN:
        return [f"v{place} = {values.TRUE} if v{place} else {values.FALSE}"]
    return [f"v{place} = ord(v{place})"] if prop.type.cim is CimType.CHAR16 else []


def _item(place: int, prop: Property) -> list[str]:
    v = f"v{place}"
    if prop.type.array and values.is_plain(prop.type):
        letter = cim_type.element(prop.type)
        return [f'{v} = items.item(pack_array("<I%d{letter}" % len({v}), len({v}), *{v}))']
    return [f"{v} = encode_value(T{place}, {v}, items)"]
