"""The classes of root\\cimv2 that come with the package, against the facts of Microsoft's documentation."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from openwmi.base.case import fold
from openwmi.engine.registration import shipped_class
from openwmi.model import CimClass, CimType, Flavor, Type
from openwmi.repository import ShippedLayer

NAMESPACE = "root\\cimv2"
NAMES = [name for name, _ in ShippedLayer.load().classes(NAMESPACE) if not name.startswith("__")]

NOT_IN_THE_FACTS = {
    *("CIM_StorageVolume", "StdRegProv", "Win32_ACE", "Win32_CurrentTime", "Win32_IP4RouteTable", "Win32_LocalTime"),
    *("Win32_MountPoint", "Win32_NTEventlogFile", "Win32_NTLogEvent", "Win32_PingStatus", "Win32_Product"),
    *("Win32_SecurityDescriptor", "Win32_Trustee", "Win32_UTCTime", "Win32_Volume"),
}
"""Written after other pages; the counter classes are, too."""

FOR_PEOPLE = {"displayname", "amendment", "bitvalues"}
"""Qualifiers that belong to a language, which the MOF leaves out."""

OURS = {"read", "write", "implemented", "static", "valuemap", "values", "association", "optional"}
"""Qualifiers that the facts hold in other fields, or that are about this implementation."""

ARRAYS = {"mappingstrings", "privileges", "modelcorrespondence", "bitmap"}

Facts = dict[str, Any]

DOCUMENTED = [name for name in NAMES if name not in NOT_IN_THE_FACTS and "Data_" not in name]


@pytest.fixture(scope="module")
def facts(shared: Path) -> dict[str, Facts]:
    with gzip.open(shared / "mof" / "class-facts.json.gz", "rt", encoding="utf-8") as file:
        return {entry["name"]: entry for entry in json.load(file)}


@pytest.fixture(scope="module")
def startup_on_the_wire(shared: Path) -> Facts:
    text = (shared / "vectors" / "wmio" / "005.expected.json").read_text(encoding="utf-8")
    found: Facts = json.loads(text)["walker"]["current"]
    return found


@pytest.fixture(scope="module")
def classes() -> dict[str, CimClass]:
    return {name: shipped_class(name) for name in NAMES}


def printed(qualifiers: Facts | None) -> Facts:
    """Qualifiers of the facts as the MOF has them."""
    spelt = {"depricated": "deprecated"}
    found = {spelt.get(fold(name), fold(name)): value for name, value in (qualifiers or {}).items()}
    found = {name: value for name, value in found.items() if name not in FOR_PEOPLE | OURS}
    for name in ARRAYS & set(found):
        texts = found[name] if isinstance(found[name], list) else [found[name]]
        found[name] = tuple(text.replace("\\\\", "\\") for text in texts)
    return found


def written(declared: Any) -> Facts:
    return {fold(name): q.value for name, q in declared.qualifiers.items() if fold(name) not in OURS}


def cim_type(fact: Facts) -> Type:
    """The type that a page gives, in spite of its slips."""
    text, array = fact["type"].rstrip("."), bool(fact.get("array"))
    text = {"unit16": "uint16"}.get(text, text)
    if text.upper().endswith(" REF") and fold(text[:-4]) not in KEYWORDS:
        return Type(CimType.REFERENCE, array, "CIM_LogicalElement" if "Win32_LogicalElement" in text else text[:-4])
    text = text.removesuffix(" REF")
    if fold(text) in KEYWORDS:
        return Type(KEYWORDS[fold(text)], array)
    return Type(CimType.OBJECT, array, text)


KEYWORDS = {kind.keyword: kind for kind in CimType}


def test_there_is_whatever_the_facts_have_of_it(facts: dict[str, Facts]) -> None:
    assert [name for name in DOCUMENTED if name not in facts] == []
    assert [name for name in NOT_IN_THE_FACTS if name in facts or name not in NAMES] == []
    assert len(NAMES) > 110


@pytest.mark.parametrize("name", DOCUMENTED)
def test_a_class_is_what_its_page_says(name: str, facts: dict[str, Facts], classes: dict[str, CimClass]) -> None:
    cim_class, fact = classes[name], facts[name]
    assert fold(cim_class.superclass or "") == fold(fact.get("superclass") or "")
    if "qualifiers" in fact:
        inherited = {"aggregation"} - set(printed(fact["qualifiers"]))
        assert {n: v for n, v in written(cim_class).items() if n not in inherited} == printed(fact["qualifiers"])


@pytest.mark.parametrize("name", DOCUMENTED)
def test_its_properties_are_those_of_the_page(name: str, facts: dict[str, Facts], classes: dict[str, CimClass]) -> None:
    """Names, types, keys and access. A page may say nothing of a key, and never of one that is none."""
    cim_class = classes[name]
    found = {fold(fact["name"]): fact for fact in facts[name].get("properties", [])}
    assert {fold(p.name) for p in cim_class.properties} >= set(found)
    for key, fact in found.items():
        declared = cim_class.property(key)
        assert (declared.type.cim, declared.type.array) == (cim_type(fact).cim, cim_type(fact).array), key
        assert fold(declared.type.class_name or "") == fold(cim_type(fact).class_name or ""), key
        assert declared.name in cim_class.keys or not fact["key"], key
        assert "Write" in declared.qualifiers or fact.get("access") != "Read/write", key
        assert declared.default == fact.get("default") or "default" not in fact, key


@pytest.mark.parametrize("name", DOCUMENTED)
def test_its_properties_have_the_qualifiers_of_the_page(
    name: str, facts: dict[str, Facts], classes: dict[str, CimClass]
) -> None:
    """Of those that it declares itself: pages repeat what is inherited with slips."""
    cim_class = classes[name]
    for fact in facts[name].get("properties", []):
        declared = cim_class.property(fact["name"])
        if fact.get("inherited_from") and "Override" not in (fact.get("qualifiers") or {}):
            continue
        expected = printed(fact.get("qualifiers"))
        assert {n: v for n, v in written(declared).items() if n in expected} == expected, fact["name"]
        if fact.get("values") and declared.type.cim is not CimType.BOOLEAN:
            codes = dict.fromkeys(str(code) for code, _ in fact["values"])
            assert declared.qualifiers["ValueMap"].value == tuple(codes), fact["name"]


@pytest.mark.parametrize("name", DOCUMENTED)
def test_its_methods_are_those_of_the_page(name: str, facts: dict[str, Facts], classes: dict[str, CimClass]) -> None:
    cim_class = classes[name]
    for entry in facts[name].get("methods", []):
        method = cim_class.method(entry["name"])
        assert [p.id for p in method.parameters] == list(range(len(method.parameters)))
        if entry.get("inherited_from") or not entry["params"]:
            continue
        assert [(p.name, p.type.cim, p.type.array, p.is_in, p.is_out) for p in method.parameters] == [
            (f["name"], *_kind(f), "in" in _ways(f), "out" in _ways(f)) for f in entry["params"]
        ]


def _kind(fact: Facts) -> tuple[CimType, bool]:
    return cim_type(fact).cim, cim_type(fact).array


def _ways(fact: Facts) -> list[str]:
    found: list[str] = fact.get("direction", "in").split("/")
    return found


def test_every_class_that_has_instances_can_be_found_by_keys(classes: dict[str, CimClass]) -> None:
    """But for those whose methods are all that there is, and what is only ever embedded."""
    without = [c.name for c in classes.values() if not c.is_abstract and not c.keys and not c.is_singleton]
    assert sorted(without) == ["StdRegProv", "Win32_ACE", "Win32_SecurityDescriptor", "Win32_Trustee"]


def test_associations_have_two_references(classes: dict[str, CimClass]) -> None:
    for cim_class in classes.values():
        references = [p for p in cim_class.properties if p.type.cim is CimType.REFERENCE]
        assert cim_class.is_association == (len(references) == 2), cim_class.name
        assert all(shipped_class(p.type.class_name or "") for p in references), cim_class.name


def test_a_formatted_counter_has_a_raw_one_of_the_same_name(classes: dict[str, CimClass]) -> None:
    formatted = [c for c in classes.values() if "Win32_PerfFormattedData" in c.derivation]
    assert len(formatted) == 6
    for cim_class in formatted:
        raw = classes[cim_class.name.replace("Formatted", "Raw")]
        assert {p.name for p in cim_class.properties} == {
            p.name for p in raw.properties if not p.name.endswith("_Base")
        }
        counted = [p for p in cim_class.properties if p.origin == cim_class.name and p.name != "Name"]
        assert [p.name for p in counted if "CounterType" not in p.qualifiers] == []


def test_the_registry_is_in_both_namespaces() -> None:
    ours, default = shipped_class("StdRegProv"), shipped_class("StdRegProv", "root\\default")
    assert [m.name for m in ours.methods] == [m.name for m in default.methods]
    assert all(method.static for method in ours.methods)
    assert ours.method("EnumKey").inputs[0].default == 2147483650
    assert [p.id for p in ours.method("GetStringValue").parameters] == [0, 1, 2, 3]


def test_flavors() -> None:
    key = shipped_class("CIM_Process").property("Handle").qualifiers["Key"]
    assert key.flavor == (Flavor.PROPAGATE_TO_INSTANCE | Flavor.PROPAGATE_TO_DERIVED_CLASS | Flavor.NOT_OVERRIDABLE)
    values = shipped_class("CIM_OperatingSystem").property("OSType").qualifiers["Values"]
    assert values.flavor == (Flavor.PROPAGATE_TO_DERIVED_CLASS | Flavor.AMENDED)
    assert values.value[36] == "LINUX"


def test_create_is_static_and_has_exactly_these_parameters() -> None:
    process = shipped_class("Win32_Process")
    create = process.method("Create")
    assert create.static
    assert [(p.name, p.id) for p in create.inputs] == [
        ("CommandLine", 0),
        ("CurrentDirectory", 1),
        ("ProcessStartupInformation", 2),
    ]
    assert [(p.name, p.id) for p in create.outputs] == [("ProcessId", 3)]
    assert create.inputs[2].type.class_name == "Win32_ProcessStartup"
    assert [m.name for m in process.methods if m.static] == ["Create"]


def test_startup_is_the_class_that_windows_sends(startup_on_the_wire: Facts) -> None:
    """Windows: the order differs from its page, which goes by the alphabet. Qualifiers and flavors are those here."""
    startup = shipped_class("Win32_ProcessStartup")
    properties = sorted(startup_on_the_wire["properties"], key=lambda entry: entry["order"])
    assert [p.name for p in startup.properties] == [entry["name"] for entry in properties]
    for entry in properties:
        declared = startup.property(entry["name"])
        sent = {
            q["name"].lower(): (q["flavor"], tuple(q["value"]) if isinstance(q["value"], list) else q["value"])
            for q in entry["qualifiers"]
            if q["name"].lower() in {"write", "mappingstrings"}
        }
        ours = {fold(name): (int(q.flavor), q.value) for name, q in declared.qualifiers.items()}
        assert {name: value for name, value in ours.items() if name in {"write", "mappingstrings"}} == sent
    sent_class = {q["name"]: (q["flavor"], q["value"]) for q in startup_on_the_wire["qualifiers"] if q["type"] != 3}
    assert sent_class == {name: (int(q.flavor), q.value) for name, q in startup.qualifiers.items()}


def test_the_default_of_error_mode_is_the_pages(startup_on_the_wire: Facts) -> None:
    """Windows: 0 on the wire, while its page says 1."""
    (sent,) = [entry for entry in startup_on_the_wire["properties"] if entry["name"] == "ErrorMode"]
    assert (sent["default"], shipped_class("Win32_ProcessStartup").property("ErrorMode").default) == (0, 1)
