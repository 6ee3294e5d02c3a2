"""The class tables against the facts of Microsoft's documentation, and against the one class that Windows sent."""

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from openwmi.model import CimClass, CimType, Flavor
from openwmi.providers.schema import CLASSES
from openwmi.providers.schema.operatingsystem import WIN32_OPERATING_SYSTEM
from openwmi.providers.schema.process import CIM_PROCESS, WIN32_PROCESS, WIN32_PROCESS_STARTUP
from openwmi.providers.schema.words import cim_type

BY_NAME = {cim_class.name: cim_class for cim_class in CLASSES}
NAMES = sorted(BY_NAME)

FOR_PEOPLE = {"displayname", "amendment", "bitvalues"}
"""Qualifiers that belong to a language, which the tables leave out."""

OURS = {"read", "write", "implemented", "static"}
"""Qualifiers that the facts hold in other fields, or that are about this implementation."""

ARRAYS = {"mappingstrings", "privileges", "modelcorrespondence", "bitmap"}

Facts = dict[str, Any]


@pytest.fixture(scope="module")
def facts(shared: Path) -> dict[str, Facts]:
    with gzip.open(shared / "mof" / "class-facts.json.gz", "rt", encoding="utf-8") as file:
        return {entry["name"]: entry for entry in json.load(file)}


@pytest.fixture(scope="module")
def startup_on_the_wire(shared: Path) -> Facts:
    text = (shared / "vectors" / "wmio" / "005.expected.json").read_text(encoding="utf-8")
    found: Facts = json.loads(text)["walker"]["current"]
    return found


def printed(qualifiers: Facts | None) -> Facts:
    """Qualifiers of the facts as the tables write them."""
    found = {name.lower(): value for name, value in (qualifiers or {}).items() if name.lower() not in FOR_PEOPLE}
    for name in ARRAYS & set(found):
        texts = found[name] if isinstance(found[name], list) else [found[name]]
        found[name] = tuple(text.replace("\\\\", "\\") for text in texts)
    return found


def written(declared: Any) -> Facts:
    return {name.lower(): q.value for name, q in declared.qualifiers.items() if name.lower() not in OURS}


def type_name(fact: Facts) -> str:
    embedded = "" if fact["type"] in {kind.keyword for kind in CimType} else "object:"
    return f"{embedded}{fact['type']}{'[]' if fact.get('array') else ''}"


@pytest.mark.parametrize("name", NAMES)
def test_a_class_is_what_its_page_says(name: str, facts: dict[str, Facts]) -> None:
    cim_class, fact = BY_NAME[name], facts[name]
    assert cim_class.superclass == fact.get("superclass")
    assert cim_class.namespace == fact["namespace"].lower()
    assert cim_class.is_abstract == ("Abstract" in fact.get("qualifiers", {"Abstract": True}))
    if "qualifiers" in fact:
        assert written(cim_class) == printed(fact["qualifiers"])


@pytest.mark.parametrize("name", NAMES)
def test_its_properties_have_the_names_and_types_of_the_page(name: str, facts: dict[str, Facts]) -> None:
    cim_class, fact = BY_NAME[name], facts[name].get("properties", [])
    assert {p.name: p.type for p in cim_class.properties} == {f["name"]: cim_type(type_name(f)) for f in fact}
    assert {p.name: p.default for p in cim_class.properties} == {f["name"]: f.get("default") for f in fact}


@pytest.mark.parametrize("name", NAMES)
def test_its_properties_have_the_qualifiers_of_the_page(name: str, facts: dict[str, Facts]) -> None:
    """Where a page overrides a property it leaves out the qualifiers that come down from the class above."""
    cim_class = BY_NAME[name]
    for fact in facts[name].get("properties", []):
        declared = cim_class.property(fact["name"])
        inherited = {} if cim_class.superclass is None else _written_above(cim_class, fact["name"])
        assert inherited | printed(fact.get("qualifiers")) == written(declared), fact["name"]
        assert ("Write" in declared.qualifiers) == (fact["access"] == "Read/write"), fact["name"]
        assert "Read" in declared.qualifiers
        assert (declared.name in cim_class.keys) == fact["key"]


def _written_above(cim_class: CimClass, name: str) -> Facts:
    above = BY_NAME[cim_class.derivation[0]]
    found = [written(declared) for declared in above.properties if declared.name == name]
    return found[0] if found else {}


@pytest.mark.parametrize("name", [name for name in NAMES if name != "Win32_ProcessStartup"])
def test_properties_stand_in_the_order_of_the_pages(name: str, facts: dict[str, Facts]) -> None:
    """Those of the class above come first, then the class's own, as its page lists them."""
    cim_class = BY_NAME[name]
    above = [p.name for p in BY_NAME[cim_class.derivation[0]].properties] if cim_class.derivation else []
    own = [fact["name"] for fact in facts[name].get("properties", []) if fact["name"] not in above]
    assert [p.name for p in cim_class.properties] == above + own


@pytest.mark.parametrize("name", NAMES)
def test_a_property_was_declared_where_the_page_says(name: str, facts: dict[str, Facts]) -> None:
    for fact in facts[name].get("properties", []):
        declared = BY_NAME[name].property(fact["name"])
        if "Override" not in declared.qualifiers:
            assert declared.origin == fact.get("inherited_from", name), fact["name"]


@pytest.mark.parametrize("name", NAMES)
def test_its_methods_are_those_of_the_page(name: str, facts: dict[str, Facts]) -> None:
    fact = facts[name].get("methods", [])
    declared = BY_NAME[name].methods
    assert {m.name for m in declared} == {f["name"] for f in fact}
    for entry in fact:
        method = BY_NAME[name].method(entry["name"])
        assert method.returns == cim_type(entry["returns"]["type"])
        assert [p.id for p in method.parameters] == list(range(len(entry["params"])))
        assert [(p.name, p.type, p.is_in, p.is_out) for p in method.parameters] == [
            (f["name"], cim_type(type_name(f)), f["direction"] == "in", f["direction"] == "out")
            for f in entry["params"]
        ]


def test_inheritance() -> None:
    above = ("CIM_LogicalElement", "CIM_ManagedSystemElement")
    assert WIN32_PROCESS.derivation == ("CIM_Process", *above)
    assert WIN32_OPERATING_SYSTEM.derivation == ("CIM_OperatingSystem", *above)
    assert WIN32_PROCESS.dynasty == WIN32_OPERATING_SYSTEM.dynasty == "CIM_ManagedSystemElement"
    assert [cim_class.name for cim_class in CLASSES if not cim_class.is_abstract] == [
        "Win32_OperatingSystem",
        "Win32_Process",
    ]


def test_each_class_stands_behind_its_superclass() -> None:
    seen: set[str] = set()
    for cim_class in CLASSES:
        assert cim_class.superclass is None or cim_class.superclass in seen
        seen.add(cim_class.name)


def test_one_has_a_key_and_the_other_is_a_singleton() -> None:
    assert (WIN32_PROCESS.keys, WIN32_PROCESS.is_singleton) == (("Handle",), False)
    assert (WIN32_OPERATING_SYSTEM.keys, WIN32_OPERATING_SYSTEM.is_singleton) == ((), True)
    key = CIM_PROCESS.property("Handle").qualifiers["Key"]
    assert key.flavor == (Flavor.PROPAGATE_TO_INSTANCE | Flavor.PROPAGATE_TO_DERIVED_CLASS | Flavor.NOT_OVERRIDABLE)


def test_create_is_static_and_has_exactly_these_parameters() -> None:
    create = WIN32_PROCESS.method("Create")
    assert create.static
    assert [(p.name, p.id) for p in create.inputs] == [
        ("CommandLine", 0),
        ("CurrentDirectory", 1),
        ("ProcessStartupInformation", 2),
    ]
    assert [(p.name, p.id) for p in create.outputs] == [("ProcessId", 3)]
    assert create.inputs[2].type.class_name == "Win32_ProcessStartup"
    assert [m.name for m in WIN32_PROCESS.methods if m.static] == ["Create"]


def test_startup_is_the_class_that_windows_sends(startup_on_the_wire: Facts) -> None:
    """Windows: the order differs from its page, which goes by the alphabet. Qualifiers and flavors are those here."""
    properties = sorted(startup_on_the_wire["properties"], key=lambda entry: entry["order"])
    assert [p.name for p in WIN32_PROCESS_STARTUP.properties] == [entry["name"] for entry in properties]
    for entry in properties:
        declared = WIN32_PROCESS_STARTUP.property(entry["name"])
        sent = {
            q["name"].lower(): (q["flavor"], tuple(q["value"]) if isinstance(q["value"], list) else q["value"])
            for q in entry["qualifiers"]
            if q["name"].lower() in {"write", "mappingstrings"}
        }
        ours = {name.lower(): (int(q.flavor), q.value) for name, q in declared.qualifiers.items() if name != "Read"}
        assert ours == sent
    sent_class = {q["name"]: (q["flavor"], q["value"]) for q in startup_on_the_wire["qualifiers"] if q["type"] != 3}
    assert sent_class == {name: (int(q.flavor), q.value) for name, q in WIN32_PROCESS_STARTUP.qualifiers.items()}


def test_the_default_of_error_mode_is_the_pages(startup_on_the_wire: Facts) -> None:
    """Windows: 0 on the wire, while its page says 1."""
    (sent,) = [entry for entry in startup_on_the_wire["properties"] if entry["name"] == "ErrorMode"]
    assert (sent["default"], WIN32_PROCESS_STARTUP.property("ErrorMode").default) == (0, 1)


def test_the_tables_are_there_without_a_source_of_values() -> None:
    code = "import sys, openwmi.providers.schema, openwmi.providers; sys.exit('psutil' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("text", ["", "int", "Uint32", "string[][]", "UINT32"])
def test_a_type_that_cim_does_not_have(text: str) -> None:
    with pytest.raises(KeyError):
        cim_type(text)
