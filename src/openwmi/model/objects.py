"""CimClass and CimInstance, which know each other: an instance is a class and a store of values.

A class here is complete: what it inherits is part of it. Making an instance does no work for any value. Where objects
come from, where they are kept, and how a store gets at its values is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, NamedTuple, NoReturn, Protocol

from openwmi.base.case import NameMap, fold
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.model.cimobject import CimObject
from openwmi.model.cimtype import Value, shown
from openwmi.model.members import Heritage, declared, heritage, redefined
from openwmi.model.method import Method
from openwmi.model.nearest import hint
from openwmi.model.path import KeyValue, ObjectPath
from openwmi.model.property import Property
from openwmi.model.qualifier import NO_QUALIFIERS, Qualifiers, is_set, of_instance, overridden
from openwmi.model.system import GENUS_CLASS, GENUS_INSTANCE, LOCATING, SYSTEM_PROPERTIES, system_value

_NOTHING: Final[Mapping[str, object]] = MappingProxyType({})
_ANCESTRY = frozenset({"__derivation", "__superclass", "__dynasty"})
_NO_SETS: Final[NameMap[Qualifiers]] = NameMap()


@dataclass(frozen=True, slots=True, weakref_slot=True, repr=False)
class CimClass(CimObject):
    """A class.

    Attributes:
        name: as declared.
        superclass: the parent's name; None for a base class. Given alone it is the whole derivation.
        derivation: the ancestors' names, the nearest first.
        properties: all of them, the inherited ones first, in the order of declaration.
        methods: all of them, likewise.
        qualifiers: its own and those handed down to it.
        namespace: with backslashes; empty where the class never was in one.
        server: empty where the class never was on one.
        projected: whether properties were left out by the PROPERTY-LIST of a query ([MS-WMI] 2.2.4.1).
        lost_keys: whether a key is among those ([MS-WMIO] 2.2.6, flag 0x40): instances then have no path.
        names: the names of the properties, in their order.
        keys: the names of the key properties, in the order of declaration.
        defaults: the row of an instance to which nothing was given.
        positions: the place of each property, by its spelling and by its folded name.

    Errors: INVALID_PROPERTY, INVALID_METHOD for a name that is declared twice.
    """

    name: str
    superclass: str | None = None
    derivation: tuple[str, ...] = ()
    properties: tuple[Property, ...] = ()
    methods: tuple[Method, ...] = ()
    qualifiers: Qualifiers = NO_QUALIFIERS
    namespace: str = ""
    server: str = ""
    projected: bool = False
    lost_keys: bool = False
    names: tuple[str, ...] = field(init=False, compare=False)
    keys: tuple[str, ...] = field(init=False, compare=False)
    defaults: tuple[Value, ...] = field(init=False, compare=False)
    positions: Mapping[str, int] = field(init=False, compare=False)
    _methods: dict[str, Method] = field(init=False, compare=False)
    _hash: int = field(init=False, compare=False)
    _heritage: Heritage | None = field(default=None, init=False, compare=False)
    _locating: tuple[bool, tuple[tuple[str, int], ...]] | None = field(default=None, init=False, compare=False)

    def __post_init__(self) -> None:
        known = self._set
        if self.superclass is None and self.derivation:
            known("superclass", self.derivation[0])
        elif self.superclass is not None and not self.derivation:
            known("derivation", (self.superclass,))
        known("properties", declared(self.properties, self.name))
        known("methods", declared(self.methods, self.name))
        names = tuple([member.name for member in self.properties])
        positions = {fold(name): position for position, name in enumerate(names)}
        positions.update(zip(names, range(len(names)), strict=True))
        known("names", names)
        known("positions", positions)
        known("keys", tuple([member.name for member in self.properties if member.is_key]))
        known("defaults", tuple([member.default for member in self.properties]))
        known("_methods", {fold(method.name): method for method in self.methods})
        known("_hash", hash((fold(self.name), names)))

    # ------------------------------------------------------------------------------------------------- what it says

    @property
    def dynasty(self) -> str | None:
        """The class at the top of the derivation: this one for a base class, None where a query left it out."""
        if self.derivation:
            return self.derivation[-1]
        return None if self.projected else self.name

    @property
    def is_abstract(self) -> bool:
        return is_set(self.qualifiers, "abstract")

    @property
    def is_association(self) -> bool:
        return is_set(self.qualifiers, "association")

    @property
    def is_singleton(self) -> bool:
        """Whether it has one instance, which is found as `Class=@`."""
        return is_set(self.qualifiers, "singleton")

    @property
    def path_(self) -> ObjectPath:
        return ObjectPath(self.server if self.server and self.namespace else None, self.namespace or None, self.name)

    def isa_(self, class_name: str) -> bool:
        wanted = fold(class_name)
        return fold(self.name) == wanted or any(fold(ancestor) == wanted for ancestor in self.derivation)

    def index(self, name: str) -> int:
        """The place of a property. KeyError names the class and the nearest property."""
        position = self.positions.get(name)
        if position is None:
            position = self.positions.get(fold(name))
        if position is None:
            raise KeyError(self.unknown(name))
        return position

    def method(self, name: str) -> Method:
        """KeyError names the class and the nearest method."""
        found = self._methods.get(fold(name))
        if found is None:
            names = tuple([method.name for method in self.methods])
            raise KeyError(f"{self.name} has no method {name!r}{hint(name, names)}")
        return found

    def unknown(self, name: str) -> str:
        """The message about a property that is not there: the class, the name, and what was probably meant."""
        names = tuple(SYSTEM_PROPERTIES) if name.startswith("__") else self.names
        left_out = " (projected: the query may have left it out)" if self.projected else ""
        return f"{self.name} has no property {name!r}{left_out}{hint(name, names)}"

    def __getitem__(self, name: str) -> Value:
        """The default of a property, or the value of a system property, as IWbemClassObject::Get has it for a class."""
        if name.startswith("__") and name in SYSTEM_PROPERTIES:
            return system_value(name, GENUS_CLASS, self, self)
        return self.defaults[self.index(name)]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and (fold(name) in self.positions or name in SYSTEM_PROPERTIES)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __hash__(self) -> int:
        # Kept, since codecs look up what they compiled for a class, row by row.
        return self._hash

    def __repr__(self) -> str:
        parent = f" : {self.superclass}" if self.superclass else ""
        return f"<class {self.name}{parent} ({counted(len(self.names))})>"

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (
            self.name,
            self.superclass,
            self.derivation,
            self.properties,
            self.methods,
            self.qualifiers,
            self.namespace,
            self.server,
            self.projected,
            self.lost_keys,
        )

    # ----------------------------------------------------------------------------------------- what is made from it

    def instance(self, values: Mapping[str, object] = _NOTHING) -> CimInstance:
        """An instance with these values, and the defaults for the others; errors as for `row`."""
        return CimInstance(self, self.row(values))

    def row(self, values: Mapping[str, object] = _NOTHING, base: Sequence[Value] | None = None) -> tuple[Value, ...]:
        """The checked values in the order of the properties; what is not given comes from `base`, or is the default.

        Errors: NOT_FOUND for an unknown name, as IWbemClassObject::Put and Get have it; INVALID_OPERATION for a system
        property; TYPE_MISMATCH for a name that is no str and, with the class and property, for a value that does not
        fit.
        """
        row = list(self.defaults if base is None else base)
        positions, properties = self.positions, self.properties
        for name, value in values.items():
            position = positions.get(name)
            if position is None:
                position = self._folded_position(name)
                if position is None:
                    raise self._cannot_put(name)
            if value is None:
                row[position] = None
                continue
            try:
                row[position] = properties[position].type.check(value)
            except WbemError as error:
                raise WbemError(error.status, f"{self.name}.{self.names[position]}: {error.message}") from None
        return tuple(row)

    def derive(
        self,
        name: str,
        properties: Iterable[Property] = (),
        methods: Iterable[Method] = (),
        qualifiers: Qualifiers = NO_QUALIFIERS,
    ) -> CimClass:
        """A class derived from this one, in its namespace.

        What is declared again keeps its place. Qualifiers go down where their flavor says so. Whether the keys of the
        result are allowed is for those to say who store it.

        Errors: TYPE_MISMATCH for a property redefined with another type; OVERRIDE_NOT_ALLOWED for a qualifier that must
        not change; INVALID_PROPERTY, INVALID_METHOD for a name given twice.
        """
        parent = self._inheritance()
        return CimClass(
            name,
            self.name,
            (self.name, *self.derivation),
            redefined(parent.properties, tuple(properties), name, self.name),
            redefined(parent.methods, tuple(methods), name, self.name),
            overridden(parent.qualifiers, qualifiers, name, self.name),
            self.namespace,
            self.server,
        )

    def project(self, names: Iterable[str]) -> CimClass:
        """The class with only these properties, in the order of declaration, as a query's PROPERTY-LIST leaves it.

        [MS-WMI] 2.2.4.1: the derivation is empty unless one of __DERIVATION, __SUPERCLASS, __DYNASTY is named, too.
        Windows: where a key is missing __SERVER and __NAMESPACE are NULL like __PATH; here they stay if one of these is
        named. Naming __PATH or __RELPATH brings the keys, without which they would have no value.

        Errors: INVALID_QUERY for an unknown name.
        """
        asked = {fold(name): name for name in names}
        for folded, name in asked.items():
            if folded not in self.positions and folded not in SYSTEM_PROPERTIES:
                raise WbemError(WbemStatus.INVALID_QUERY, self.unknown(name))
        if "__path" in asked or "__relpath" in asked:
            asked.update((fold(key), key) for key in self.keys)
        lost_keys = self.lost_keys or any(fold(key) not in asked for key in self.keys)
        located = not lost_keys or not LOCATING.isdisjoint(asked)
        return CimClass(
            self.name,
            derivation=() if _ANCESTRY.isdisjoint(asked) else self.derivation,
            properties=tuple([member for member in self.properties if fold(member.name) in asked]),
            methods=self.methods,
            qualifiers=self.qualifiers,
            namespace=self.namespace if located else "",
            server=self.server if located else "",
            projected=True,
            lost_keys=lost_keys,
        )

    # ------------------------------------------------------------------------------------------------------ helpers

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def _inheritance(self) -> Heritage:
        """Kept, since a class may have hundreds of derived ones."""
        if self._heritage is None:
            self._set("_heritage", heritage(self.properties, self.methods, self.qualifiers))
            assert self._heritage is not None
        return self._heritage

    @property
    def locating_(self) -> tuple[bool, tuple[tuple[str, int], ...]]:
        """Of what the paths of instances are made: whether of nothing, as a singleton's, and else the keys and their
        places, in the order of their names. Kept, since every row of a result has a path.
        """
        if self._locating is None:
            ordered = sorted(self.keys, key=fold)
            self._set("_locating", (self.is_singleton, tuple([(key, self.positions[key]) for key in ordered])))
            assert self._locating is not None
        return self._locating

    def _folded_position(self, name: object) -> int | None:
        return self.positions.get(fold(name)) if isinstance(name, str) else None

    def _cannot_put(self, name: object) -> WbemError:
        if not isinstance(name, str):
            expected = f"a property of {self.name} has a str for its name"
            return WbemError(WbemStatus.TYPE_MISMATCH, f"{expected}, and this is {shown(name)}")
        if name in SYSTEM_PROPERTIES:
            system = SYSTEM_PROPERTIES.spelling(name)
            return WbemError(WbemStatus.INVALID_OPERATION, f"{system} of {self.name} is a system property: read-only")
        return WbemError(WbemStatus.NOT_FOUND, self.unknown(name))

    # Last, since the name hides Python's own `property` from there on.
    def property(self, name: str) -> Property:
        """KeyError names the class and the nearest property."""
        return self.properties[self.index(name)]


class Store(Protocol):
    """Where an instance gets its values from, by the places that its class gives them. A tuple is the ordinary one.

    One that gives all its values faster than one by one has a method `values_` for it, which returns a tuple.
    """

    def __getitem__(self, position: int, /) -> Value: ...

    def __len__(self) -> int: ...


class _Qualified(NamedTuple):
    """The qualifiers of the rare instance that has some on its properties."""

    own: Qualifiers
    of_properties: NameMap[Qualifiers]


class CimInstance(CimObject):
    """An instance.

    `obj.Name` and `obj["name"]` are the value of a property, whatever the case; `obj["__PATH"]` of a system property.
    AttributeError and KeyError name the class and the nearest property.

    Two instances are equal if their classes have the same name and all their values are equal. Nothing can be assigned:
    `replace_` makes another instance.

    Attributes:
        class_: the class; it has exactly the properties that the store has values for.
        store_: the values, by place. They are not checked; `class_.instance(…)` checks.
    """

    __slots__ = ("_qualifiers", "class_", "store_")

    class_: CimClass
    store_: Store
    # One slot for both kinds, since nearly every instance has neither.
    _qualifiers: Qualifiers | _Qualified

    def __init__(
        self,
        class_: CimClass,
        store: Store,
        qualifiers: Qualifiers = NO_QUALIFIERS,
        property_qualifiers: NameMap[Qualifiers] | None = None,
    ) -> None:
        """`qualifiers` are the instance's own, and `property_qualifiers` those on its own properties, by the name of
        the property; those of its class come by themselves.
        """
        _set_class(self, class_)
        _set_store(self, store)
        _set_qualifiers(self, qualifiers)
        if property_qualifiers:
            _set_qualifiers(self, _Qualified(qualifiers, property_qualifiers))

    def __getattr__(self, name: str) -> Value:
        try:
            position = self.class_.positions[name]
        except KeyError:
            found = self._find(name)
            if found is None:
                return self._other_attribute(name)
            position = found
        return self.store_[position]

    def __getitem__(self, name: str) -> Value:
        try:
            position = self.class_.positions[name]
        except KeyError:
            found = self._find(name)
            if found is None:
                return self._other_item(name)
            position = found
        return self.store_[position]

    def __contains__(self, name: object) -> bool:
        return name in self.class_

    def __iter__(self) -> Iterator[str]:
        """The names of the properties, without the system's."""
        return iter(self.class_.names)

    @property
    def path_(self) -> ObjectPath | None:
        """Windows: the keys stand in the order of their names."""
        class_ = self.class_
        keys: tuple[tuple[str, KeyValue], ...] | None = None
        singleton, places = class_.locating_
        if not singleton:
            if class_.lost_keys or not places:
                return None
            found = []
            for key, place in places:
                value = self.store_[place]
                if value is None:
                    return None
                found.append((key, value if isinstance(value, str | int) else str(value)))
            keys = tuple(found)
        namespace = class_.namespace or None
        server = class_.server if class_.server and namespace else None
        return ObjectPath(server, namespace, class_.name, keys, singleton)

    @property
    def qualifiers_(self) -> Qualifiers:
        """Those of the class that go to instances, and its own over them."""
        own, handed_on = self.own_qualifiers_, of_instance(self.class_.qualifiers)
        return NameMap([*handed_on.items(), *own.items()]) if own else handed_on

    @property
    def own_qualifiers_(self) -> Qualifiers:
        """Those that the instance alone has, without its class's: what travels with it and is stored with it."""
        own = self._qualifiers
        return own if own is NO_QUALIFIERS or not isinstance(own, _Qualified) else own.own

    @property
    def own_property_qualifiers_(self) -> NameMap[Qualifiers]:
        """Those that the instance alone has on its properties, by their names ([MS-WMIO] 2.2.65). Usually there are
        none; property providers are told by them where a value comes from.
        """
        own = self._qualifiers
        return _NO_SETS if own is NO_QUALIFIERS or not isinstance(own, _Qualified) else own.of_properties

    @property
    def values_(self) -> tuple[Value, ...]:
        """All values, in the order of the properties."""
        store = self.store_
        if isinstance(store, tuple):
            return store
        every = getattr(store, "values_", None)
        found: tuple[Value, ...] = tuple(iter(store)) if every is None else every()
        return found

    def isa_(self, class_name: str) -> bool:
        return self.class_.isa_(class_name)

    def to_dict_(self) -> dict[str, Value]:
        """Values by name, each as it is: embedded objects stay objects."""
        return dict(zip(self.class_.names, self.values_, strict=True))

    def replace_(self, /, **values: object) -> CimInstance:
        """Another instance, with these values in place of its own; errors as for `CimClass.row`."""
        row = self.class_.row(values, base=self.values_)
        return CimInstance(self.class_, row, self.own_qualifiers_, self.own_property_qualifiers_)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CimInstance):
            return NotImplemented
        mine, theirs = self.class_, other.class_
        if mine.names == theirs.names:
            return fold(mine.name) == fold(theirs.name) and self.values_ == other.values_
        return fold(mine.name) == fold(theirs.name) and self._by_folded_name() == other._by_folded_name()

    def __hash__(self) -> int:
        # Without the order of the properties, which equality does not regard either.
        return hash((fold(self.class_.name), frozenset(self._by_folded_name().items())))

    def __repr__(self) -> str:
        path = self.path_
        if path is None:
            return f"<{self.class_.name} ({counted(len(self.class_.names))})>"
        return f"<{path.relative}>"

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{self!r} never changes: obj.replace_({name}=…) makes another", name=name, obj=self)

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{self!r} never changes: obj.replace_({name}=None) makes another", name=name, obj=self)

    def __dir__(self) -> list[str]:
        return [*object.__dir__(self), *self.class_.names]

    def __reduce__(self) -> tuple[object, ...]:
        return CimInstance, (self.class_, self.values_, self.own_qualifiers_, self.own_property_qualifiers_)

    def _find(self, name: str) -> int | None:
        return self.class_.positions.get(fold(name))

    def _by_folded_name(self) -> dict[str, Value]:
        return dict(zip(map(fold, self.class_.names), self.values_, strict=True))

    def _other_item(self, name: str) -> Value:
        if name in SYSTEM_PROPERTIES:
            return system_value(name, GENUS_INSTANCE, self.class_, self)
        raise KeyError(self.class_.unknown(name)) from None

    def _other_attribute(self, name: str) -> Value:
        if name in SYSTEM_PROPERTIES:
            return system_value(name, GENUS_INSTANCE, self.class_, self)
        if name.endswith("_"):
            # Ours or Python's, such as what `copy` asks every object for; no property is meant.
            raise AttributeError(f"CimInstance has no attribute {name!r}", name=name, obj=self)
        raise AttributeError(self.class_.unknown(name), name=name, obj=self)


class BareInstance(CimObject):
    """A CimInstance to be. Who makes many gives it `class_`, `store_` and `_qualifiers`, and then the `__class__`
    CimInstance, or one derived from that without slots of its own: half as dear as `CimInstance(class_, store)`.
    """

    __slots__ = ("_qualifiers", "class_", "store_")


def counted(properties: int) -> str:
    """So many properties, for a short text."""
    return "1 property" if properties == 1 else f"{properties} properties"


# The slots' own setters, which __setattr__ does not stand in the way of: half as dear as object.__setattr__.
_set_class = CimInstance.__dict__["class_"].__set__
_set_store = CimInstance.__dict__["store_"].__set__
_set_qualifiers = CimInstance.__dict__["_qualifiers"].__set__


def _restore(*fields: Value) -> CimClass:
    return CimClass(*fields)
