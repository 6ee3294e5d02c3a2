"""Instances: values by name, system properties, paths, equality, and that nothing can be assigned."""

import copy
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openwmi.base.case import NameMap
from openwmi.base.error import NotFound, WbemError
from openwmi.base.status import WbemStatus
from openwmi.model import (
    SYSTEM_PROPERTIES,
    BareInstance,
    CimClass,
    CimDateTime,
    CimInstance,
    CimType,
    Flavor,
    ObjectPath,
    Property,
    Qualifier,
    Type,
    qualifier_set,
)

STRING, UINT32, BOOLEAN, STRINGS = (
    Type(CimType.STRING),
    Type(CimType.UINT32),
    Type(CimType.BOOLEAN),
    Type(CimType.STRING, array=True),
)
KEY = qualifier_set(Qualifier("Key"))

PROCESS = CimClass(
    "Win32_Process",
    derivation=("CIM_Process", "CIM_ManagedSystemElement"),
    properties=(
        Property("Name", STRING, default="?"),
        Property("Handle", STRING, qualifiers=KEY),
        Property("ProcessId", UINT32),
        Property("Roles", STRINGS),
        Property("Hidden", BOOLEAN),
    ),
    qualifiers=qualifier_set(
        Qualifier("Dynamic", flavor=Flavor.PROPAGATE_TO_INSTANCE),
        Qualifier("Provider", "CIMWin32", STRING),
    ),
    namespace="root\\cimv2",
    server="srv1",
)
INIT = CimInstance(PROCESS, ("init", "1", 1, ("a", "b"), False))


class Lazy:
    """A store that decodes when asked, as the wire's does."""

    def __init__(self, *values: object) -> None:
        self.values = values
        self.asked: list[int] = []

    def __getitem__(self, position: int) -> object:
        self.asked.append(position)
        return self.values[position]

    def __len__(self) -> int:
        return len(self.values)


def test_values_by_attribute_and_by_name() -> None:
    assert INIT.Name == INIT.name == INIT.NAME == "init"
    assert INIT["Handle"] == INIT["handle"] == INIT["hANDLE"] == "1"
    assert list(INIT) == ["Name", "Handle", "ProcessId", "Roles", "Hidden"]
    assert "processid" in INIT
    assert "__PATH" in INIT
    assert "other" not in INIT
    assert 5 not in INIT
    assert INIT.values_ == ("init", "1", 1, ("a", "b"), False)
    assert INIT.to_dict_() == {"Name": "init", "Handle": "1", "ProcessId": 1, "Roles": ("a", "b"), "Hidden": False}
    assert INIT.class_ is PROCESS


def test_an_instance_that_is_made_in_parts() -> None:
    class Kind(CimInstance):
        __slots__ = ()

    for kind in (CimInstance, Kind):
        made: Any = BareInstance()
        made.class_, made.store_, made._qualifiers = PROCESS, ("init", "1", 1, (), None), qualifier_set()
        made.__class__ = kind
        assert made == CimInstance(PROCESS, ("init", "1", 1, (), None))
        assert type(made) is kind
        assert not made.own_qualifiers_
        with pytest.raises(AttributeError, match="never changes"):
            made.Name = "other"


def test_a_store_may_give_all_its_values_at_once() -> None:
    class Whole(Lazy):
        def values_(self) -> tuple[object, ...]:
            return tuple(self.values)

    store = Whole("init", "1", 1, (), None)
    assert CimInstance(PROCESS, store).values_ == store.values
    assert store.asked == []


def test_only_the_value_that_is_asked_for_is_read() -> None:
    store = Lazy("init", "1", 1, (), None)
    process = CimInstance(PROCESS, store)
    assert process.ProcessId == 1
    assert store.asked == [2]
    assert process.store_ is store
    assert process == CimInstance(PROCESS, ("init", "1", 1, (), None))
    assert hash(process) == hash(CimInstance(PROCESS, ("init", "1", 1, (), None)))


def test_null_zero_empty_false_and_nothing_stay_five_things() -> None:
    class_ = CimClass("C", properties=(Property("A", STRING), Property("B", UINT32), Property("C", STRINGS)))
    every = [class_.row({"A": a, "B": b, "C": c}) for a in (None, "") for b in (None, 0) for c in (None, ())]
    assert len(set(every)) == 8
    assert len({CimInstance(class_, row) for row in every}) == 8
    assert [type(value) for value in INIT.replace_(Name="", ProcessId=0, Roles=(), Hidden=False).values_] == [
        str,
        str,
        int,
        tuple,
        bool,
    ]


def test_a_typo_says_the_class_and_the_nearest_name() -> None:
    with pytest.raises(AttributeError, match=r"Win32_Process has no property 'ProcesID'.*ProcessId") as caught:
        _ = INIT.ProcesID
    assert (caught.value.name, caught.value.obj) == ("ProcesID", INIT)
    with pytest.raises(KeyError, match=r"Win32_Process has no property 'Nam'.*Name"):
        _ = INIT["Nam"]
    with pytest.raises(KeyError, match=r"__PTH.*__PATH"):
        _ = INIT["__PTH"]
    assert not hasattr(INIT, "Xyz")
    assert not hasattr(INIT, "nothing_")
    assert getattr(INIT, "Xyz", None) is None


def test_what_was_left_out_by_the_query_is_told_from_what_does_not_exist() -> None:
    some = CimInstance(PROCESS.project(["Name"]), ("init",))
    with pytest.raises(AttributeError, match=r"projected"):
        _ = some.Handle


def test_nothing_can_be_assigned() -> None:
    for name in ("Name", "Other", "class_", "store_", "__CLASS"):
        with pytest.raises(AttributeError, match="replace_"):
            setattr(INIT, name, "x")
        with pytest.raises(AttributeError, match="replace_"):
            delattr(INIT, name)
    with pytest.raises(TypeError):
        INIT["Name"] = "x"


def test_system_properties() -> None:
    assert {name: INIT[name] for name in SYSTEM_PROPERTIES} == {
        "__GENUS": 2,
        "__CLASS": "Win32_Process",
        "__SUPERCLASS": "CIM_Process",
        "__DYNASTY": "CIM_ManagedSystemElement",
        "__RELPATH": 'Win32_Process.Handle="1"',
        "__PROPERTY_COUNT": 5,
        "__DERIVATION": ("CIM_Process", "CIM_ManagedSystemElement"),
        "__SERVER": "srv1",
        "__NAMESPACE": "root\\cimv2",
        "__PATH": '\\\\srv1\\root\\cimv2:Win32_Process.Handle="1"',
    }
    assert INIT["__class"] == "Win32_Process"
    assert INIT.__CLASS == "Win32_Process"


def test_a_projection_without_keys_has_no_path() -> None:
    """Windows: __PATH, __NAMESPACE, __RELPATH and __SERVER are NULL; __CLASS, __GENUS and the count are set."""
    some = CimInstance(PROCESS.project(["Name"]), ("init",))
    assert [some[n] for n in ("__PATH", "__NAMESPACE", "__RELPATH", "__SERVER")] == [None] * 4
    assert [some[n] for n in ("__CLASS", "__GENUS", "__PROPERTY_COUNT")] == ["Win32_Process", 2, 1]
    # Windows shows these empty as well, [MS-WMI] 2.2.4.1.
    assert [some[n] for n in ("__SUPERCLASS", "__DYNASTY", "__DERIVATION")] == [None, None, ()]
    assert some.path_ is None


def test_a_part_of_a_compound_key_is_no_path() -> None:
    class_ = CimClass("C", properties=(Property("A", STRING, qualifiers=KEY), Property("B", UINT32, qualifiers=KEY)))
    assert CimInstance(class_.project(["A"]), ("x",)).path_ is None
    assert CimInstance(class_, ("x", None)).path_ is None
    assert str(CimInstance(class_, ("x", 0)).path_) == 'C.A="x",B=0'


def test_keys_stand_in_the_path_by_name() -> None:
    """Windows orders the keys of __RELPATH by name, not by declaration."""
    kinds = [
        ("Zeta", Type(CimType.UINT64), 7),
        ("alpha", STRING, 'C:\\"x"'),
        ("Beta", BOOLEAN, True),
        ("When", Type(CimType.DATETIME), CimDateTime.parse("20240101000000.000000+000")),
        ("Ref", Type(CimType.REFERENCE), 'D.K="v"'),
    ]
    class_ = CimClass("C", properties=tuple(Property(name, type_, qualifiers=KEY) for name, type_, _ in kinds))
    instance = class_.instance({name: value for name, _, value in kinds})
    assert instance["__RELPATH"] == (
        r'C.alpha="C:\\\"x\"",Beta=TRUE,Ref="D.K=\"v\"",When="20240101000000.000000+000",Zeta=7'
    )
    path = instance.path_
    assert path == ObjectPath.parse(instance["__RELPATH"])


def test_singletons_and_classes_without_keys() -> None:
    singleton = CimClass("One", properties=(Property("A", STRING),), qualifiers=qualifier_set(Qualifier("Singleton")))
    assert CimInstance(singleton, ("x",))["__RELPATH"] == "One=@"
    event = CimClass("__Event", namespace="root", server="s")
    assert event.instance()["__RELPATH"] is None
    assert event.instance()["__PATH"] is None


def test_paths_carry_what_is_known() -> None:
    path = INIT.path_
    assert path == ObjectPath("srv1", "root\\cimv2", "Win32_Process", (("Handle", "1"),))
    nowhere = CimClass("C", properties=(Property("K", STRING, qualifiers=KEY),)).instance({"K": "v"})
    assert nowhere.path_ == ObjectPath(None, None, "C", (("K", "v"),))
    assert (nowhere["__RELPATH"], nowhere["__PATH"]) == ('C.K="v"', None)


def test_replace() -> None:
    other = INIT.replace_(NAME="systemd", ProcessId=2)
    assert (other.Name, other.ProcessId, other.Handle) == ("systemd", 2, "1")
    assert INIT.Name == "init"
    assert INIT.replace_() == INIT
    with pytest.raises(NotFound, match="Nme"):
        INIT.replace_(Nme="x")
    with pytest.raises(WbemError, match=r"Win32_Process\.ProcessId") as caught:
        INIT.replace_(ProcessId="x")
    assert caught.value.status is WbemStatus.TYPE_MISMATCH
    from_lazy = CimInstance(PROCESS, Lazy("init", "1", 1, (), None)).replace_(Name="x")
    assert from_lazy.values_ == ("x", "1", 1, (), None)
    named_self = CimClass("C", properties=(Property("self", STRING),)).instance().replace_(self="x")
    assert named_self["self"] == "x"


def test_qualifiers_of_an_instance() -> None:
    assert set(INIT.qualifiers_) == {"Dynamic"}
    assert INIT.qualifiers_["dynamic"].flavor & Flavor.ORIGIN_PROPAGATED
    own = CimInstance(PROCESS, INIT.values_, qualifier_set(Qualifier("Locale", 1033, Type(CimType.SINT32))))
    assert set(own.qualifiers_) == {"Dynamic", "Locale"}
    assert set(own.own_qualifiers_) == {"Locale"}
    assert not INIT.own_qualifiers_
    assert set(own.replace_(Name="x").qualifiers_) == {"Dynamic", "Locale"}
    assert own == INIT
    again = pickle.loads(pickle.dumps(own))
    assert again.qualifiers_ == own.qualifiers_
    overridden = CimInstance(PROCESS, INIT.values_, qualifier_set(Qualifier("dynamic", False)))
    assert overridden.qualifiers_["Dynamic"].value is False


def test_qualifiers_of_the_properties_of_an_instance() -> None:
    """[MS-WMIO] 2.2.65: they are the instance's alone; nearly none has any."""
    assert not INIT.own_property_qualifiers_
    sets = NameMap({"name": qualifier_set(Qualifier("test"))})
    own = CimInstance(PROCESS, INIT.values_, property_qualifiers=sets)
    assert own == INIT
    assert own.own_property_qualifiers_ == sets
    assert set(own.own_property_qualifiers_["Name"]) == {"test"}
    assert not own.own_qualifiers_
    assert own.qualifiers_ == INIT.qualifiers_
    both = CimInstance(PROCESS, INIT.values_, qualifier_set(Qualifier("Locale")), sets)
    for each in (both, both.replace_(Name="x"), pickle.loads(pickle.dumps(both)), copy.copy(both)):
        assert each.own_property_qualifiers_ == sets
        assert set(each.own_qualifiers_) == {"Locale"}
    assert not CimInstance(PROCESS, INIT.values_, property_qualifiers=NameMap()).own_property_qualifiers_


def test_equality_is_class_name_and_values() -> None:
    renamed = CimClass("WIN32_PROCESS", properties=PROCESS.properties)
    assert CimInstance(renamed, INIT.values_) == INIT
    assert hash(CimInstance(renamed, INIT.values_)) == hash(INIT)
    assert CimInstance(PROCESS, ("x", *INIT.values_[1:])) != INIT
    assert CimInstance(CimClass("Other", properties=PROCESS.properties), INIT.values_) != INIT
    turned = CimClass("Win32_Process", properties=PROCESS.properties[::-1])
    assert CimInstance(turned, INIT.values_[::-1]) == INIT
    assert hash(CimInstance(turned, INIT.values_[::-1])) == hash(INIT)
    # The same values under other names are something else.
    names = CimInstance(PROCESS.project(["Name"]), ("x",))
    handles = CimInstance(PROCESS.project(["Handle"]), ("x",))
    assert names != handles
    assert INIT != "init"


def test_an_instance_without_properties_is_still_true() -> None:
    assert bool(CimClass("C").instance())
    assert bool(CimClass("C"))


def test_copies_and_pickles() -> None:
    for again in (
        pickle.loads(pickle.dumps(INIT)),
        pickle.loads(pickle.dumps(CimInstance(PROCESS, Lazy(*INIT.values_)))),
        copy.copy(INIT),
        copy.deepcopy(INIT),
    ):
        assert again == INIT
        assert again.class_ == PROCESS
        assert again.path_ == INIT.path_
    one, other = pickle.loads(pickle.dumps((INIT, INIT.replace_(Name="x"))))
    assert one.class_ is other.class_


def test_the_short_text() -> None:
    assert repr(INIT) == '<Win32_Process.Handle="1">'
    assert repr(CimInstance(PROCESS.project(["Name"]), ("init",))) == "<Win32_Process (1 property)>"
    assert repr(CimClass("C").instance()) == "<C (0 properties)>"


def test_embedded_objects() -> None:
    class_ = CimClass("Event", properties=(Property("TargetInstance", Type(CimType.OBJECT)),))
    event = class_.instance({"TargetInstance": INIT})
    assert event.TargetInstance.Name == "init"
    assert event.to_dict_() == {"TargetInstance": INIT}
    assert pickle.loads(pickle.dumps(event)) == event


def test_the_names_that_completion_offers() -> None:
    offered = dir(INIT)
    assert {"Name", "Handle", "path_", "replace_"} <= set(offered)


values = st.fixed_dictionaries(
    {
        "Name": st.none() | st.text(st.characters(exclude_characters="\0"), max_size=5),
        "ProcessId": st.none() | st.integers(0, 2**32 - 1),
        "Roles": st.none() | st.lists(st.text("ab", max_size=2), max_size=3),
        "Hidden": st.none() | st.booleans(),
    }
)


@given(values, values)
def test_whatever_is_put_in_comes_out(one: dict[str, object], other: dict[str, object]) -> None:
    instance = PROCESS.instance({name.swapcase(): value for name, value in one.items()})
    for name, value in one.items():
        expected = tuple(value) if isinstance(value, list) else value
        assert (instance[name], type(instance[name])) == (expected, type(expected))
        assert getattr(instance, name.lower()) == expected
    second = PROCESS.instance(other)
    assert (instance == second) == (instance.to_dict_() == second.to_dict_())
    if instance == second:
        assert hash(instance) == hash(second)
    assert pickle.loads(pickle.dumps(instance)) == instance
    assert instance.replace_(**other) == second
