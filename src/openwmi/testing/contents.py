"""What a server for tests holds: texts of MOF, objects, and functions that stand for providers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import TypeAlias

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine import MethodCall, Provider, Request, Row, method, shipped_class
from openwmi.engine.provider import PutCall
from openwmi.model import ChangeFlag, CimClass, CimInstance
from openwmi.mof import parse, resolve

DEFAULT_NAMESPACE = r"root\cimv2"

Rows: TypeAlias = Callable[[], Iterable[Row]]
"""The instances of a class, at each time that somebody wants them."""

Answer: TypeAlias = Callable[[Mapping[str, object], Mapping[str, object]], Row | int]
"""(keys of the instance, in-parameters) -> the out-parameters with ReturnValue, or the ReturnValue alone."""

Content: TypeAlias = str | CimClass | CimInstance | Provider


class Contents:
    """Sorted out.

    Attributes:
        classes: in the order in which they were given.
        instances: that are stored.
        providers: those that were given, and one for each class that functions serve.
    """

    def __init__(self, given: Iterable[Content], rows: Mapping[str, Rows], methods: Mapping[str, Answer]) -> None:
        self.classes: list[CimClass] = []
        self.instances: list[CimInstance] = []
        self.providers: list[Provider] = []
        for content in given:
            self._add(content)
        answers: dict[str, dict[str, Answer]] = {}
        for name, answer in methods.items():
            class_name, _, method_name = name.rpartition(".")
            answers.setdefault(fold(class_name), {})[method_name] = answer
        served = {fold(name): self._named(name) for name in (*rows, *(name.rpartition(".")[0] for name in methods))}
        functions = {fold(name): function for name, function in rows.items()}
        for key, class_ in served.items():
            own = [instance for instance in self.instances if fold(instance.class_.name) == key]
            self.instances = [instance for instance in self.instances if instance not in own]
            made = _answering(_Functions if key in functions else _Table, class_, answers.get(key, {}))
            self.providers.append(made(functions[key]) if key in functions else made(class_, own))

    def compiled(self, mof: str, namespace: str) -> tuple[CimClass | CimInstance, ...]:
        """The classes and instances of a text, which may be derived from those that there are. MofError."""
        found = resolve(parse(mof, "the test's MOF"), self._find, namespace)
        self.classes.extend(found.classes)
        return found.classes + found.instances

    def _add(self, content: Content) -> None:
        if isinstance(content, str):
            self.instances.extend(
                each for each in self.compiled(content, DEFAULT_NAMESPACE) if isinstance(each, CimInstance)
            )
        elif isinstance(content, CimClass):
            self.classes.append(content)
        elif isinstance(content, CimInstance):
            self.instances.append(content)
        else:
            self.providers.append(content)

    def _named(self, name: str) -> CimClass:
        found = next((each for each in self.classes if fold(each.name) == fold(name)), None)
        found = found or self._find(DEFAULT_NAMESPACE, name)
        if found is None:
            raise WbemError(
                WbemStatus.INVALID_CLASS, f"a function serves {name!r}, and no class of that name was given"
            )
        return found

    def _find(self, namespace: str, name: str) -> CimClass | None:
        for class_ in reversed(self.classes):
            if (fold(class_.namespace or DEFAULT_NAMESPACE), fold(class_.name)) == (fold(namespace), fold(name)):
                return class_
        try:
            return shipped_class(name, namespace)
        except KeyError:
            return None


def _answering(base: type[Provider], class_: CimClass, answers: Mapping[str, Answer]) -> Callable[..., Provider]:
    """A provider of a class, with methods."""
    members = {f"answer_{number}": _served(name, answer) for number, (name, answer) in enumerate(answers.items())}
    return type(f"{class_.name}OfATest", (base,), {"cim_class": class_, **members})


def _served(name: str, answer: Answer) -> Callable[[Provider, MethodCall], Row]:
    def call(self: Provider, asked: MethodCall) -> Row:  # noqa: ARG001 - what serves a method is one of the provider's
        found = answer(asked.keys or {}, asked.inputs)
        return {"ReturnValue": found} if isinstance(found, int) else found

    return method(name)(call)


class _Functions(Provider):
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def instances(self, request: Request) -> Iterable[Row]:  # noqa: ARG002 - the engine leaves out what is not wanted
        return self._rows()


class _Table(Provider):
    """Keeps the instances of a class that has methods, since what has a provider is not stored by the engine."""

    def __init__(self, class_: CimClass, instances: Iterable[CimInstance]) -> None:
        self._keys = class_.keys
        self._rows: dict[tuple[str, ...], dict[str, object]] = {}
        for instance in instances:
            row = {name: instance[name] for name in instance}
            self._rows[self._key(row)] = row

    async def instances(self, request: Request) -> AsyncIterator[Row]:  # noqa: ARG002 - likewise
        for row in list(self._rows.values()):
            yield row

    async def put(self, call: PutCall) -> Row | None:
        key = self._key(call.values)
        row = self._rows.get(key)
        if row is not None and ChangeFlag.CREATE_ONLY in call.flags:
            raise WbemError(WbemStatus.ALREADY_EXISTS, "there is an instance with these keys")
        if row is None and ChangeFlag.UPDATE_ONLY in call.flags:
            raise WbemError(WbemStatus.NOT_FOUND, "there is no instance with these keys")
        written = (
            call.values if row is None or call.properties is None else {n: call.values[n] for n in call.properties}
        )
        self._rows[key] = {**(row or {}), **written}
        return None

    async def delete(self, request: Request, keys: Mapping[str, object]) -> None:  # noqa: ARG002 - likewise
        if self._rows.pop(self._key(keys), None) is None:
            raise WbemError(WbemStatus.NOT_FOUND, "there is no instance with these keys")

    def _key(self, values: Mapping[str, object]) -> tuple[str, ...]:
        return tuple(fold(str(values[name])) for name in self._keys)
