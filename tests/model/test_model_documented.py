"""Every class of Microsoft's documentation, built from its facts: the model has room for all of them."""

import gzip
import json
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from openwmi.base.error import WbemError
from openwmi.model import CimClass, CimType, ObjectPath, Property, Qualifier, Type, Value, qualifier_set

SAMPLES: Mapping[CimType, Value] = {
    CimType.BOOLEAN: True,
    CimType.CHAR16: "c",
    CimType.DATETIME: "20240229123456.000000+060",
    CimType.OBJECT: None,
    CimType.REFERENCE: r'\\.\root\cimv2:C.K="v\\w"',
    CimType.STRING: r'a "name" with \ and, = @',
}


def type_of(fact: Mapping[str, Any]) -> Type:
    """The facts name a class where the type is a reference to it, or an embedded object of it."""
    text, array = str(fact.get("type", "string")), bool(fact.get("array"))
    if text.upper().endswith(" REF"):
        return Type(CimType.REFERENCE, array, text.split(maxsplit=1)[0])
    try:
        return Type(Type.parse(text).cim, array)
    except WbemError:
        return Type(CimType.OBJECT, array, text)


def class_of(fact: Mapping[str, Any]) -> CimClass:
    properties = (
        Property(p["name"], type_of(p), qualifiers=qualifier_set(*[Qualifier("key")] * bool(p.get("key"))))
        for p in fact.get("properties", ())
    )
    return CimClass(
        fact["name"], fact.get("superclass"), properties=tuple(properties), namespace=r"root\cimv2", server="srv1"
    )


def sample(type_: Type) -> Value:
    value = SAMPLES.get(type_.cim, 7)
    return None if value is None else [value] if type_.array else value


def test_every_documented_class(shared: Path) -> None:
    facts = json.loads(gzip.decompress((shared / "mof" / "class-facts.json.gz").read_bytes()))
    assert len(facts) > 500
    for fact in facts:
        class_ = class_of(fact)
        instance = class_.instance({name.upper(): sample(class_.property(name).type) for name in class_.names})
        assert [instance[name.lower()] for name in class_] == list(instance.values_)
        assert bool(instance.path_) == bool(class_.keys)
        if instance.path_ is not None:
            assert ObjectPath.parse(instance["__PATH"]) == instance.path_
        assert pickle.loads(pickle.dumps(instance)) == instance
        for name in class_.names:
            assert class_.project([name]).names == (name,)
