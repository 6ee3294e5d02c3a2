"""What association queries have to know of a class: its ancestry, and the references that it declares.

A class takes part in associations by its references, whether or not it has the qualifier Association: [MS-WMI]
3.1.4.3.18 has the server look for "classes with properties of type REF". What is found out about a class is kept as
long as the class lives. Which objects there are is not known here.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator
from typing import Protocol

from openwmi.base.case import fold
from openwmi.model import CimClass, CimInstance, CimType, Property, is_set


class Classes(Protocol):
    """The classes of one namespace."""

    def find(self, name: str) -> CimClass | None:
        """The class of that name, whatever the case."""

    def derived(self, class_: CimClass | None, *, deep: bool) -> Iterator[CimClass]:
        """Those below a class, or below none; with `deep` theirs as well."""


class Role:
    """A reference that a class declares.

    Attributes:
        name: of the property, folded.
        position: its place among the properties.
        weak: whether it may refer to anything, classes included: `object ref` (SDK, "References").
        class_names: as declared, the class that it refers to. For a weak one those that its qualifier ClassRef lists
            (SDK, "Declaring an Association Class"), if any.
        elsewhere: whether it leads to another namespace: the qualifier MSFT_TargetNamespace says so (SDK, "Writing an
            Association Provider for Interop").
    """

    __slots__ = ("_folded", "class_names", "elsewhere", "name", "position", "weak")

    def __init__(self, position: int, declared: Property) -> None:
        class_name = declared.type.class_name
        self.name = fold(declared.name)
        self.position = position
        self.weak = class_name is None or fold(class_name) == "object"
        self.class_names = _listed(declared) if self.weak or class_name is None else (class_name,)
        self.elsewhere = "MSFT_TargetNamespace" in declared.qualifiers
        self._folded = frozenset(map(fold, self.class_names))

    def may_refer_to(self, lineage: frozenset[str]) -> bool:
        """To an instance of a class with this lineage."""
        return self.weak or not self._folded.isdisjoint(lineage)

    def may_name(self, lineage: frozenset[str]) -> bool:
        """Whether the schema lets it have to do with such a class."""
        return not self._folded or not self._folded.isdisjoint(lineage)


class Facts:
    """What is kept of a class.

    Attributes:
        lineage: the folded names of the class and of its ancestors.
        roles: its references, inherited ones included.
    """

    __slots__ = ("_keys_only", "lineage", "roles")

    def __init__(self, class_: CimClass) -> None:
        self.lineage = frozenset(map(fold, (class_.name, *class_.derivation)))
        # An array of references is no role: DSP0004 7.6.3 has none, and a role has one object at its end.
        self.roles = tuple(
            [
                Role(position, each)
                for position, each in enumerate(class_.properties)
                if each.type.cim is CimType.REFERENCE and not each.type.array
            ]
        )
        self._keys_only: CimClass | None = None

    def keys_only(self, class_: CimClass) -> CimClass:
        """The class with nothing but its keys; where it is and what it derives from stays known."""
        if self._keys_only is None:
            self._keys_only = class_.project((*class_.keys, "__PATH", "__DERIVATION"))
        return self._keys_only


def facts_of(class_: CimClass) -> Facts:
    """Found out once. By identity, since comparing two classes is dear."""
    facts = _FACTS.get(id(class_))
    if facts is None:
        facts = _FACTS[id(class_)] = Facts(class_)
        weakref.finalize(class_, _FACTS.pop, id(class_), None).atexit = False
    return facts


def related(one: CimClass, other: CimClass) -> bool:
    """Whether an instance of the one can be an instance of the other."""
    return fold(one.name) in facts_of(other).lineage or fold(other.name) in facts_of(one).lineage


class AssociationClasses:
    """The association classes among some classes, and which of them can refer to what.

    Make one of all classes that providers serve, and keep it until these change: it remembers its answers. What has no
    references is left out, so that all classes may be given.
    """

    def __init__(self, classes: Iterable[CimClass]) -> None:
        self._classes = tuple([class_ for class_ in classes if facts_of(class_).roles])
        self._answers: dict[tuple[bool, frozenset[str]], tuple[CimClass, ...]] = {}

    def referring_to(self, source: CimInstance | CimClass) -> tuple[CimClass, ...]:
        """Those whose instances may refer to this object, by what they declare.

        References to classes are looked for where the qualifier HasClassRefs says that there are some.
        """
        to_class = isinstance(source, CimClass)
        lineage = facts_of(source if isinstance(source, CimClass) else source.class_).lineage
        answer = self._answers.get((to_class, lineage))
        if answer is None:
            may_refer = _may_name if to_class else _may_refer
            answer = tuple([each for each in self._classes if may_refer(each, lineage)])
            self._answers[to_class, lineage] = answer
        return answer


def _may_refer(association: CimClass, lineage: frozenset[str]) -> bool:
    return any(role.may_refer_to(lineage) for role in facts_of(association).roles)


def _may_name(association: CimClass, lineage: frozenset[str]) -> bool:
    roles = facts_of(association).roles
    return is_set(association.qualifiers, "HasClassRefs") and any(r.weak and r.may_name(lineage) for r in roles)


_FACTS: dict[int, Facts] = {}


def _listed(declared: Property) -> tuple[str, ...]:
    qualifier = declared.qualifiers.get("classref")
    value = None if qualifier is None else qualifier.value
    return tuple([name for name in value if isinstance(name, str)]) if isinstance(value, tuple) else ()
