"""Object paths: `\\\\server\\root\\cimv2:Win32_LogicalDisk.DeviceID="C:"` and their shorter forms.

From the WMI SDK ("WMI Object Path Requirements", "Describing an Instance Object Path"). A path knows nothing of the
class that it names: which keys there are, and of what types, is for others to say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.model.namespace import NAMESPACE_PART, SERVER

KeyValue: TypeAlias = str | int | bool
"""What a key can be in a path. Datetimes, references and char16 stand there as strings."""

_Identity: TypeAlias = tuple[object, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ObjectPath:
    """The location of a class or of an instance.

    Attributes:
        server: as given, `.` included; None where the path does not say.
        namespace: with backslashes; None where the path does not say.
        class_name: the class.
        keys: (name, value) in the order given; None for a class or a singleton. The name is None where a single key was
            given without it, as in `Win32_Process="4"`.
        singleton: the one instance of a singleton class, `Class=@`.

    Paths are equal without regard to the case of names and of string values, and to the order of keys: that is how WMI
    compares them. A server or namespace that is not given is different from any that is.

    Errors: INVALID_OBJECT_PATH for a server without a namespace.
    """

    server: str | None
    namespace: str | None
    class_name: str
    keys: tuple[tuple[str | None, KeyValue], ...] | None = None
    singleton: bool = False
    _identity: _Identity | None = field(default=None, init=False, repr=False)

    @classmethod
    def parse(cls, text: str) -> ObjectPath:
        """Text -> path. INVALID_OBJECT_PATH says the position and what was expected there."""
        return _Scanner(text).path()

    def __post_init__(self) -> None:
        if self.namespace is not None and "/" in self.namespace:
            object.__setattr__(self, "namespace", self.namespace.replace("/", "\\"))
        if self.server is not None and self.namespace is None:
            raise WbemError(
                WbemStatus.INVALID_OBJECT_PATH,
                f"the path of {self.class_name} names the server {self.server!r} but no namespace",
            )

    @property
    def is_class(self) -> bool:
        return self.keys is None and not self.singleton

    @property
    def relative(self) -> ObjectPath:
        """The path within its namespace, as in __RELPATH."""
        return ObjectPath(None, None, self.class_name, self.keys, self.singleton)

    def __str__(self) -> str:
        server = f"\\\\{self.server}\\" if self.server is not None else ""
        namespace = f"{self.namespace}:" if self.namespace is not None else ""
        return f"{server}{namespace}{self.class_name}{self._format_keys()}"

    def __repr__(self) -> str:
        return f"ObjectPath.parse({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return self._compared() == other._compared() if isinstance(other, ObjectPath) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._compared())

    def _format_keys(self) -> str:
        if self.singleton:
            return "=@"
        if self.keys is None:
            return ""
        dot = "" if self.keys and self.keys[0][0] is None else "."
        return dot + ",".join(f"{name or ''}={_format_value(value)}" for name, value in self.keys)

    def _compared(self) -> _Identity:
        """What equal paths have in common; kept, since paths are keys of dictionaries."""
        if self._identity is None:
            keys = None if self.keys is None else frozenset(map(_compared_key, self.keys))
            places = (None if place is None else fold(place) for place in (self.server, self.namespace))
            object.__setattr__(self, "_identity", (*places, fold(self.class_name), keys, self.singleton))
            assert self._identity is not None
        return self._identity


def _compared_key(key: tuple[str | None, KeyValue]) -> tuple[object, ...]:
    name, value = key
    # The type is part of it, since True equals 1 in Python and does not in a path.
    return None if name is None else fold(name), type(value), fold(value) if isinstance(value, str) else value


def _format_value(value: KeyValue) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


NAME: Final = r"[^\x00-@\[-\^`{-\x7f][^\x00-/:-@\[-\^`{-\x7f]*+"
"""The regular expression of the name of a class or a property: ALPHA, DIGIT and "_" ([MS-WMI] 2.2.1.1).

Windows: every character from U+0080 up as well, also one that is no letter in any alphabet (U+EE68). Said by what is
left out, since a set of so many characters takes milliseconds to compile.
"""

_NAME = re.compile(NAME)
_SERVER = re.compile(SERVER)
_NAMESPACE_PART = re.compile(NAMESPACE_PART)
# A colon ends a namespace unless a key came first: `root\cimv2:C`, but `C.Name="a:b"` and `C="a:b"`.
_HAS_NAMESPACE = re.compile(r"[^:=\"']*:")
_STRING = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"' + r"|'([^'\\]*(?:\\.[^'\\]*)*)'", re.DOTALL)
_ESCAPE = re.compile(r"\\([\\\"'])")
# The SDK grants hexadecimal constants in one sentence and only decimal ones in another: both are read, decimal is
# written. No CIM integer has more digits than these.
_NUMBER = re.compile(r"(?:(0[xX][0-9a-fA-F]{1,16})|([+-]?[0-9]{1,20}))(?!\w)")
_BOOLEANS = {"true": True, "false": False}


class _Scanner:
    """Reads one path from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def path(self) -> ObjectPath:
        server = self._server()
        namespace = self._namespace() if server is not None or _HAS_NAMESPACE.match(self.text) else None
        class_name = self._match(_NAME, "a class name")
        keys: tuple[tuple[str | None, KeyValue], ...] | None = None
        singleton = False
        if self._skip("."):
            keys = self._named_keys()
        elif self._skip("="):
            singleton = self._skip("@")
            keys = None if singleton else ((None, self._value()),)
        if self.at < len(self.text):
            raise self._expected("the end" if keys or singleton else "'.', '=' or the end")
        return ObjectPath(server, namespace, class_name, keys, singleton)

    def _server(self) -> str | None:
        # Windows: two equal slashes; IWbemPath refuses `/\` here.
        if not self.text.startswith(("\\\\", "//")):
            return None
        self.at = 2
        return self._match(_SERVER, "a server name")

    def _namespace(self) -> str:
        # After a server there must be a slash; in front of a namespace alone Windows takes one, too.
        parts: list[str] = []
        if not self._slash() and self.at:
            raise self._expected("a slash and a namespace")
        while not parts or self._slash():
            parts.append(self._match(_NAMESPACE_PART, "a namespace name"))
        if not self._skip(":"):
            raise self._expected("':' and a class name")
        return "\\".join(parts)

    def _named_keys(self) -> tuple[tuple[str | None, KeyValue], ...]:
        keys: dict[str, tuple[str, KeyValue]] = {}
        while not keys or self._skip(","):
            start = self.at
            name = self._match(_NAME, "a key name")
            if fold(name) in keys:
                raise self._expected(f"another key name (the key {name!r} is given twice)", start)
            if not self._skip("="):
                raise self._expected("'='")
            keys[fold(name)] = (name, self._value())
        return tuple(keys.values())

    def _value(self) -> KeyValue:
        if self.text.startswith(('"', "'"), self.at):
            quoted = _STRING.match(self.text, self.at)
            if quoted is None:
                raise self._expected(f"a string with a closing {self.text[self.at]}")
            self.at = quoted.end()
            # Windows: a backslash that escapes nothing stands for itself, so that Name='C:\scripts' is found.
            return _ESCAPE.sub(r"\1", quoted[quoted.lastindex or 1])
        if number := _NUMBER.match(self.text, self.at):
            self.at = number.end()
            return int(number[1], 16) if number[1] else int(number[2])
        if word := _NAME.match(self.text, self.at):
            found = _BOOLEANS.get(fold(word[0]))
            if found is not None:
                self.at = word.end()
                return found
        raise self._expected('a value ("text", a number, TRUE or FALSE)')

    def _slash(self) -> bool:
        return self._skip("\\") or self._skip("/")

    def _skip(self, character: str) -> bool:
        found = self.text.startswith(character, self.at)
        self.at += found
        return found

    def _match(self, pattern: re.Pattern[str], expected: str) -> str:
        found = pattern.match(self.text, self.at)
        if found is None:
            raise self._expected(expected)
        self.at = found.end()
        return found[0]

    def _expected(self, what: str, position: int | None = None) -> WbemError:
        at = self.at if position is None else position
        shown = self.text if len(self.text) <= 200 else f"{self.text[:200]}…"
        return WbemError(WbemStatus.INVALID_OBJECT_PATH, f"the object path {shown!r}: {what} expected at position {at}")
