"""Tree to steps: classes and instances of the model, in the order of the text, or the first reason why it cannot be.

Known classes come from a function that is passed in. Nothing is stored here, and keys that are missing or instances of
abstract classes are for those to refuse who store them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NoReturn

from openwmi.base.case import NameMap, fold
from openwmi.base.limits import MOF_DEPTH, MOF_TEXT_DEPTH, OBJECT_PATH_CHARS
from openwmi.base.status import MofStatus, WbemStatus
from openwmi.model import CimClass, CimInstance, CimType, Qualifiers, Type, Value
from openwmi.mof.classes import ClassMaker, failure
from openwmi.mof.constants import UnfitError, convert
from openwmi.mof.embedded import parse_object
from openwmi.mof.error import MofError
from openwmi.mof.pragmas import PragmaState
from openwmi.mof.source import Source
from openwmi.mof.steps import Compilation, DeleteClass, DeleteInstance, FindClass, PutClass, PutInstance
from openwmi.mof.tree import (
    Alias,
    ClassDeclaration,
    Declaration,
    InstanceDeclaration,
    Literal,
    Pragma,
    QualifierDeclaration,
)

_Steps = list[PutClass | PutInstance | DeleteClass | DeleteInstance | None]


def resolve(
    declarations: Iterable[Declaration],
    find: FindClass,
    namespace: str = "root\\default",
    servers: Collection[str] = (),
) -> Compilation:
    """What the declarations ask for.

    Args:
        declarations: as `parse` gives them.
        find: (namespace, class) -> a class that exists before, or None. It is asked once for each.
        namespace: until a pragma names another.
        servers: the names of the machine that the text is compiled on, which a pragma may state; `.` and localhost are
            always such names.

    Raises:
        MofError: nothing is to be carried out. INVALID_SUPERCLASS, INVALID_CLASS and NOT_FOUND for a superclass, class
            or property that does not exist; MofStatus for what is wrong with a value, qualifier or pragma; whatever
            the model says about a class that cannot be derived like that.
    """
    return _Resolver(tuple(declarations), find, namespace, servers).compilation()


class _UnknownError(Exception):
    """An alias is of an instance whose class is only declared later."""


class _Resolver(ClassMaker):
    def __init__(
        self, declarations: Sequence[Declaration], find: FindClass, namespace: str, servers: Collection[str]
    ) -> None:
        super().__init__()
        self.declarations = declarations
        self.find = find
        self.state = PragmaState(namespace, servers)
        self.known: dict[tuple[str, str], CimClass | None] = {}
        self.aliases = _aliases(declarations, PragmaState(namespace, servers))
        self.open_aliases: list[str] = []
        self.open_texts = 0

    def compilation(self) -> Compilation:
        steps: _Steps = []
        later: list[tuple[int, InstanceDeclaration, PutInstance]] = []
        state = self.state
        for declaration in self.declarations:
            if isinstance(declaration, ClassDeclaration):
                steps.append(self._put_class(declaration))
            elif isinstance(declaration, InstanceDeclaration):
                try:
                    steps.append(self._put_instance(declaration))
                except _UnknownError:
                    self._class_of(declaration)
                    later.append((len(steps), declaration, self._pending(declaration)))
                    steps.append(None)
            elif isinstance(declaration, QualifierDeclaration):
                self.qualifiers.declare(declaration)
            else:
                deleted = state.apply(declaration)
                if isinstance(deleted, DeleteClass):
                    self.known[deleted.namespace.lower(), fold(deleted.class_name)] = None
                if deleted is not None:
                    steps.append(deleted)
        for position, declaration, pending in later:
            state.namespace, state.instance_flags = pending.namespace, pending.flags
            steps[position] = self._last_attempt(declaration)
        declared = NameMap((each.name, each) for each in self.qualifiers.declared.values())
        done = tuple([step for step in steps if step is not None])
        return Compilation(done, declared, state.autorecover, state.amendment)

    # --------------------------------------------------------------------------------------------------------- classes

    def lookup(self, name: str) -> CimClass | None:
        """A class of the namespace that is current, from the text or from before it."""
        key = (self.state.namespace.lower(), fold(name))
        if key not in self.known:
            self.known[key] = self.find(self.state.namespace, name)
        return self.known[key]

    @property
    def namespace(self) -> str:
        return self.state.namespace

    def _put_class(self, declaration: ClassDeclaration) -> PutClass:
        try:
            class_ = self.class_(declaration)
        except _UnknownError as unknown:
            raise failure(WbemStatus.INVALID_CLASS, str(unknown), declaration.source, declaration.at) from None
        self.known[self.state.namespace.lower(), fold(class_.name)] = class_
        return PutClass(self.state.namespace, declaration.source, declaration.at, class_, self.state.class_flags)

    # ------------------------------------------------------------------------------------------------------- instances

    def _put_instance(self, declaration: InstanceDeclaration) -> PutInstance:
        return PutInstance(
            self.state.namespace,
            declaration.source,
            declaration.at,
            self.instance(declaration),
            self.state.instance_flags,
        )

    def _pending(self, declaration: InstanceDeclaration) -> PutInstance:
        """What is to be known of an instance that has to wait: where it goes, and how."""
        empty = CimInstance(self._class_of(declaration), ())
        state = self.state
        return PutInstance(state.namespace, declaration.source, declaration.at, empty, state.instance_flags)

    def _last_attempt(self, declaration: InstanceDeclaration) -> PutInstance:
        try:
            return self._put_instance(declaration)
        except _UnknownError as unknown:
            raise failure(WbemStatus.INVALID_CLASS, str(unknown), declaration.source, declaration.at) from None

    def _class_of(self, declaration: InstanceDeclaration) -> CimClass:
        class_ = self.lookup(declaration.class_name)
        if class_ is None:
            problem = f"there is no class {declaration.class_name!r} in {self.state.namespace}"
            raise failure(WbemStatus.INVALID_CLASS, problem, declaration.source, declaration.class_name_at)
        return class_

    def instance(self, declaration: InstanceDeclaration) -> CimInstance:
        class_ = self._class_of(declaration)
        row = list(class_.defaults)
        source = declaration.source
        for assignment in declaration.assignments:
            position = self._position(class_, assignment.name, source, assignment.at)
            if assignment.given:
                where = f"{class_.name}.{class_.names[position]}"
                type_ = class_.properties[position].type
                row[position] = self.value(assignment.value, type_, where, source, assignment.value_at)
        own = self.qualifiers.made(declaration.qualifiers, "instance", source)
        return CimInstance(class_, tuple(row), own, self._property_qualifiers(declaration))

    def _property_qualifiers(self, declaration: InstanceDeclaration) -> NameMap[Qualifiers] | None:
        found = [
            (assignment.name, self.qualifiers.made(assignment.qualifiers, "instance", declaration.source))
            for assignment in declaration.assignments
            if assignment.qualifiers
        ]
        return NameMap(found) if found else None

    def _position(self, class_: CimClass, name: str, source: Source, at: int) -> int:
        position = class_.positions.get(fold(name))
        if position is None:
            if name in class_:
                raise failure(WbemStatus.INVALID_OPERATION, f"{name} is a system property: read-only", source, at)
            raise failure(WbemStatus.NOT_FOUND, class_.unknown(name), source, at)
        return position

    # ---------------------------------------------------------------------------------------------------------- values

    def value(self, literal: Literal, type_: Type, where: str, source: Source, at: int) -> Value:
        if literal is None:
            return None
        try:
            if isinstance(literal, tuple):
                if not type_.array:
                    raise UnfitError(
                        MofStatus.UNEXPECTED_ARRAY_INIT, f"{type_} takes one value, and not several in braces"
                    )
                return tuple([convert(self._made(element, type_), type_) for element in literal])
            if type_.array:
                raise UnfitError(MofStatus.TYPE_MISMATCH, f"{type_} takes values in braces")
            return convert(self._made(literal, type_), type_)
        except UnfitError as unfit:
            raise failure(unfit.status, f"{where}: {unfit.problem}", source, at) from None

    def _made(self, literal: Literal, type_: Type) -> Literal | Value:
        """The value that an alias or an embedded declaration stands for; others as they are."""
        if isinstance(literal, Alias):
            if type_.cim is not CimType.REFERENCE:
                raise UnfitError(MofStatus.UNEXPECTED_ALIAS, f"{type_} does not take an alias, only a reference does")
            return self._path(literal)
        if isinstance(literal, str) and type_.cim is CimType.OBJECT:
            return self._object_of(literal)
        if isinstance(literal, InstanceDeclaration):
            return self.instance(literal)
        if isinstance(literal, ClassDeclaration):
            return self.class_(literal)
        if isinstance(literal, tuple):
            raise UnfitError(MofStatus.UNEXPECTED_ARRAY_INIT, "an array has no arrays for its elements")
        return literal

    def _object_of(self, text: str) -> CimInstance | CimClass:
        """The object that a string declares, as DSP0004 has values of EmbeddedInstance and EmbeddedObject."""
        if self.open_texts >= MOF_TEXT_DEPTH:
            raise UnfitError(WbemStatus.QUOTA_VIOLATION, f"texts nest more than {MOF_TEXT_DEPTH} deep")
        self.open_texts += 1
        try:
            declared = parse_object(text)
            return self.instance(declared) if isinstance(declared, InstanceDeclaration) else self.class_(declared)
        except MofError as error:
            raise UnfitError(error.status, f"the text of the object, {error.place}: {error.problem}") from None
        finally:
            self.open_texts -= 1

    # --------------------------------------------------------------------------------------------------------- aliases

    def _path(self, alias: Alias) -> str:
        """The path that an alias stands for: relative where it is of the same namespace."""
        found = self.aliases.get(fold(alias.name))
        if found is None:
            raise UnfitError(MofStatus.UNEXPECTED_ALIAS, f"nothing is declared as {alias.name}")
        namespace, target = found
        if fold(alias.name) in self.open_aliases:
            raise UnfitError(MofStatus.UNEXPECTED_ALIAS, f"the key of {alias.name} refers to itself")
        if len(self.open_aliases) >= MOF_DEPTH:
            raise UnfitError(MofStatus.UNEXPECTED_ALIAS, f"keys refer to each other more than {MOF_DEPTH} deep")
        here = self.state.namespace
        self.open_aliases.append(fold(alias.name))
        self.state.namespace = namespace
        try:
            path = target.name if isinstance(target, ClassDeclaration) else self._instance_path(target, alias)
        finally:
            self.state.namespace = here
            self.open_aliases.pop()
        return path if namespace.lower() == here.lower() else f"\\\\.\\{namespace}:{path}"

    def _instance_path(self, target: InstanceDeclaration, alias: Alias) -> str:
        """From its keys alone, so that two instances may refer to each other by other properties."""
        class_ = self.lookup(target.class_name)
        if class_ is None:
            raise _UnknownError(f"there is no class {target.class_name!r}, of which {alias.name} is")
        row = list(class_.defaults)
        for assignment in target.assignments:
            position = class_.positions.get(fold(assignment.name))
            if position is not None and class_.properties[position].is_key:
                type_, where = class_.properties[position].type, f"{class_.name}.{assignment.name}"
                row[position] = self.value(assignment.value, type_, where, target.source, assignment.value_at)
        path = CimInstance(class_, tuple(row)).path_
        if path is None:
            raise UnfitError(
                MofStatus.UNEXPECTED_ALIAS, f"{alias.name} has no path: its class has no key, or one is NULL"
            )
        text = str(path.relative)
        if len(text) > OBJECT_PATH_CHARS:  # each path within a path has twice the backslashes
            raise UnfitError(MofStatus.OUT_OF_RANGE, f"the path of {alias.name} is too long")
        return text


def _aliases(
    declarations: Sequence[Declaration], state: PragmaState
) -> dict[str, tuple[str, ClassDeclaration | InstanceDeclaration]]:
    """What every alias is of, and in which namespace. MULTIPLE_ALIASES for one that is there twice."""
    found: dict[str, tuple[str, ClassDeclaration | InstanceDeclaration]] = {}
    for declaration in declarations:
        if isinstance(declaration, Pragma):
            if declaration.name == "namespace":
                state.apply(declaration)
        elif not isinstance(declaration, QualifierDeclaration) and declaration.alias is not None:
            alias = declaration.alias
            if fold(alias.name) in found:
                _twice(declaration.source, alias)
            found[fold(alias.name)] = (state.namespace, declaration)
    return found


def _twice(source: Source, alias: Alias) -> NoReturn:
    raise failure(MofStatus.MULTIPLE_ALIASES, f"{alias.name} is declared twice", source, alias.at)
