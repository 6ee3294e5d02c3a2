"""Declarations of classes -> classes of the model: types, parameters, and which line a refused derivation is about."""

from __future__ import annotations

from dataclasses import replace

from openwmi.base.case import NameMap, fold
from openwmi.base.error import WbemError
from openwmi.base.status import MofStatus, WbemStatus
from openwmi.model import (
    CimClass,
    CimType,
    Method,
    Parameter,
    Property,
    Qualifier,
    Qualifiers,
    Type,
    Value,
    is_set,
)
from openwmi.mof.error import MofError, Phase
from openwmi.mof.qualifiers import QualifierTable
from openwmi.mof.source import Source
from openwmi.mof.tree import ClassDeclaration, Literal, MethodDeclaration, PropertyDeclaration

# How the size of an array is kept; "WMI stores the size as a qualifier" (MOF Arrays).
SIZE = "Max"
_OF_THE_FIELDS = frozenset({"in", "out", "id"})
# These travel as strings, and old MOFs declare them so, with the true type in CIMTYPE.
_AS_STRING = frozenset({CimType.DATETIME, CimType.REFERENCE, CimType.OBJECT})


def failure(status: MofStatus | WbemStatus | int, problem: str, source: Source, at: int) -> MofError:
    """What was found wrong while something was looked up or derived."""
    return MofError(status, problem, source.place(at), Phase.STORING)


class ClassMaker:
    """Makes classes. Where classes come from, and what values mean, is for those to say who derive from this."""

    def __init__(self) -> None:
        self.qualifiers = QualifierTable()

    def lookup(self, name: str) -> CimClass | None:
        raise NotImplementedError

    @property
    def namespace(self) -> str:
        raise NotImplementedError

    def value(self, literal: Literal, type_: Type, where: str, source: Source, at: int) -> Value:
        raise NotImplementedError

    def class_(self, declaration: ClassDeclaration) -> CimClass:
        source = declaration.source
        parent = self._parent(declaration)
        own = self.qualifiers.made(declaration.qualifiers, "class", source)
        properties = [self._property(each, declaration, parent) for each in declaration.properties]
        methods = [self._method(each, declaration) for each in declaration.methods]
        try:
            if parent is None:
                return CimClass(
                    declaration.name,
                    properties=tuple(properties),
                    methods=tuple(methods),
                    qualifiers=own,
                    namespace=self.namespace,
                )
            derived = parent.derive(declaration.name, properties, methods, own)
        except WbemError as error:
            at = _culprit(declaration, parent, properties, methods)
            raise failure(error.status, error.message, source, at) from None
        if derived.namespace != self.namespace or derived.server:
            return replace(derived, namespace=self.namespace, server="")
        return derived

    def _parent(self, declaration: ClassDeclaration) -> CimClass | None:
        name = declaration.superclass
        if name is None:
            return None
        parent = self.lookup(name) if fold(name) != fold(declaration.name) else None
        if parent is None:
            problem = f"{declaration.name}: there is no class {name!r} in {self.namespace} from which it could derive"
            raise failure(WbemStatus.INVALID_SUPERCLASS, problem, declaration.source, declaration.superclass_at)
        return parent

    # ----------------------------------------------------------------------------------------- properties and methods

    def _property(self, declared: PropertyDeclaration, owner: ClassDeclaration, parent: CimClass | None) -> Property:
        source = owner.source
        qualifiers = self.qualifiers.made(declared.qualifiers, "property", source)
        type_, qualifiers = self._typed(declared.type, qualifiers, declared.size, source, declared.at)
        position = parent.positions.get(fold(declared.name)) if parent is not None else None
        if parent is not None and position is not None:
            type_ = _as_inherited(type_, declared.type, parent.properties[position].type)
        default = None
        if declared.value is not None:
            where = f"{owner.name}.{declared.name}"
            default = self.value(declared.value, type_, where, source, declared.value_at)
        return Property(declared.name, type_, default, qualifiers)

    def _method(self, declared: MethodDeclaration, owner: ClassDeclaration) -> Method:
        source = owner.source
        qualifiers = self.qualifiers.made(declared.qualifiers, "method", source)
        returns = declared.returns
        if returns is not None:
            returns, qualifiers = self._typed(returns, qualifiers, None, source, declared.at)
        parameters: dict[str, Parameter] = {}
        for position, each in enumerate(declared.parameters):
            where = f"{owner.name}.{declared.name}.{each.name}"
            made = self._parameter(each, position, where, source)
            twin = parameters.get(fold(each.name))
            if twin is not None:
                made = _both_ways(twin, made, where, source, each.at)
            parameters[fold(each.name)] = made
        ids = {parameter.id for parameter in parameters.values()}
        if len(ids) < len(parameters):
            problem = f"{owner.name}.{declared.name}: two parameters have the same ID"
            raise failure(WbemStatus.INVALID_METHOD_PARAMETERS, problem, source, declared.at)
        return Method(declared.name, tuple(parameters.values()), returns, qualifiers)

    def _parameter(self, declared: PropertyDeclaration, position: int, where: str, source: Source) -> Parameter:
        qualifiers = self.qualifiers.made(declared.qualifiers, "parameter", source)
        type_, qualifiers = self._typed(declared.type, qualifiers, declared.size, source, declared.at)
        default = None
        if declared.value is not None:
            default = self.value(declared.value, type_, where, source, declared.value_at)
        place = qualifiers["id"].value if "id" in qualifiers else position
        if isinstance(place, bool) or not isinstance(place, int):
            raise failure(MofStatus.TYPE_MISMATCH, f"{where}: ID takes a number", source, declared.at)
        others = NameMap([(name, each) for name, each in qualifiers.items() if fold(name) not in _OF_THE_FIELDS])
        is_in, is_out = is_set(qualifiers, "in"), is_set(qualifiers, "out")
        return Parameter(declared.name, type_, others, is_in, is_out, place, default)

    def _typed(
        self, type_: Type, qualifiers: Qualifiers, size: int | None, source: Source, at: int
    ) -> tuple[Type, Qualifiers]:
        """The type that a declaration and its qualifiers say together, and the other qualifiers."""
        if size is not None and SIZE not in qualifiers:
            qualifiers = NameMap([*qualifiers.items(), (SIZE, Qualifier(SIZE, size, Type(CimType.SINT32)))])
        if not qualifiers:
            return type_, qualifiers
        if "cimtype" in qualifiers:
            type_ = _refined(type_, qualifiers["cimtype"].value, source, at)
            qualifiers = NameMap([(name, each) for name, each in qualifiers.items() if fold(name) != "cimtype"])
        elif type_.cim is CimType.STRING:
            if is_set(qualifiers, "embeddedinstance"):
                return Type(CimType.OBJECT, type_.array, str(qualifiers["embeddedinstance"].value)), qualifiers
            if is_set(qualifiers, "embeddedobject"):
                return Type(CimType.OBJECT, type_.array), qualifiers
        return type_, qualifiers


def _refined(declared: Type, text: object, source: Source, at: int) -> Type:
    """Windows: refuses CIMTYPE; but MOFs have it, and where it says what the declaration says it does no harm."""
    try:
        said = Type.parse(str(text))
    except WbemError as error:
        raise failure(MofStatus.CIMTYPE_QUALIFIER, error.message, source, at) from None
    if said.cim is not declared.cim and not (declared.cim is CimType.STRING and said.cim in _AS_STRING):
        problem = f"CIMTYPE says {text!r}, and the declaration {declared}"
        raise failure(MofStatus.CIMTYPE_QUALIFIER, problem, source, at)
    return Type(said.cim, declared.array, said.class_name or declared.class_name)


def _as_inherited(type_: Type, declared: Type, inherited: Type) -> Type:
    """A string that holds an object is declared as one, and the qualifier that says so need not stand there again."""
    if declared.cim is not CimType.STRING or inherited.array != type_.array:
        return type_
    if inherited.cim is CimType.OBJECT and type_.cim is CimType.STRING:
        return inherited
    if inherited.cim is CimType.STRING and type_.cim is CimType.OBJECT:
        return inherited
    return type_


def _both_ways(first: Parameter, second: Parameter, where: str, source: Source, at: int) -> Parameter:
    """Two declarations of one name, one in and one out, are one parameter (Creating a WMI Method)."""
    if first.type != second.type or first.is_in == second.is_in or first.is_out == second.is_out:
        problem = f"{where} is declared twice, and not once in and once out with the same type"
        raise failure(WbemStatus.INVALID_METHOD_PARAMETERS, problem, source, at)
    qualifiers = NameMap([*first.qualifiers.items(), *second.qualifiers.items()])
    default = second.default if first.default is None else first.default
    return Parameter(first.name, first.type, qualifiers, True, True, first.id, default)


def _culprit(
    declaration: ClassDeclaration, parent: CimClass | None, properties: list[Property], methods: list[Method]
) -> int:
    """Where the member stands for which a class cannot be made; the class itself where it is none of them."""
    if parent is not None:
        for made, declared in zip(properties, declaration.properties, strict=True):
            if _refuses(parent, [made], []):
                return declared.at
        for method, told in zip(methods, declaration.methods, strict=True):
            if _refuses(parent, [], [method]):
                return told.at
    return declaration.at


def _refuses(parent: CimClass, properties: list[Property], methods: list[Method]) -> bool:
    try:
        parent.derive("_", properties, methods)
    except WbemError:
        return True
    return False
