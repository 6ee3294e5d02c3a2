"""Classes, instances and qualifiers -> MOF that compiles to the same, in the layout of IWbemClassObject::GetObjectText.

What a class inherits is not written, since its superclass says it. The inverse of `parse` and `resolve`, with three
limits: qualifiers have one of WMI's types when they come back (string, boolean, sint32, real64 and their arrays, and
64-bit integers where 32 are too few); a real that is not finite and a method that returns an array cannot be written.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite
from typing import TypeAlias

from openwmi.base.case import NameMap, fold
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.model import (
    CimClass,
    CimInstance,
    CimType,
    Flavor,
    Method,
    Parameter,
    Property,
    Qualifier,
    Qualifiers,
    Type,
    Value,
)
from openwmi.mof.flavors import DECLARED, UNDECLARED, format_flavor
from openwmi.mof.tree import Char, Literal, QualifierDeclaration

Formattable: TypeAlias = CimClass | CimInstance | Qualifier | QualifierDeclaration

_INDENT = "  "
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def format(  # noqa: A001 - parse and format are the two verbs for text
    what: Formattable | Iterable[Formattable], superclass: CimClass | None = None
) -> str:
    """MOF text, each declaration on lines of its own; a Qualifier alone is written as it stands between brackets.

    Args:
        what: one object, or several: those that come first are known to those that follow, as in a text.
        superclass: of the one class. Where it is given, or came before, each difference is written; else what was
            declared again but says nothing new, such as a reference that only names another class, is not.

    Raises:
        WbemError: NOT_SUPPORTED for what MOF cannot say.
    """
    writer = Writer()
    if isinstance(what, Qualifier):
        return writer.qualifier(what)
    if isinstance(what, CimClass):
        return writer.class_(what, superclass, "") + ";\n"
    if isinstance(what, CimInstance | QualifierDeclaration):
        return writer.declaration(what)
    return "\n".join([writer.declaration(each) for each in what])


def to_mof(obj: Formattable | Iterable[Formattable]) -> str:
    """The MOF text of a class or an instance, or of several: `format`, as the package has it."""
    return format(obj)


class Writer:
    """Writes one text, from its beginning.

    Attributes:
        flavors: those that qualifiers have by their declarations so far.
        known: the classes so far, by their folded names.
    """

    def __init__(self) -> None:
        self.flavors: dict[str, Flavor] = {fold(name): flavor for name, flavor in UNDECLARED.items()}
        self.known: dict[str, CimClass] = {}

    def declaration(self, what: Formattable) -> str:
        """One declaration, with its semicolon. NOT_SUPPORTED for what cannot stand alone or has no form in MOF."""
        if isinstance(what, QualifierDeclaration):
            self.flavors[fold(what.name)] = what.flavor
            return _qualifier_declaration(what)
        if isinstance(what, CimClass):
            text = self.class_(what, None, "") + ";\n"
            self.known[fold(what.name)] = what
            return text
        if isinstance(what, CimInstance):
            return self.instance(what, "") + ";\n"
        raise WbemError(WbemStatus.NOT_SUPPORTED, f"the qualifier {what.name} cannot stand alone in a MOF text")

    # ------------------------------------------------------------------------------------------------------ qualifiers

    def qualifier(self, qualifier: Qualifier) -> str:
        value = qualifier.value
        text = qualifier.name
        if isinstance(value, tuple):
            text += _braced([_constant(element, qualifier.type.cim) for element in value])
        elif value is not True:
            text += f"({_constant(value, qualifier.type.cim)})"
        flavor = format_flavor(qualifier.flavor, self.flavors.get(fold(qualifier.name), Flavor(0)))
        return f"{text} : {flavor}" if flavor else text

    def bracketed(self, qualifiers: Iterable[Qualifier], end: str, words: Iterable[str] = ()) -> str:
        found = [*words, *[self.qualifier(each) for each in qualifiers]]
        return f"[{', '.join(found)}]{end}" if found else ""

    # --------------------------------------------------------------------------------------------------------- classes

    def class_(self, class_: CimClass, superclass: CimClass | None, indent: str) -> str:
        """Without the semicolon, as an embedded class stands."""
        inner = indent + _INDENT
        if superclass is None and class_.superclass:
            superclass = self.known.get(fold(class_.superclass))
        inherited = NameMap({each.name: each.inherited() for each in superclass.properties}) if superclass else None
        parent = f" : {class_.superclass}" if class_.superclass else ""
        lines = [
            self.bracketed(own_qualifiers(class_.qualifiers), "\n" + indent) + f"class {class_.name}{parent}",
            indent + "{",
        ]
        declared = [each for each in class_.properties if _is_declared(each, class_, inherited)]
        lines.extend([f"{inner}{self.property(each, inner)};" for each in declared])
        implemented = [each for each in class_.methods if fold(each.origin) == fold(class_.name)]
        lines.extend([f"{inner}{self.method(each, inner)};" for each in implemented])
        return "\n".join([*lines, indent + "}"])

    def property(self, member: Property, indent: str) -> str:
        text = self.bracketed(own_qualifiers(member.qualifiers), " ") + _declarator(member.type, member.name)
        if member.default is not None and not member.inherited_default:
            text += f" = {self.value(member.default, member.type, indent)}"
        return text

    def method(self, method: Method, indent: str) -> str:
        if method.returns is not None and method.returns.array:
            raise WbemError(WbemStatus.NOT_SUPPORTED, f"{method.name} returns an array, which MOF has no form for")
        returns = "void" if method.returns is None else _type_name(method.returns)
        parameters = [self.parameter(each, position, indent) for position, each in enumerate(method.parameters)]
        return (
            f"{self.bracketed(own_qualifiers(method.qualifiers), ' ')}{returns} {method.name}({', '.join(parameters)})"
        )

    def parameter(self, parameter: Parameter, position: int, indent: str) -> str:
        words = [*["in"] * parameter.is_in, *["out"] * parameter.is_out]
        if parameter.id != position:
            words.append(f"ID({parameter.id})")
        qualifiers = self.bracketed(parameter.qualifiers.values(), " ", words)
        default = "" if parameter.default is None else f" = {self.value(parameter.default, parameter.type, indent)}"
        return qualifiers + _declarator(parameter.type, parameter.name) + default

    # ------------------------------------------------------------------------------------------------------- instances

    def instance(self, instance: CimInstance, indent: str) -> str:
        """Without the semicolon, as an embedded instance stands. What is NULL and has no default is left out."""
        class_ = instance.class_
        inner = indent + _INDENT
        head = self.bracketed(own_qualifiers(instance.own_qualifiers_), "\n" + indent) + f"instance of {class_.name}"
        lines = [head, indent + "{"]
        sets = instance.own_property_qualifiers_
        for member, value in zip(class_.properties, instance.values_, strict=True):
            own = own_qualifiers(sets[member.name]) if member.name in sets else []
            if value is not None or member.default is not None or own:
                text = self.bracketed(own, " ") + member.name
                lines.append(f"{inner}{text} = {self.value(value, member.type, inner)};")
        return "\n".join([*lines, indent + "}"])

    def value(self, value: Value, type_: Type, indent: str) -> str:
        if isinstance(value, tuple):
            return _braced([self.value(element, type_, indent) for element in value])
        if isinstance(value, CimInstance):
            return "\n" + indent + self.instance(value, indent)
        if isinstance(value, CimClass):
            return "\n" + indent + self.class_(value, None, indent)
        return _constant(value, type_.cim)


def own_qualifiers(qualifiers: Qualifiers) -> list[Qualifier]:
    """Those that are written: not what was handed down."""
    return [each for each in qualifiers.values() if not each.flavor & Flavor.ORIGIN_PROPAGATED]


def _is_declared(member: Property, class_: CimClass, inherited: NameMap[Property] | None) -> bool:
    """Whether the class declares the property, and does not only inherit it."""
    if inherited is not None:
        return member.name not in inherited or member != inherited[member.name]
    return (
        fold(member.origin) == fold(class_.name)
        or not member.inherited_default
        or bool(own_qualifiers(member.qualifiers))
    )


def _type_name(type_: Type) -> str:
    if type_.cim is CimType.REFERENCE:
        return f"{type_.class_name or 'object'} ref"
    return type_.class_name or type_.cim.keyword


def _declarator(type_: Type, name: str) -> str:
    return f"{_type_name(type_)} {name}{'[]' if type_.array else ''}"


def _braced(elements: list[str]) -> str:
    return f"{{{', '.join(elements)}}}"


def _constant(value: Value, cim: CimType) -> str:
    """A scalar."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        if not isfinite(value):
            raise WbemError(WbemStatus.NOT_SUPPORTED, f"{value} has no form in MOF")
        return repr(value)
    if isinstance(value, int):
        return str(value)
    if cim is CimType.CHAR16:
        return "'" + "".join(["\\'" if each == "'" else _escaped(each) for each in value]) + "'"
    return quoted(str(value))


def quoted(text: str) -> str:
    """A string in double quotes, with its escapes."""
    return '"' + "".join([_escaped(each) for each in text]) + '"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character < " " or "\x7f" <= character <= "\x9f" or "\ud800" <= character <= "\udfff":
        return f"\\x{ord(character):04X}"
    return character


def _qualifier_declaration(what: QualifierDeclaration) -> str:
    if what.type is None:
        return f"Qualifier {what.name} : {format_flavor(what.flavor, Flavor(0)) or 'Restricted'};\n"
    text = f"Qualifier {what.name} : {what.type.cim.keyword}{'[]' if what.type.array else ''}"
    if what.default is not None:
        text += f" = {_literal(what.default)}"
    if what.scopes:
        text += f", Scope({', '.join(what.scopes)})"
    flavor = format_flavor(what.flavor, DECLARED)
    return f"{text}, Flavor({', '.join(flavor.split())});\n" if flavor else text + ";\n"


def _literal(literal: Literal) -> str:
    if isinstance(literal, tuple):
        return _braced([_literal(element) for element in literal])
    if isinstance(literal, Char):
        return _constant(literal.text, CimType.CHAR16)
    return _constant(literal, CimType.STRING)
