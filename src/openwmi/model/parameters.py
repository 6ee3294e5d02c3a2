"""The parameters of a method as WMI hands them around: two classes named __PARAMETERS ([MS-WMIO] 2.3.3).

One holds the in-parameters, one the out-parameters and ReturnValue; each property has the qualifiers In or Out, and ID.
"""

from __future__ import annotations

from typing import Final

from openwmi.base.case import NameMap, fold
from openwmi.model.cimtype import CimType, Type
from openwmi.model.method import Method, Parameter
from openwmi.model.objects import CimClass
from openwmi.model.property import Property
from openwmi.model.qualifier import NO_QUALIFIERS, Flavor, Qualifier, Qualifiers, qualifier_set

PARAMETERS: Final = "__PARAMETERS"
RETURN_VALUE: Final = "ReturnValue"


def input_class(method: Method) -> CimClass | None:
    """The class of what a call takes; None where it takes nothing."""
    return _class([_property(parameter) for parameter in method.inputs])


def output_class(method: Method) -> CimClass | None:
    """The class of what a call gives, ReturnValue last; None where it gives nothing."""
    properties = [_property(parameter) for parameter in method.outputs]
    if method.returns is not None:
        properties.append(Property(RETURN_VALUE, method.returns))
    return _class(properties)


def method_from_classes(
    name: str,
    inputs: CimClass | None,
    outputs: CimClass | None,
    qualifiers: Qualifiers = NO_QUALIFIERS,
    origin: str = "",
) -> Method:
    """The method whose parameters these classes describe: the inverse of the two above.

    A parameter without an ID gets its place among the others.
    """
    returns: Type | None = None
    parameters: dict[str, Parameter] = {}
    for class_, is_out in ((inputs, False), (outputs, True)):
        for declared in class_.properties if class_ is not None else ():
            key = fold(declared.name)
            if is_out and key == _RETURN_VALUE:
                returns = declared.type
                continue
            parameters[key] = _parameter(declared, is_out, parameters.get(key), len(parameters))
    return Method(name, tuple(parameters.values()), returns, qualifiers, origin)


_RETURN_VALUE = fold(RETURN_VALUE)
_SINT32 = Type(CimType.SINT32)
# The flavors are those of the encoded example in [MS-WMIO] 3.2. Windows shows the ID with 0x31 on an instance.
_ID_FLAVOR = Flavor.PROPAGATE_TO_INSTANCE | Flavor.NOT_OVERRIDABLE
_IN, _OUT = Qualifier("in"), Qualifier("out")
_ABSTRACT = qualifier_set(Qualifier("abstract"))
_OF_THE_FIELDS = frozenset({"in", "out", "id"})


def _class(properties: list[Property]) -> CimClass | None:
    return CimClass(PARAMETERS, properties=tuple(properties), qualifiers=_ABSTRACT) if properties else None


def _property(parameter: Parameter) -> Property:
    directions = [*[_IN] * parameter.is_in, *[_OUT] * parameter.is_out]
    place = Qualifier("ID", parameter.id, _SINT32, _ID_FLAVOR)
    return Property(
        parameter.name,
        parameter.type,
        parameter.default,
        qualifiers=qualifier_set(*directions, *parameter.qualifiers.values(), place),
    )


def _parameter(declared: Property, is_out: bool, inward: Parameter | None, position: int) -> Parameter:
    """`inward` is the in-parameter of that name, where the same goes both ways."""
    place = declared.qualifiers["id"].value if "id" in declared.qualifiers else None
    return Parameter(
        declared.name,
        declared.type,
        NameMap((name, q) for name, q in declared.qualifiers.items() if fold(name) not in _OF_THE_FIELDS),
        not is_out or inward is not None,
        is_out,
        place if isinstance(place, int) else position,
        declared.default if inward is None or inward.default is None else inward.default,
    )
