"""The classes that come with the package: that they are what is documented, and how they are read."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from tools.schema import NAMESPACES, compiled

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.model import CimClass, CimType, is_set
from openwmi.mof import MofError
from openwmi.repository import class_record
from openwmi.repository.shipped import LAYER, ShippedLayer

# [MS-WMI] 2.2.31, and beyond it those on which storing namespaces, providers and subscriptions depends.
DEFAULT = """
__SystemClass __SystemSecurity __IndicationRelated __Namespace __PARAMETERS __Event __ExtrinsicEvent
__NamespaceOperationEvent __NamespaceCreationEvent __NamespaceDeletionEvent __NamespaceModificationEvent
__ClassOperationEvent __ClassCreationEvent __ClassDeletionEvent __ClassModificationEvent
__InstanceOperationEvent __InstanceCreationEvent __InstanceDeletionEvent __InstanceModificationEvent
__AggregateEvent __TimerEvent __ExtendedStatus
__Win32Provider __InstanceProviderRegistration __EventFilter __FilterToConsumerBinding __thisNAMESPACE
""".split()

LEFT_OUT = {"__TimerNextFiring": "reserved for the system; no page says what it has, nor what it is derived from"}
# What the pages say otherwise than the layer, and why is a comment in the MOF: (class, property) or the class.
OTHER_SUPERCLASS = {
    "__EventConsumerProviderCacheControl": "__CacheControl",
    "__EventSinkCacheControl": "__CacheControl",
    "__PropertyProviderCacheControl": "__CacheControl",
    "__SecurityDescriptor": "__SecurityRelatedClass",
    "__SystemSecurity": "__SystemClass",
    "__Trustee": "__SecurityRelatedClass",
}
OTHER_TYPE = {
    "__ACE.AccessMask": "uint32",
    "__ACE.AceFlags": "uint32",
    "__ACE.AceType": "uint32",
    "__ACE.GuidInheritedObjectType": "string",
    "__ACE.GuidObjectType": "string",
    "__SecurityDescriptor.Group": "object:__Trustee",
    "__SecurityDescriptor.Owner": "object:__Trustee",
    "__SecurityDescriptor.SACL": "object:__ACE[]",
    # These inherit an __Event.
    "__ConsumerFailureEvent.Event": "object:__Event",
    "__EventQueueOverflowEvent.Event": "object:__Event",
}
NOT_DOCUMENTED = {"__ClassProviderRegistration.SuppportsBatching": "a slip of the pen for the property beside it"}


@pytest.fixture(scope="module")
def layer() -> ShippedLayer:
    return ShippedLayer.load()


def decoded(layer: ShippedLayer, namespace: str) -> dict[str, CimClass]:
    """All classes of a namespace, by their folded names."""
    found: dict[str, CimClass] = {}
    for name, superclass in layer.classes(namespace):
        parent = None if superclass is None else found[fold(superclass)]
        found[fold(name)] = class_record.decode(layer.record(namespace, name), parent, namespace, "host")
        assert (found[fold(name)].name, found[fold(name)].superclass) == (name, superclass)
    return found


# ---------------------------------------------------------------------------------------------------- what is in it


def test_the_mof_gives_the_file_that_is_shipped() -> None:
    assert compiled(LAYER.parent) == LAYER.read_bytes(), "run `python -m tools.schema`"


def test_the_namespaces(layer: ShippedLayer) -> None:
    assert layer.namespaces() == ("root", "root\\cimv2", "root\\default", "root\\subscription") == NAMESPACES


@pytest.mark.parametrize("namespace", [*NAMESPACES, "ROOT\\CimV2", "root\\made\\by\\a\\user"])
def test_every_namespace_has_the_default_classes(layer: ShippedLayer, namespace: str) -> None:
    found = decoded(layer, namespace)
    assert [name for name in DEFAULT if fold(name) not in found] == []
    assert {class_.namespace for class_ in found.values()} == {namespace}
    others = {name for name in found if not name.startswith("__")}
    assert (others, others - {"stdregprov"})["default" in namespace] == set() or fold(namespace) == "root\\cimv2"


def test_what_only_root_has(layer: ShippedLayer) -> None:
    everywhere = set(decoded(layer, "root\\subscription"))
    assert set(decoded(layer, "root\\default")) - everywhere == {"__cimomidentification", "stdregprov"}
    assert set(decoded(layer, "root")) - everywhere == {
        "__arbitratorconfiguration",
        "__cachecontrol",
        "__cimomidentification",
        "__eventconsumerprovidercachecontrol",
        "__eventprovidercachecontrol",
        "__eventsinkcachecontrol",
        "__objectprovidercachecontrol",
        "__propertyprovidercachecontrol",
        "__providerhostquotaconfiguration",
    }


def test_whatever_may_have_instances_has_keys(layer: ShippedLayer) -> None:
    """All but what travels and is not stored: events, statuses, and what lies in other objects."""
    travelling = {"__event", "__aggregateevent", "__notifystatus", "__securityrelatedclass"}
    for class_ in decoded(layer, "root").values():
        if not class_.is_abstract and not any(class_.isa_(name) for name in travelling):
            assert class_.is_singleton != bool(class_.keys), class_


def test_the_methods_of_a_namespace(layer: ShippedLayer) -> None:
    security = decoded(layer, "root\\cimv2")["__systemsecurity"]
    assert security.is_singleton
    shown = {
        method.name: [f"{'in' if each.is_in else 'out'} {each.type} {each.name}" for each in method.parameters]
        for method in security.methods
    }
    assert shown == {
        "GetSD": ["out uint8[] SD"],
        "GetSecurityDescriptor": ["out object:__SecurityDescriptor Descriptor"],
        "Get9XUserList": ["out object:__NTLMUser9X[] ul"],
        "SetSD": ["in uint8[] SD"],
        "SetSecurityDescriptor": ["in object:__SecurityDescriptor Descriptor"],
        "Set9XUserList": ["in object:__NTLMUser9X[] ul"],
        "GetCallerAccessRights": ["out sint32 rights"],
    }
    for method in security.methods:
        assert method.static
        assert method.returns is not None
        assert method.returns.cim is CimType.UINT32
        assert is_set(method.qualifiers, "implemented") != ("9X" in method.name)


def documented(shared: Path) -> list[dict[str, Any]]:
    """What the pages of the SDK say of the system classes."""
    facts = shared / "mof" / "class-facts.json.gz"
    if not facts.exists():
        pytest.skip(f"{facts.name} is not beside the project")
    with gzip.open(facts, "rt", encoding="utf-8") as file:
        found = [each for each in json.load(file) if each["name"].startswith("__")]
    assert len(found) == 61
    return found


def test_each_documented_class_is_there(layer: ShippedLayer, shared: Path) -> None:
    found = decoded(layer, "root")
    missing = {each["name"] for each in documented(shared) if fold(each["name"]) not in found}
    assert missing == set(LEFT_OUT)
    assert len(found) == 61 - len(LEFT_OUT)


def test_each_is_as_it_is_documented(layer: ShippedLayer, shared: Path) -> None:
    found = decoded(layer, "root")
    for each in documented(shared):
        if each["name"] in LEFT_OUT:
            continue
        class_ = found[fold(each["name"])]
        assert fold(class_.superclass or "") == fold(OTHER_SUPERCLASS.get(class_.name, each.get("superclass") or "")), (
            class_
        )
        told = {one["name"]: one for one in each["properties"]}
        expected = {fold(name) for name in told if f"{class_.name}.{name}" not in NOT_DOCUMENTED}
        assert set(map(fold, class_.names)) == expected, class_
        for name, one in told.items():
            if f"{class_.name}.{name}" not in NOT_DOCUMENTED:
                as_documented(class_, one)
        for qualifier in ("abstract", "singleton"):
            if qualifier in map(fold, each.get("qualifiers", ())):
                assert is_set(class_.qualifiers, qualifier), class_


def as_documented(class_: CimClass, told: dict[str, Any]) -> None:
    where = f"{class_.name}.{told['name']}"
    member = class_.properties[class_.index(told["name"])]
    kind = told.get("type", "").removesuffix(" REF")
    if kind.startswith("__"):
        kind = f"{'ref' if member.type.cim is CimType.REFERENCE else 'object'}:{kind}"
    expected = OTHER_TYPE.get(where, f"{kind}{'[]' if told['array'] else ''}")
    assert fold(str(member.type)) == fold(expected), where
    if told["key"]:
        assert is_set(member.qualifiers, "key"), where
    if "default" in told:
        default = told["default"]
        assert member.default == (tuple(default) if isinstance(default, list) else default), where


# -------------------------------------------------------------------------------------------------- how it is read


def test_names_are_found_whatever_their_case(layer: ShippedLayer) -> None:
    assert layer.record("ROOT", "__event") == layer.record("root\\cimv2", "__Event")
    assert layer.record("root", "__Event").startswith(b'["__Event","__IndicationRelated",')
    with pytest.raises(KeyError):
        layer.record("root", "__Nothing")
    with pytest.raises(KeyError):
        layer.record("root\\cimv2", "__CIMOMIdentification")


def test_each_record_is_a_line(layer: ShippedLayer) -> None:
    lines = LAYER.read_bytes().splitlines()
    for namespace in layer.namespaces():
        for name, _ in layer.classes(namespace):
            assert layer.record(namespace, name) in lines


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"*":7}', b"\xff", b"[" * 100_000])
def test_a_file_that_is_none(tmp_path: Path, text: bytes) -> None:
    file = tmp_path / "layer.jsonl"
    file.write_bytes(text)
    with pytest.raises(WbemError, match="install it again") as caught:
        ShippedLayer.load(file)
    assert caught.value.status is WbemStatus.CRITICAL_ERROR
    with pytest.raises(WbemError, match="install it again"):
        ShippedLayer.load(tmp_path / "missing")


@pytest.mark.parametrize("entries", ["[7]", "[[]]", "[[null,null,0,0]]", '[["A",null,0]]'])
def test_an_index_that_is_none(tmp_path: Path, entries: str) -> None:
    file = tmp_path / "layer.jsonl"
    file.write_text(f'{{"*":{entries}}}\n')
    layer = ShippedLayer.load(file)
    with pytest.raises(WbemError, match="install it again"):
        layer.classes("root")


# ----------------------------------------------------------------------------------------------- how it is compiled


def written(folder: Path, **files: str) -> ShippedLayer:
    """A layer of these texts; `a__b` is the file b.mof of the folder a."""
    for name, text in files.items():
        path = folder.joinpath(*name.split("__")).with_suffix(".mof")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    file = folder / "layer.jsonl"
    file.write_bytes(compiled(folder))
    return ShippedLayer.load(file)


def test_files_and_classes_stand_in_any_order(tmp_path: Path) -> None:
    layer = written(
        tmp_path,
        b="Qualifier Down : boolean = false, Scope(any), Flavor(ToSubclass); class Base {};",
        root__cimv2__a="class D : C {}; [Down] class E : Base {};",
        root__cimv2__z="class B : Base {}; class C : B { uint8 P = 1; };",
        root__made__a="class C : Base { string P; };",
    )
    assert layer.namespaces() == (*NAMESPACES, "root\\made")
    assert layer.classes("root\\cimv2") == [
        ("Base", None),
        ("B", "Base"),
        ("C", "B"),
        ("D", "C"),
        ("E", "Base"),
    ]
    found = decoded(layer, "root\\cimv2")
    assert found["d"]["P"] == 1
    assert found["e"].qualifiers["down"].flavor == 2
    assert decoded(layer, "root\\made")["c"]["P"] is None
    assert layer.classes("root") == [("Base", None)]


def test_a_file_that_does_not_compile_is_named(tmp_path: Path) -> None:
    with pytest.raises(MofError, match="Nothing") as caught:
        written(tmp_path, root__wrong="\nclass A : Nothing {};")
    assert (caught.value.file, caught.value.line) == ("root/wrong.mof", 2)


def test_classes_that_derive_from_each_other(tmp_path: Path) -> None:
    with pytest.raises(MofError):
        written(tmp_path, root__wrong="class A : B {}; class B : A {};")


def test_only_classes_are_shipped(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"root/wrong.mof: only classes"):
        written(tmp_path, root__wrong='#pragma namespace("x")\nclass A {};')


def test_a_superclass_of_another_namespace_is_none(tmp_path: Path) -> None:
    with pytest.raises(MofError):
        written(tmp_path, root__a="class A {};", root__cimv2__b="class B : A {};")
