"""Text to tree, the parts: qualifiers, types, properties, methods, values, classes and instances.

DSP0004 annex A as Windows reads it: an unknown type is the class of an embedded object.
"""

from __future__ import annotations

from openwmi.base.status import MofStatus
from openwmi.model import CimType, Type
from openwmi.mof.flavors import KEYWORDS, conflict
from openwmi.mof.reader import Reader
from openwmi.mof.tree import (
    Assignment,
    ClassDeclaration,
    InstanceDeclaration,
    Literal,
    MethodDeclaration,
    PropertyDeclaration,
    QualifierUse,
)

# The words for types; `ref` is none, it follows the name of a class.
TYPES = {cim.keyword: Type(cim) for cim in CimType if cim is not CimType.REFERENCE}
_ARRAYS = {type_: Type(type_.cim, True) for type_ in TYPES.values()}
_NOT_HERE = frozenset({"typedef", "enum", "enumeration"})
_VOID = "void"


class Members(Reader):
    """Reads what declarations are made of."""

    # ------------------------------------------------------------------------------------------------------ qualifiers

    def qualifiers(self) -> tuple[QualifierUse, ...]:
        """`[name(value) : flavors, …]`, or nothing."""
        if not self.accept("["):
            return ()
        found: list[QualifierUse] = []
        while True:
            found.append(self.qualifier())
            if self.accept("]"):
                break
            self.expect(",", MofStatus.EXPECTED_CLOSE_BRACKET, "',' or ']'")
        if len(found) > 1 and len({use.name.lower() for use in found}) < len(found):
            self._complain_of_twins(found)
        return tuple(found)

    def qualifier(self) -> QualifierUse:
        at = self.offset
        name = self.name(MofStatus.EXPECTED_QUALIFIER_NAME, "the name of a qualifier")
        value: Literal = None
        given = True
        text = self.texts[self.at]
        if text == "(":
            self.at += 1
            value = self.array() if self.texts[self.at] == "{" else self.constant()
            self.expect(")", MofStatus.EXPECTED_CLOSE_PAREN)
        elif text == "{":
            value = self.array()
        else:
            given = False
        flavors = self.flavors(MofStatus.EXPECTED_FLAVOR_TYPE) if self.accept(":") else ()
        return QualifierUse(name, value, given, flavors, at)

    def flavors(self, status: MofStatus, separated: bool = False) -> tuple[str, ...]:
        """Keywords with spaces between them, or with commas where they are `separated`."""
        at = self.offset
        found: list[str] = []
        while not found or self.kinds[self.at] == "name" or (separated and self.accept(",")):
            word = self.word()
            if word not in KEYWORDS:
                self.fail(status, f"a flavor ({', '.join(sorted(KEYWORDS))})")
            found.append(word)
            self.at += 1
        clash = conflict(tuple(found))
        if clash is not None:
            self.refuse(clash, clash.text, at)
        return tuple(found)

    def _complain_of_twins(self, found: list[QualifierUse]) -> None:
        seen: set[str] = set()
        for use in found:
            if use.name.lower() in seen:
                self.refuse(MofStatus.DUPLICATE_QUALIFIER, f"the qualifier {use.name} is there twice", use.at)
            seen.add(use.name.lower())

    # ---------------------------------------------------------------------------------------------------------- values

    def value(self) -> Literal:
        text = self.texts[self.at]
        if text == "{":
            return self.array()
        if text == "[" or self.kinds[self.at] == "name":
            embedded = self.embedded()
            if embedded is not None:
                return embedded
        return self.constant()

    def array(self) -> tuple[Literal, ...]:
        """`{value, …}`, which stands next; it may be empty."""
        self.deeper()
        self.at += 1
        found: list[Literal] = []
        if not self.accept("}"):
            while True:
                at = self.offset
                found.append(self.value())
                if found[-1] is None:
                    self.refuse(MofStatus.NULL_ARRAY_ELEM, "NULL cannot be an element of an array", at)
                if self.accept("}"):
                    break
                self.expect(",", MofStatus.EXPECTED_CLOSE_BRACE, "',' or '}'")
        self.depth -= 1
        return tuple(found)

    def embedded(self) -> InstanceDeclaration | ClassDeclaration | None:
        """An object in the place of a value, if one stands there."""
        at = self.offset
        qualifiers = self.qualifiers()
        if not qualifiers and self.word() not in ("instance", "class"):
            return None
        self.deeper()
        found = self.class_(qualifiers, at) if self.word() == "class" else self.instance(qualifiers, at)
        if found.alias is not None:
            self.refuse(MofStatus.ALIASES_IN_EMBEDDED, MofStatus.ALIASES_IN_EMBEDDED.text, found.alias.at)
        self.depth -= 1
        return found

    # ------------------------------------------------------------------------------------------------------- instances

    def instance(self, qualifiers: tuple[QualifierUse, ...], at: int) -> InstanceDeclaration:
        """`instance of X as $a { … }`, without the semicolon."""
        for word in ("instance", "of"):
            if not self.accept_word(word):
                self.fail(MofStatus.INVALID_INSTANCE_DECLARATION, f"'{word}'")
        class_at = self.offset
        class_name = self.name(MofStatus.EXPECTED_CLASS_NAME, "the name of a class")
        alias = self.alias_name()
        self.expect("{", MofStatus.EXPECTED_OPEN_BRACE)
        found: list[Assignment] = []
        seen: set[str] = set()
        while not self.accept("}"):
            assignment = self.assignment()
            if assignment.name.lower() in seen:
                self.refuse(MofStatus.DUPLICATE_PROPERTY, f"{assignment.name} is there twice", assignment.at)
            seen.add(assignment.name.lower())
            found.append(assignment)
        return InstanceDeclaration(self.source, class_name, class_at, alias, qualifiers, tuple(found), at)

    def assignment(self) -> Assignment:
        start = self.offset
        qualifiers = self.qualifiers()
        at = self.offset
        name = self.name(MofStatus.EXPECTED_PROPERTY_NAME, "the name of a property or '}'")
        given = not (qualifiers and self.texts[self.at] == ";")  # the SDK's sample of a property provider
        value: Literal = None
        value_at = start
        if given:
            self.expect("=", MofStatus.EXPECTED_SEMI)
            value_at = self.offset
            value = self.value()
        self.expect(";", MofStatus.EXPECTED_SEMI)
        return Assignment(name, qualifiers, value, given, value_at, at)

    # --------------------------------------------------------------------------------------------------------- classes

    def class_(self, qualifiers: tuple[QualifierUse, ...], at: int) -> ClassDeclaration:
        """`class X as $a : Y { … }`, without the semicolon."""
        self.at += 1
        name = self.name(MofStatus.EXPECTED_CLASS_NAME, "the name of a class")
        alias = self.alias_name()
        superclass: str | None = None
        superclass_at = at
        if self.accept(":"):
            superclass_at = self.offset
            superclass = self.name(MofStatus.EXPECTED_CLASS_NAME, "the name of the superclass")
        if alias is None:
            alias = self.alias_name()
        self.expect("{", MofStatus.EXPECTED_OPEN_BRACE, "'{'" if superclass else "':' or '{'")
        properties: list[PropertyDeclaration] = []
        methods: list[MethodDeclaration] = []
        seen: set[str] = set()
        while not self.accept("}"):
            member = self.member()
            if member.name.lower() in seen:
                self.refuse(MofStatus.DUPLICATE_PROPERTY, f"{name} declares {member.name} twice", member.at)
            seen.add(member.name.lower())
            if isinstance(member, PropertyDeclaration):
                properties.append(member)
            else:
                methods.append(member)
        return ClassDeclaration(
            self.source, name, superclass, superclass_at, alias, qualifiers, tuple(properties), tuple(methods), at
        )

    def member(self) -> PropertyDeclaration | MethodDeclaration:
        qualifiers = self.qualifiers()
        type_ = self.type_(MofStatus.EXPECTED_BRACE_OR_BAD_TYPE, "a type or '}'")
        at = self.offset
        name = self.name(MofStatus.EXPECTED_PROPERTY_NAME, "the name of a property or method")
        if self.accept("("):
            found = MethodDeclaration(name, type_, qualifiers, self.parameters(), at)
        elif type_ is None:
            self.fail(MofStatus.EXPECTED_OPEN_PAREN, "'(', since only a method can be void")
        else:
            declared = self.declarator(name, type_, qualifiers, at)
            self.expect(";", MofStatus.EXPECTED_SEMI, "';'" if declared.value is not None else "';' or '='")
            return declared
        if self.accept("["):
            self.refuse(MofStatus.NO_ARRAYS_RETURNED, MofStatus.NO_ARRAYS_RETURNED.text, at)
        self.expect(";", MofStatus.EXPECTED_SEMI, "';'")
        return found

    def parameters(self) -> tuple[PropertyDeclaration, ...]:
        """What stands in the parentheses of a method, and the closing one."""
        found: list[PropertyDeclaration] = []
        if self.accept(")"):
            return ()
        while True:
            qualifiers = self.qualifiers()
            type_ = self.type_(MofStatus.EXPECTED_TYPE_IDENTIFIER, "the type of a parameter")
            if type_ is None:
                if self.accept(")"):  # f(void), as in C
                    return tuple(found)
                self.fail(MofStatus.EXPECTED_CLOSE_PAREN, "')', since no parameter can be void")
            at = self.offset
            name = self.name(MofStatus.EXPECTED_PROPERTY_NAME, "the name of a parameter")
            found.append(self.declarator(name, type_, qualifiers, at))
            if self.accept(")"):
                return tuple(found)
            self.expect(",", MofStatus.EXPECTED_CLOSE_PAREN, "',' or ')'")

    def declarator(self, name: str, type_: Type, qualifiers: tuple[QualifierUse, ...], at: int) -> PropertyDeclaration:
        """What follows the name of a property or parameter: brackets and a value, or nothing."""
        size: int | None = None
        if self.accept("["):
            type_ = _ARRAYS.get(type_) or Type(type_.cim, True, type_.class_name)
            if not self.accept("]"):
                size = self.size()
                self.expect("]", MofStatus.EXPECTED_CLOSE_BRACKET)
        value: Literal = None
        value_at = at
        if self.accept("="):
            value_at = self.offset
            value = self.value()
        return PropertyDeclaration(name, type_, qualifiers, size, value, value_at, at)

    def size(self) -> int:
        at = self.offset
        size = self.number() if self.kinds[self.at] == "number" else 0
        if not isinstance(size, int) or not 0 < size < 1 << 31:
            problem = "expected ']', or the size of the array as a positive number"
            self.refuse(MofStatus.EXPECTED_CLOSE_BRACKET, problem, at)
        return size

    def type_(self, status: MofStatus, expected: str) -> Type | None:
        """A type without its brackets; None for void."""
        word = self.word()
        found = TYPES.get(word)
        if found is None:
            if word in _NOT_HERE and self.kinds[self.at + 1] == "name":
                self.refuse(MofStatus.TYPEDEF_NOT_SUPPORTED, MofStatus.TYPEDEF_NOT_SUPPORTED.text, self.offset)
            name = self.name(status, expected)
            if self.word() == "ref" and self.kinds[self.at + 1] == "name":
                self.at += 1
                return Type(CimType.REFERENCE, class_name=name)
            return None if word == _VOID else Type(CimType.OBJECT, class_name=name)
        self.at += 1
        if self.word() == "ref" and self.kinds[self.at + 1] == "name":  # else it is a name itself
            if found.cim is not CimType.OBJECT:
                self.refuse(MofStatus.EXPECTED_CLASS_NAME, f"expected a class before ref, found '{word}'", self.offset)
            self.at += 1
            return Type(CimType.REFERENCE)
        return found
