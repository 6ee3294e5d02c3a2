"""NdTable and NullAndDefaultFlag ([MS-WMIO] 2.2.26, 2.2.27): two bits per property, indexed by DeclarationOrder.

2.2.26 says "similar to the order of the PropertyLookupTable"; the examples of section 3 settle that it is not.
"""

from collections.abc import Sequence

from openwmi.model import Value

IS_NULL = 1
IS_DEFAULT = 2  # inherited from the parent class; in an instance: from its class

_QUADS = [bytes((octet & 3, octet >> 2 & 3, octet >> 4 & 3, octet >> 6)) for octet in range(256)]


def null_flag(default: Value) -> int:
    """The flags of a NULL value. Windows: one that agrees with the class's default says that it is the default, too."""
    return IS_NULL | IS_DEFAULT if default is None else IS_NULL


def size(count: int) -> int:
    """Octets of the table of `count` properties. No properties, no table."""
    return (count + 3) // 4


def decode(octets: bytes, count: int) -> bytes:
    """The table -> one octet of flags per property; unused bits, which may have any value, are dropped."""
    return b"".join([_QUADS[octet] for octet in octets])[:count]


def encode(flags: Sequence[int]) -> bytes:
    """The flags in declaration order -> the table; unused bits are zero."""
    table = bytearray(size(len(flags)))
    for order, flag in enumerate(flags):
        table[order >> 2] |= flag << 2 * (order & 3)
    return bytes(table)
