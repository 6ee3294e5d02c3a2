"""Classes: lookup, inheritance, projection, checked rows, and what they say when something is wrong."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openwmi.base.error import NotFound, WbemError
from openwmi.base.status import WbemStatus
from openwmi.model import (
    SYSTEM_PROPERTIES,
    CimClass,
    CimType,
    Flavor,
    Method,
    Parameter,
    Property,
    Qualifier,
    Type,
    is_set,
    nearest,
    qualifier_set,
)

STRING, UINT32, BOOLEAN = Type(CimType.STRING), Type(CimType.UINT32), Type(CimType.BOOLEAN)
TO_BOTH = Flavor.PROPAGATE_TO_INSTANCE | Flavor.PROPAGATE_TO_DERIVED_CLASS
KEY = Qualifier("key", True, BOOLEAN, TO_BOTH | Flavor.NOT_OVERRIDABLE)

ELEMENT = CimClass(
    "CIM_Element",
    properties=(
        Property("Caption", STRING, qualifiers=qualifier_set(Qualifier("Read", flavor=TO_BOTH), Qualifier("Local"))),
        Property("Status", STRING, default="OK"),
    ),
    methods=(
        Method("Reset", (), UINT32, qualifier_set(Qualifier("Implemented"), Qualifier("Doc", "x", STRING, TO_BOTH))),
        Method("Make", (), None, qualifier_set(Qualifier("Static"))),
    ),
    qualifiers=qualifier_set(
        Qualifier("Abstract"),
        Qualifier("Locale", 1033, Type(CimType.SINT32), TO_BOTH),
        Qualifier("UUID", "{1}", STRING, Flavor.PROPAGATE_TO_INSTANCE),
    ),
    namespace="root\\cimv2",
    server="srv1",
)
PROCESS = ELEMENT.derive(
    "Win32_Process",
    properties=(
        Property("Handle", STRING, qualifiers=qualifier_set(KEY)),
        Property("ProcessId", UINT32),
        Property("Status", STRING, default="Running"),
    ),
    methods=(Method("Reset", (Parameter("Hard", BOOLEAN, is_in=True),), UINT32),),
    qualifiers=qualifier_set(Qualifier("Dynamic")),
)


def test_lookup_is_without_regard_to_case() -> None:
    assert PROCESS.index("Handle") == PROCESS.index("HANDLE") == PROCESS.index("handle") == 2
    assert PROCESS.property("processid").name == "ProcessId"
    assert PROCESS.method("RESET").name == "Reset"
    assert PROCESS.names == ("Caption", "Status", "Handle", "ProcessId")
    assert "caption" in PROCESS
    assert 3 not in PROCESS
    assert list(PROCESS) == list(PROCESS.names)


def test_a_missing_name_says_the_nearest() -> None:
    for lookup in (PROCESS.index, PROCESS.property, PROCESS.__getitem__):
        with pytest.raises(KeyError, match=r"Win32_Process has no property 'ProcesId'.*ProcessId"):
            lookup("ProcesId")
    with pytest.raises(KeyError, match=r"Win32_Process has no method 'Reste'.*Reset"):
        PROCESS.method("Reste")
    with pytest.raises(KeyError, match=r"no property 'Xyzzy'\"$") as caught:
        CimClass("Empty").index("Xyzzy")
    assert "Empty" in str(caught.value)


def test_nobody_mistypes_a_name_as_long_as_a_page() -> None:
    assert nearest("CAPTON", ["Status", "Caption"]) == "Caption"
    assert nearest("Xyzzy", ["Status", "Caption"]) is None
    assert nearest("Caption" * 100, ["Caption" * 100]) is None


def test_a_derived_class_has_all_properties_inherited_first() -> None:
    assert PROCESS.superclass == "CIM_Element"
    assert PROCESS.derivation == ("CIM_Element",)
    assert PROCESS.dynasty == "CIM_Element"
    assert ELEMENT.dynasty == "CIM_Element"
    grandchild = PROCESS.derive("My_Process")
    assert grandchild.derivation == ("Win32_Process", "CIM_Element")
    assert grandchild.dynasty == "CIM_Element"
    assert grandchild.names == PROCESS.names
    assert [p.origin for p in grandchild.properties] == ["CIM_Element", "CIM_Element", "Win32_Process", "Win32_Process"]
    assert (grandchild.namespace, grandchild.server) == ("root\\cimv2", "srv1")
    assert grandchild.isa_("my_process")
    assert grandchild.isa_("cim_element")
    assert not grandchild.isa_("Win32_Service")


def test_a_redefined_property_keeps_its_place_and_origin() -> None:
    status = PROCESS.property("Status")
    assert PROCESS.index("Status") == 1
    assert (status.default, status.origin, status.inherited_default) == ("Running", "CIM_Element", False)
    inherited = PROCESS.derive("My_Process").property("Status")
    assert (inherited.default, inherited.inherited_default) == ("Running", True)
    narrowed = ELEMENT.derive("X", properties=(Property("STATUS", STRING),)).property("status")
    assert (narrowed.name, narrowed.default, narrowed.inherited_default) == ("Status", "OK", True)


def test_another_type_is_refused_and_both_are_named() -> None:
    with pytest.raises(WbemError, match=r"X\.Status.*uint32.*CIM_Element.*string") as caught:
        ELEMENT.derive("X", properties=(Property("Status", UINT32),))
    assert caught.value.status is WbemStatus.TYPE_MISMATCH
    with pytest.raises(WbemError):
        ELEMENT.derive("X", properties=(Property("Status", Type(CimType.STRING, array=True)),))


def test_a_reference_may_be_narrowed() -> None:
    dependency = CimClass("D", properties=(Property("Antecedent", Type(CimType.REFERENCE, class_name="CIM_Element")),))
    narrowed = dependency.derive(
        "E", properties=(Property("Antecedent", Type(CimType.REFERENCE, class_name="Win32_Process")),)
    )
    assert narrowed.property("Antecedent").type.class_name == "Win32_Process"
    kept = dependency.derive("F", properties=(Property("Antecedent", Type(CimType.REFERENCE)),))
    assert kept.property("Antecedent").type.class_name == "CIM_Element"


def test_qualifiers_go_where_their_flavor_sends_them() -> None:
    caption = PROCESS.property("Caption").qualifiers
    assert set(caption) == {"Read"}
    assert caption["read"].flavor == TO_BOTH | Flavor.ORIGIN_PROPAGATED
    assert set(PROCESS.qualifiers) == {"Locale", "Dynamic"}
    assert PROCESS.qualifiers["locale"].flavor & Flavor.ORIGIN_PROPAGATED
    assert not PROCESS.qualifiers["dynamic"].flavor & Flavor.ORIGIN_PROPAGATED
    assert set(PROCESS.derive("P").qualifiers) == {"Locale"}
    assert ELEMENT.is_abstract
    assert not PROCESS.is_abstract


@pytest.mark.parametrize("name", ["Key", "Static", "Association", "Singleton", "Indication"])
def test_what_a_class_is_stays_with_its_derived_classes(name: str) -> None:
    """DSP0004 declares these ToSubclass, whatever flavor somebody gave them."""
    base = CimClass(
        "B",
        properties=(Property("P", STRING, qualifiers=qualifier_set(Qualifier(name))),),
        qualifiers=qualifier_set(Qualifier(name)),
    )
    derived = base.derive("D").derive("E")
    assert is_set(derived.qualifiers, name)
    assert is_set(derived.property("P").qualifiers, name.upper())


def test_qualifiers_can_be_overridden_unless_their_flavor_forbids() -> None:
    base = CimClass("B", qualifiers=qualifier_set(Qualifier("Doc", "a", STRING, TO_BOTH)))
    derived = base.derive("D", qualifiers=qualifier_set(Qualifier("doc", "b", STRING)))
    assert derived.qualifiers["Doc"].value == "b"
    assert list(derived.qualifiers) == ["Doc"]
    with pytest.raises(WbemError, match=r"X\.Handle.*key.*Win32_Process") as caught:
        PROCESS.derive("X", properties=(Property("Handle", STRING, qualifiers=qualifier_set(Qualifier("Key", False))),))
    assert caught.value.status is WbemStatus.OVERRIDE_NOT_ALLOWED
    again = PROCESS.derive("X", properties=(Property("Handle", STRING, qualifiers=qualifier_set(Qualifier("Key"))),))
    assert again.keys == ("Handle",)


def test_a_redefined_method_belongs_to_the_class_that_redefines_it() -> None:
    reset = PROCESS.method("Reset")
    assert (reset.origin, [p.name for p in reset.parameters]) == ("Win32_Process", ["Hard"])
    assert set(reset.qualifiers) == {"Doc"}
    assert PROCESS.method("Make").origin == "CIM_Element"
    assert PROCESS.method("Make").static
    assert not reset.static
    assert [m.name for m in PROCESS.methods] == ["Reset", "Make"]


def test_names_occur_once() -> None:
    with pytest.raises(WbemError, match=r"C declares the property 'a' twice") as caught:
        CimClass("C", properties=(Property("A", STRING), Property("a", STRING)))
    assert caught.value.status is WbemStatus.INVALID_PROPERTY
    with pytest.raises(WbemError, match=r"C declares the method 'a' twice") as caught:
        CimClass("C", methods=(Method("A"), Method("a")))
    assert caught.value.status is WbemStatus.INVALID_METHOD
    with pytest.raises(WbemError, match="twice"):
        ELEMENT.derive("C", properties=(Property("A", STRING), Property("a", STRING)))


def test_origins_are_filled_in() -> None:
    assert [p.origin for p in ELEMENT.properties] == ["CIM_Element", "CIM_Element"]
    assert ELEMENT.method("Reset").origin == "CIM_Element"


def test_superclass_and_derivation_complete_each_other() -> None:
    assert CimClass("C", "B").derivation == ("B",)
    assert CimClass("C", derivation=("B", "A")).superclass == "B"
    assert CimClass("C").superclass is None


def test_what_kind_of_class_it_is() -> None:
    kinds = {
        name: CimClass("C", qualifiers=qualifier_set(Qualifier(name)))
        for name in ("singleton", "ABSTRACT", "Association")
    }
    assert kinds["singleton"].is_singleton
    assert kinds["ABSTRACT"].is_abstract
    assert kinds["Association"].is_association
    assert not any((PROCESS.is_singleton, PROCESS.is_abstract, PROCESS.is_association))
    assert not CimClass("C", qualifiers=qualifier_set(Qualifier("Singleton", False))).is_singleton
    assert PROCESS.keys == ("Handle",)
    assert ELEMENT.keys == ()


def test_projection_keeps_the_declaration_order() -> None:
    some = PROCESS.project(["ProcessId", "handle"])
    assert some.names == ("Handle", "ProcessId")
    assert some.name == "Win32_Process"
    assert some["__PROPERTY_COUNT"] == 2
    assert some.keys == ("Handle",)
    assert some.projected
    assert not some.lost_keys
    assert PROCESS.project([]).names == ()
    assert PROCESS.project(["Handle", "HANDLE"]).names == ("Handle",)


def test_projection_empties_the_derivation_unless_it_is_asked_for() -> None:
    """[MS-WMI] 2.2.4.1."""
    some = PROCESS.project(["Handle"])
    assert (some.derivation, some.superclass, some.dynasty) == ((), None, None)
    for asked in ("__DERIVATION", "__superclass", "__Dynasty"):
        kept = PROCESS.project(["Handle", asked])
        assert (kept.derivation, kept.superclass, kept.dynasty) == (("CIM_Element",), "CIM_Element", "CIM_Element")
        assert kept.names == ("Handle",)


def test_projection_without_the_keys_cannot_be_located() -> None:
    some = PROCESS.project(["ProcessId"])
    assert some.lost_keys
    assert (some.server, some.namespace) == ("", "")
    assert some.project(["ProcessId"]).lost_keys
    with_server = PROCESS.project(["ProcessId", "__SERVER"])
    assert (with_server.server, with_server.namespace) == ("srv1", "root\\cimv2")
    assert with_server.lost_keys


@pytest.mark.parametrize("asked", ["__PATH", "__RelPath"])
def test_asking_for_the_path_brings_the_keys(asked: str) -> None:
    assert PROCESS.project(["ProcessId", asked]).names == ("Handle", "ProcessId")


@pytest.mark.parametrize("name", ["Nme", "__NOTHING"])
def test_projection_refuses_unknown_names(name: str) -> None:
    with pytest.raises(WbemError, match=f"Win32_Process has no property '{name}'") as caught:
        PROCESS.project(["Handle", name])
    assert caught.value.status is WbemStatus.INVALID_QUERY


def test_rows_are_checked_and_defaults_filled_in() -> None:
    assert PROCESS.row() == (None, "Running", None, None)
    assert PROCESS.row({"HANDLE": "4", "processid": 4}) == (None, "Running", "4", 4)
    assert PROCESS.row({"Status": None}) == (None, None, None, None)
    assert PROCESS.row({"ProcessId": 5}, base=("c", "s", "4", 4)) == ("c", "s", "4", 5)


def test_a_wrong_value_is_named_with_its_place() -> None:
    with pytest.raises(WbemError, match=r"Win32_Process\.ProcessId: .*uint32.*-1") as caught:
        PROCESS.row({"processid": -1})
    assert caught.value.status is WbemStatus.TYPE_MISMATCH


def test_an_unknown_value_is_not_found() -> None:
    with pytest.raises(NotFound, match=r"Win32_Process has no property 'ProcesId'.*ProcessId") as caught:
        PROCESS.instance({"ProcesId": 1})
    assert caught.value.status is WbemStatus.NOT_FOUND
    with pytest.raises(WbemError, match=r"__PATH.*system property") as system:
        PROCESS.row({"__path": "x"})
    assert system.value.status is WbemStatus.INVALID_OPERATION


def test_a_class_reads_like_an_object_too() -> None:
    """IWbemClassObject is one interface for both; Get on a class gives the default."""
    assert PROCESS["status"] == "Running"
    assert PROCESS["Handle"] is None
    assert {name: PROCESS[name] for name in SYSTEM_PROPERTIES} == {
        "__GENUS": 1,
        "__CLASS": "Win32_Process",
        "__SUPERCLASS": "CIM_Element",
        "__DYNASTY": "CIM_Element",
        "__RELPATH": "Win32_Process",
        "__PROPERTY_COUNT": 4,
        "__DERIVATION": ("CIM_Element",),
        "__SERVER": "srv1",
        "__NAMESPACE": "root\\cimv2",
        "__PATH": "\\\\srv1\\root\\cimv2:Win32_Process",
    }
    bare = CimClass("Bare")
    assert [bare[name] for name in ("__SUPERCLASS", "__SERVER", "__NAMESPACE", "__PATH")] == [None] * 4
    assert bare["__DYNASTY"] == "Bare"
    assert bare["__RELPATH"] == "Bare"


def test_system_properties_have_types() -> None:
    for name, type_ in SYSTEM_PROPERTIES.items():
        assert type_.check(PROCESS[name]) == PROCESS[name]
        assert type_.check(PROCESS.instance()[name]) == PROCESS.instance()[name]


def test_a_class_is_a_value() -> None:
    again = pickle.loads(pickle.dumps(PROCESS))
    assert again == PROCESS
    assert hash(again) == hash(PROCESS)
    assert again.index("handle") == 2
    assert PROCESS.derive("Other") != PROCESS
    assert PROCESS.project(["Handle"]) != PROCESS
    assert len({PROCESS, again}) == 1
    assert repr(PROCESS) == "<class Win32_Process : CIM_Element (4 properties)>"
    for name in ("name", "keys"):
        with pytest.raises(AttributeError):
            setattr(PROCESS, name, "x")


def test_qualifiers_are_values_by_default_true() -> None:
    key = Qualifier("Key")
    assert (key.value, key.type, key.flavor) == (True, BOOLEAN, Flavor(0))
    assert hash(key) == hash(Qualifier("Key"))
    assert is_set(qualifier_set(key), "KEY")
    assert not is_set(qualifier_set(Qualifier("Key", False)), "key")
    assert not is_set(qualifier_set(Qualifier("Key", None)), "key")
    with pytest.raises(AttributeError):
        key.name = "x"  # type: ignore[misc] # assignment is what must fail


def test_flavors_have_the_numbers_of_the_document() -> None:
    """[MS-WMIO] 2.2.62; bits that nobody knows are kept."""
    assert [int(flavor) for flavor in Flavor] == [0x01, 0x02, 0x10, 0x20, 0x40, 0x80]
    assert int(Flavor(0xFF)) == 0xFF


names = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,5}", fullmatch=True)
declarations = st.lists(
    st.tuples(names, st.sampled_from([STRING, UINT32, BOOLEAN]), st.booleans()),
    max_size=6,
    unique_by=lambda d: d[0].lower(),
)


@given(st.lists(declarations, min_size=1, max_size=4))
def test_inheritance_loses_and_doubles_nothing(levels: list[list[tuple[str, Type, bool]]]) -> None:
    class_ = CimClass("C0")
    expected: dict[str, tuple[str, Type, bool]] = {}
    for depth, level in enumerate(levels, 1):
        new = [d for d in level if expected.get(d[0].lower(), d)[1] == d[1]]
        class_ = class_.derive(
            f"C{depth}",
            [Property(name, type_, qualifiers=qualifier_set(*[KEY] * key)) for name, type_, key in new],
        )
        for name, type_, key in new:
            old = expected.get(name.lower(), (name, type_, False))
            expected[name.lower()] = (old[0], type_, old[2] or key)
    assert class_.names == tuple(name for name, _, _ in expected.values())
    assert class_.keys == tuple(name for name, _, key in expected.values() if key)
    assert [p.type for p in class_.properties] == [type_ for _, type_, _ in expected.values()]
    for position, name in enumerate(class_.names):
        assert class_.index(name.swapcase()) == position
    assert pickle.loads(pickle.dumps(class_)) == class_
