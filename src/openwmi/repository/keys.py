"""Where an instance is found: its key values as octets, and references to it in the same words.

Two paths that WMI takes for the same object give the same octets: case does not count, nor the order of keys, nor
whether a reference states the namespace and server that it is in anyway. Octets sort as they compare, so that rows can
be paged by them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.model import CimClass, CimType, KeyValue, ObjectPath

_OWN_SERVERS: Final = frozenset({".", "localhost"})


class KeyPlan:
    """The keys of one class, ready to be encoded.

    Attributes:
        references: the places of the properties that are references, or arrays of them.
    """

    __slots__ = ("_keys", "_namespace", "_one", "_positions", "_server", "references")

    def __init__(self, class_: CimClass) -> None:
        self._namespace = class_.namespace
        self._server = class_.server
        ordered = sorted(class_.keys, key=fold)
        self._positions = tuple([class_.positions[key] for key in ordered])
        self._keys = tuple([(key, self._text(class_.property(key).type.cim)) for key in ordered])
        self._one = (self._positions[0], self._keys[0][1]) if len(ordered) == 1 else None
        self.references = tuple(
            [place for place, each in enumerate(class_.properties) if each.type.cim is CimType.REFERENCE]
        )

    def of_row(self, values: Sequence[Any]) -> bytes:
        """The octets of an instance with these values, none of whose keys is NULL."""
        if self._one is not None:
            place, text = self._one
            return text(values[place]).encode("utf-8", "surrogatepass")
        return _octets([text(values[place]) for place, (_, text) in zip(self._positions, self._keys, strict=True)])

    def fits(self, key: bytes, values: Sequence[Any]) -> bool:
        """Whether the key is that of the values, as far as it is known: a reference may name this machine of old."""
        if any(place in self.references for place in self._positions):
            return True
        try:
            return self.of_row(values) == key
        except (AttributeError, TypeError):
            return False  # a key without a value

    def of_keys(self, keys: Mapping[str, Any]) -> bytes:
        """The octets of the instance with these keys, by their declared names."""
        return _octets([text(keys[name]) for name, text in self._keys])

    def targets(self, values: Sequence[Any]) -> set[bytes]:
        """What an instance with these values refers to, as `target` has it."""
        found: set[bytes] = set()
        for place in self.references:
            value = values[place]
            for each in value if isinstance(value, tuple) else (value,):
                if each is not None:
                    found.add(_reference(each, self._namespace, self._server).encode("utf-8", "surrogatepass"))
        return found

    def _text(self, cim: CimType) -> Callable[[Any], str]:
        if cim is CimType.REFERENCE:
            return lambda value: _reference(value, self._namespace, self._server)
        return _TEXTS.get(cim, str)


def target(path: ObjectPath, namespace: str, server: str) -> bytes:
    """An object as references to it are kept; what the path leaves out is `namespace` and `server`."""
    return _target(path, namespace, server).encode("utf-8", "surrogatepass")


def _reference(text: str, namespace: str, server: str) -> str:
    try:
        path = ObjectPath.parse(text)
    except WbemError:
        return fold(text)
    return _target(path, namespace, server)


def _target(path: ObjectPath, namespace: str, server: str) -> str:
    far = ""
    if path.server is not None:
        far = fold(path.server)
        far = "" if far in _OWN_SERVERS or far == fold(server) else far
    if path.singleton:
        keys = "@"
    elif path.keys is None:
        keys = ""
    else:
        ordered = sorted(path.keys, key=_name)
        keys = "=" + _joined([_key_text(value, namespace, server) for _, value in ordered])
    return f"{far}\0{fold(path.namespace or namespace)}\0{fold(path.class_name)}\0{keys}"


def _name(key: tuple[str | None, KeyValue]) -> str:
    return fold(key[0] or "")


def _key_text(value: KeyValue, namespace: str, server: str) -> str:
    if not isinstance(value, str):
        return _boolean(value) if isinstance(value, bool) else str(value)
    # The key of an association is a path itself, which may be spelt in several ways.
    return _reference(value, namespace, server) if "=" in value else fold(value)


def _boolean(value: bool) -> str:
    return "TRUE" if value else "FALSE"


_TEXTS: Final[dict[CimType, Callable[[Any], str]]] = {
    CimType.STRING: fold,
    CimType.CHAR16: fold,
    CimType.BOOLEAN: _boolean,
}


def _octets(texts: list[str]) -> bytes:
    return _joined(texts).encode("utf-8", "surrogatepass")


def _joined(texts: Iterable[str]) -> str:
    """One text stands for itself; several are told apart, whatever is in them."""
    listed = list(texts)
    return listed[0] if len(listed) == 1 else json.dumps(listed) if listed else ""
