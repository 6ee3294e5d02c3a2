"""Whether a reference refers to an object: the path in it against the one that the object has.

The SDK ("References", "Describing the Location of a WMI Object") has references full or relative. They are compared as
the paths that they are: server and namespace where they say them, names and text without regard to case, keys in any
order, the only key with its name or without, a number as a number or as text, the class or any class that it derives
from. Which objects there are is not known here.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.engine.associations.roles import Classes, facts_of, related
from openwmi.model import CimClass, CimInstance, CimType, KeyValue, ObjectPath, Type, Value

_THIS_MACHINE: Final = frozenset({".", "localhost"})
_TEXT: Final = frozenset({CimType.STRING, CimType.CHAR16})
_NO_NUMBER: Final = _TEXT | {CimType.BOOLEAN, CimType.DATETIME, CimType.REFERENCE}
_ESCAPED: Final = frozenset("\\\"'")


class Target:
    """An object that references may refer to.

    Attributes:
        object: it.
    """

    def __init__(self, object_: CimInstance | CimClass, classes: Classes, namespace: str) -> None:
        """`namespace` is where the references are, and so what one without a namespace means."""
        class_ = object_ if isinstance(object_, CimClass) else object_.class_
        self.object = object_
        self._class = class_
        self._classes = classes
        self._home = fold(namespace)
        self._server = fold(class_.server)
        self._namespace = fold(class_.namespace)
        self._is_class = isinstance(object_, CimClass)
        self._names = frozenset({fold(class_.name)}) if self._is_class else facts_of(class_).lineage
        self._keys: dict[str, tuple[Type, Value]] = {}
        if isinstance(object_, CimInstance) and not class_.is_singleton:
            self._keys = {fold(key): (class_.property(key).type, object_[key]) for key in class_.keys}
        self._needle = max((_plain(type_, value) for type_, value in self._keys.values()), key=len, default="")
        self._spellings: set[str] = set()

    def paths(self) -> list[ObjectPath]:
        """Every path of the object, its full one first: by its own class, then by each ancestor that has its keys."""
        path = self.object.path_
        assert path is not None, "it was found by its path"
        ancestors = () if self._is_class else _keyed_ancestors(self._class)
        others = [ObjectPath(path.server, path.namespace, name, path.keys, path.singleton) for name in ancestors]
        return [path, *others]

    def is_meant(self, reference: Value) -> bool:
        """Whether this text is a path of the object. No path at all is none."""
        if not isinstance(reference, str):
            return False
        if reference in self._spellings:
            return True
        # Most references lead to other objects, and are not worth parsing: what needs no escapes stands as it is.
        if self._needle and self._needle not in fold(reference):
            return False
        try:
            meant = self._is_at(ObjectPath.parse(reference))
        except WbemError:
            return False
        if meant:
            self._spellings.add(reference)
        return meant

    def _is_at(self, path: ObjectPath) -> bool:
        if fold(path.class_name) not in self._names or path.is_class is not self._is_class:
            return False
        if path.server is not None and not on_machine(path.server, self._server):
            return False
        if self._namespace and (self._home if path.namespace is None else fold(path.namespace)) != self._namespace:
            return False
        if self._is_class:
            return True
        if path.singleton is not self._class.is_singleton:
            return False
        given = path.keys or ()
        return len(given) == len(self._keys) and all(self._has_key(name, value) for name, value in given)

    def _has_key(self, name: str | None, given: KeyValue) -> bool:
        only = next(iter(self._keys.values()))
        type_, mine = only if name is None else self._keys.get(fold(name), (None, None))
        if type_ is None or mine is None:
            return False
        if type_.cim in _TEXT:
            return not isinstance(given, bool) and fold(str(given)) == fold(str(mine))
        if type_.cim is CimType.REFERENCE:
            return isinstance(given, str) and self._alike(str(mine), given)
        return bool(mine == _value(type_, given))

    def _alike(self, left: str, right: str) -> bool:
        """Whether two references are to the same object, as far as they and the schema tell.

        It ends: a path inside a path is shorter.
        """
        if fold(left) == fold(right):
            return True
        try:
            one, other = ObjectPath.parse(left), ObjectPath.parse(right)
        except WbemError:
            return False
        if self._place(one) != self._place(other) or not self._of_one_class(one, other):
            return False
        if one.singleton is not other.singleton or len(one.keys or ()) != len(other.keys or ()):
            return False
        mine, theirs = ({fold(name or ""): value for name, value in path.keys or ()} for path in (one, other))
        if len(mine) == 1 and ("" in mine or "" in theirs):
            mine, theirs = ({"": value} for keys in (mine, theirs) for value in keys.values())
        return mine.keys() == theirs.keys() and all(self._alike_keys(mine[name], theirs[name]) for name in mine)

    def _alike_keys(self, left: KeyValue, right: KeyValue) -> bool:
        if fold(str(left)) == fold(str(right)):
            return True
        return isinstance(left, str) and isinstance(right, str) and "=" in left and self._alike(left, right)

    def _place(self, path: ObjectPath) -> tuple[str | None, str]:
        server = None if path.server is None or on_machine(path.server, self._server) else fold(path.server)
        return server, self._home if path.namespace is None else fold(path.namespace)

    def _of_one_class(self, one: ObjectPath, other: ObjectPath) -> bool:
        if fold(one.class_name) == fold(other.class_name):
            return True
        if one.is_class or other.is_class or self._place(one)[1] != self._home:
            return False
        classes = self._classes.find(one.class_name), self._classes.find(other.class_name)
        return classes[0] is not None and classes[1] is not None and related(classes[0], classes[1])


def on_machine(server: str, own: str) -> bool:
    """Whether a path's server is this machine, whose name is `own`, folded; "" if the object does not know it."""
    name = fold(server)
    return not own or name == own or name in _THIS_MACHINE


def _plain(type_: Type, value: Value) -> str:
    """What stands in each spelling of a path that has this key; "" if that is not so simple."""
    if type_.cim is not CimType.STRING or not isinstance(value, str) or not _ESCAPED.isdisjoint(value):
        return ""
    # A number may be written otherwise.
    return "" if value.lstrip("+-").isdecimal() else fold(value)


def _value(type_: Type, given: KeyValue) -> Value:
    """A key as its type has it; None for what that cannot hold."""
    with suppress(WbemError, ValueError):
        if isinstance(given, str) and type_.cim not in _NO_NUMBER:
            return type_.check(int(given)) if given.lstrip("+-").isdecimal() else None
        if isinstance(given, str) and type_.cim is CimType.BOOLEAN:
            return {"true": True, "false": False}.get(fold(given))
        return type_.check(given)
    return None


def _keyed_ancestors(class_: CimClass) -> tuple[str, ...]:
    """Those down from where the last of the keys was declared: the others have no path with these keys."""
    if class_.is_singleton:
        return class_.derivation
    origins = {fold(class_.property(key).origin) for key in class_.keys}
    above = [count for count, name in enumerate((class_.name, *class_.derivation)) if fold(name) in origins]
    return class_.derivation[: min(above, default=None)]
