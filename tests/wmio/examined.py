"""Octets from anywhere, and what must be true of them: they are refused, or what they give can be used in every way."""

from __future__ import annotations

from collections.abc import Iterable
from math import isnan

from openwmi.base.case import NameMap
from openwmi.base.fault import RemoteProtocolError
from openwmi.model import CimClass, CimInstance, Value
from openwmi.wmio import ObjectArrayDecoder, decode_context, decode_object, encode_object

SIGNATURE = b"\x78\x56\x34\x12"
MAGIC = b"WBEMDATA"


def is_sound(octets: bytes) -> bool:
    """Whether the octets are an EncodingUnit, an ObjectArray or an IWbemContextBuffer, by what they begin with.

    Any other exception than RemoteProtocolError comes through, and any at all from what is done with the values then.
    """
    found = decoded(octets)
    if found is None:
        return False
    read(found)
    values = [one for each in found for one in (each.values() if isinstance(each, NameMap) else (each,))]
    check([each for each in values if isinstance(each, CimInstance | CimClass)])
    return True


def decoded(octets: bytes) -> list[object] | None:
    """The objects, or the context; None if the octets are refused."""
    try:
        if octets[:4] == SIGNATURE:
            return [decode_object(octets)]
        if octets[4:12] == MAGIC:
            return list(ObjectArrayDecoder().decode(octets))
        return [decode_context(octets)]
    except RemoteProtocolError:
        return None


def read(values: Iterable[object]) -> None:
    """Every value of every object, and of the objects within."""
    for value in values:
        if isinstance(value, tuple | NameMap):
            read(value if isinstance(value, tuple) else value.values())
        elif isinstance(value, CimInstance):
            read([value[name] for name in value])
            read([value["__RELPATH"], value["__DERIVATION"], value.path_, value.qualifiers_, value.class_])
            repr(value)
        elif isinstance(value, CimClass):
            read(value.defaults)
            read([value.keys, value.dynasty, value.is_singleton, *value.qualifiers.values(), *value.methods])
            repr(value)


def check(objects: list[CimInstance | CimClass]) -> None:
    """They go out again, as what they are, in a form that stays as it is."""
    for obj in objects:
        octets = encode_object(obj)
        again = decode_object(octets)
        assert encode_object(again) == octets
        assert isinstance(obj, CimInstance) == isinstance(again, CimInstance)
        assert parts(again) == parts(obj) or has_nan(obj)


def kind(value: object) -> type:
    """The type of a value: what keeps its octets is an object, too."""
    return next((each for each in (CimClass, CimInstance) if isinstance(value, each)), type(value))


def parts(obj: CimInstance | CimClass) -> list[object]:
    """Everything that can be equal: instances are by their values and the name of their class alone."""
    if isinstance(obj, CimClass):
        return [obj]
    cls = obj.class_
    # Not whether it is projected: an instance says that only by properties that nobody it knows of has declared.
    of_class = [cls.name, cls.derivation, cls.properties, cls.qualifiers, cls.server, cls.namespace]
    return [obj, *of_class, obj.own_qualifiers_, obj.own_property_qualifiers_]


def has_nan(value: Value) -> bool:
    """Whether something in it is not even equal to itself."""
    if isinstance(value, CimInstance):
        own = [
            *value.own_qualifiers_.values(),
            *[one for each in value.own_property_qualifiers_.values() for one in each.values()],
        ]
        return any(map(has_nan, (*value.values_, value.class_, *[each.value for each in own])))
    if isinstance(value, CimClass):
        inside = [qualifier.value for each in value.properties for qualifier in each.qualifiers.values()]
        inside += [qualifier.value for each in value.methods for qualifier in each.qualifiers.values()]
        for method in value.methods:
            inside += [parameter.default for parameter in method.parameters]
            inside += [each.value for parameter in method.parameters for each in parameter.qualifiers.values()]
        return any(map(has_nan, (*value.defaults, *inside, *(each.value for each in value.qualifiers.values()))))
    return any(map(has_nan, value)) if isinstance(value, tuple) else isinstance(value, float) and isnan(value)
