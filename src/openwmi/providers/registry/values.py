"""The types of values in a registry, and how each is kept: REG_SZ and the others of winnt.h.

The mapping to types of CIM is on the SDK's page "Mapping a Registry Data Type to a WMI Data Type".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from openwmi.base.limits import REGISTRY_VALUE_OCTETS
from openwmi.providers.registry.failure import Code, RegistryError


class Kind(IntEnum):
    """As EnumValues tells them."""

    STRING = 1
    EXPANDED_STRING = 2
    BINARY = 3
    DWORD = 4
    MULTI_STRING = 7
    QWORD = 11


@dataclass(frozen=True, slots=True)
class Form:
    """How the values of a type become octets, and values again. Values have been checked against their type of CIM."""

    encode: Callable[[object], bytes]
    decode: Callable[[bytes], object]


def encode(kind: Kind, value: object) -> bytes:
    """RegistryError: INVALID_PARAMETER without a value, or for one that is too long."""
    if value is None:
        raise RegistryError(Code.INVALID_PARAMETER, "there is no value")
    data = _FORMS[kind].encode(value)
    if len(data) > REGISTRY_VALUE_OCTETS:
        raise RegistryError(Code.INVALID_PARAMETER, f"the value is longer than {REGISTRY_VALUE_OCTETS} octets")
    return data


def decode(kind: Kind, data: bytes) -> object:
    """The value that was encoded."""
    return _FORMS[kind].decode(data)


def _encode_text(value: object) -> bytes:
    return str(value).encode("utf-8", "surrogatepass")  # CIM's strings are of UTF-16, which has half characters


def _decode_text(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")


def _encode_texts(value: object) -> bytes:
    """In a list of strings an empty one is the end, so that none can be in it, and neither can NUL."""
    assert isinstance(value, tuple)
    if any(not each or "\0" in each for each in value):
        raise RegistryError(Code.INVALID_PARAMETER, "an empty string ends a list, and cannot be in it")
    return b"".join(_encode_text(each) + b"\0" for each in value)


def _decode_texts(data: bytes) -> tuple[str, ...]:
    return tuple(map(_decode_text, data.split(b"\0")[:-1]))


def _number(octets: int) -> Form:
    def encode_number(value: object) -> bytes:
        assert isinstance(value, int)
        return value.to_bytes(octets, "little")

    return Form(encode_number, lambda data: int.from_bytes(data, "little"))


def _encode_octets(value: object) -> bytes:
    assert isinstance(value, tuple)
    return bytes(value)


_TEXT = Form(_encode_text, _decode_text)
_FORMS = {
    Kind.STRING: _TEXT,
    Kind.EXPANDED_STRING: _TEXT,
    Kind.BINARY: Form(_encode_octets, tuple),
    Kind.DWORD: _number(4),
    Kind.MULTI_STRING: Form(_encode_texts, _decode_texts),
    Kind.QWORD: _number(8),
}
