"""The methods of a class and their parameters ([MS-WMIO] 2.3.3)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from openwmi.model.cimtype import Type, Value
from openwmi.model.qualifier import NO_QUALIFIERS, Qualifiers, inherited, is_set, overridden


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter.

    Attributes:
        name, type: as declared.
        qualifiers: all but In, Out and ID, which the fields below say, and CIMTYPE.
        is_in, is_out: its directions. One without any goes in (DSP0004: In defaults to true).
        id: its place in the signature, from 0.
        default: what it is where a call does not give it; None is NULL.
    """

    name: str
    type: Type
    qualifiers: Qualifiers = NO_QUALIFIERS
    is_in: bool = False
    is_out: bool = False
    id: int = 0
    default: Value = None

    def __post_init__(self) -> None:
        if not self.is_in and not self.is_out:
            object.__setattr__(self, "is_in", True)


@dataclass(frozen=True, slots=True)
class Method:
    """One method.

    Attributes:
        name: as declared.
        parameters: in the order of their IDs, in whatever order they were given.
        returns: the type of ReturnValue; None where the method returns nothing.
        qualifiers: its own and those handed down to it.
        origin: the class that declared it last, whose implementation runs. Empty until it is part of a class.
    """

    name: str
    parameters: tuple[Parameter, ...] = ()
    returns: Type | None = None
    qualifiers: Qualifiers = NO_QUALIFIERS
    origin: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", tuple(sorted(self.parameters, key=lambda parameter: parameter.id)))

    @property
    def static(self) -> bool:
        """Whether it is called on the class, not on an instance."""
        return is_set(self.qualifiers, "static")

    @property
    def inputs(self) -> tuple[Parameter, ...]:
        return tuple(parameter for parameter in self.parameters if parameter.is_in)

    @property
    def outputs(self) -> tuple[Parameter, ...]:
        """The out-parameters; the return value is not among them."""
        return tuple(parameter for parameter in self.parameters if parameter.is_out)

    def inherited(self) -> Method:
        """The method as a derived class has it that does not redefine it."""
        qualifiers = inherited(self.qualifiers)
        return self if qualifiers is self.qualifiers else replace(self, qualifiers=qualifiers)

    def declared_by(self, class_name: str) -> Method:
        """The method with this class for its origin."""
        return replace(self, origin=class_name)

    def redefined(self, own: Method, class_name: str, parent_name: str) -> Method:
        """This inherited method as `class_name` redefines it by `own`. OVERRIDE_NOT_ALLOWED as for properties."""
        where = f"{class_name}.{self.name}()"
        return replace(
            own,
            name=self.name,
            qualifiers=overridden(self.qualifiers, own.qualifiers, where, parent_name),
            origin=class_name,
        )
