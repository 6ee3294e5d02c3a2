"""Methods and the two __PARAMETERS classes in which the wire and the API carry their parameters."""

import pytest

from openwmi.model import (
    CimClass,
    CimType,
    Flavor,
    Method,
    Parameter,
    Property,
    Qualifier,
    Type,
    input_class,
    is_set,
    method_from_classes,
    output_class,
    qualifier_set,
)

STRING, UINT32, SINT32 = Type(CimType.STRING), Type(CimType.UINT32), Type(CimType.SINT32)

CREATE = Method(
    "Create",
    (
        Parameter("CommandLine", STRING, is_in=True, id=0),
        Parameter("Environment", STRING, qualifier_set(Qualifier("Optional")), is_in=True, is_out=True, id=1),
        Parameter("ProcessId", UINT32, is_out=True, id=2),
    ),
    UINT32,
    qualifier_set(Qualifier("STATIC")),
    "Win32_Process",
)


def test_directions() -> None:
    assert [p.name for p in CREATE.inputs] == ["CommandLine", "Environment"]
    assert [p.name for p in CREATE.outputs] == ["Environment", "ProcessId"]
    assert CREATE.static
    assert not Method("M").static
    assert Method("M").returns is None


def test_parameters_stand_in_the_order_of_their_ids() -> None:
    method = Method("M", (Parameter("B", STRING, id=1), Parameter("A", STRING, id=0)))
    assert [p.name for p in method.parameters] == ["A", "B"]


def test_a_parameter_without_a_direction_goes_in() -> None:
    """DSP0004: In defaults to true, Out to false."""
    parameter = Parameter("A", STRING)
    assert (parameter.is_in, parameter.is_out) == (True, False)


def test_the_classes_of_the_example() -> None:
    """[MS-WMIO] 2.3.3 and its encoding in 3.2: abstract, [in, ID(0)], flavor 0x11 for ID, ReturnValue without one."""
    restart = Method(
        "Restart",
        (
            Parameter("ServiceName", STRING, is_in=True, id=0),
            Parameter("Status", SINT32, is_in=False, is_out=True, id=1),
        ),
        UINT32,
    )
    inputs, outputs = input_class(restart), output_class(restart)
    assert inputs is not None
    assert outputs is not None
    for class_ in (inputs, outputs):
        assert class_.name == "__PARAMETERS"
        assert class_.is_abstract
    assert inputs.names == ("ServiceName",)
    assert outputs.names == ("Status", "ReturnValue")
    name = inputs.property("ServiceName")
    assert is_set(name.qualifiers, "in")
    assert name.qualifiers["ID"] == Qualifier("ID", 0, SINT32, Flavor(0x11))
    assert is_set(outputs.property("Status").qualifiers, "out")
    assert outputs.property("Status").qualifiers["id"].value == 1
    assert not outputs.property("ReturnValue").qualifiers
    assert outputs.property("ReturnValue").type == UINT32


def test_nothing_to_carry_is_no_class() -> None:
    assert input_class(Method("M")) is None
    assert output_class(Method("M")) is None
    returning = output_class(Method("M", (), UINT32))
    assert returning is not None
    assert returning.names == ("ReturnValue",)


def test_classes_take_values_as_any_other() -> None:
    inputs = input_class(CREATE)
    assert inputs is not None
    given = inputs.instance({"commandline": "sleep 60"})
    assert given.to_dict_() == {"CommandLine": "sleep 60", "Environment": None}
    assert given["__RELPATH"] is None


DEFAULTS = Method(
    "Defaults",
    (
        Parameter("A", STRING, id=0, default="a"),
        Parameter("B", UINT32, is_in=True, is_out=True, id=1, default=0),
        Parameter("C", STRING, is_out=True, id=2, default=""),
    ),
)


@pytest.mark.parametrize(
    "method", [CREATE, DEFAULTS, Method("M"), Method("N", (), UINT32), Method("O", (Parameter("A", STRING),))]
)
def test_a_method_comes_back_from_its_classes(method: Method) -> None:
    classes = input_class(method), output_class(method)
    assert method_from_classes(method.name, *classes, qualifiers=method.qualifiers, origin=method.origin) == method


def test_the_default_of_a_parameter_is_that_of_its_property() -> None:
    inputs, outputs = input_class(DEFAULTS), output_class(DEFAULTS)
    assert inputs is not None
    assert outputs is not None
    assert inputs.defaults == ("a", 0)
    assert inputs.instance({"A": None}).to_dict_() == {"A": None, "B": 0}
    assert outputs.defaults == (0, "")


def test_of_two_classes_the_one_that_has_a_default_says_it() -> None:
    """Others may give it on one of them alone."""
    given = CimClass("__PARAMETERS", properties=(Property("A", UINT32, 7),))
    plain = CimClass("__PARAMETERS", properties=(Property("A", UINT32),))
    assert method_from_classes("M", given, plain).parameters[0].default == 7
    assert method_from_classes("M", plain, given).parameters[0].default == 7
    both = method_from_classes("M", given, CimClass("__PARAMETERS", properties=(Property("A", UINT32, 8),)))
    assert both.parameters[0].default == 7


def test_parameters_without_ids_keep_their_order() -> None:
    inputs = CimClass("__PARAMETERS", properties=(Property("B", STRING), Property("A", STRING)))
    method = method_from_classes("M", inputs, None)
    assert [(p.name, p.id, p.is_in, p.is_out) for p in method.parameters] == [
        ("B", 0, True, False),
        ("A", 1, True, False),
    ]
