"""What a server for tests holds: texts of MOF, objects, and functions that stand for providers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine import MethodCall, Provider, Request, Row, method, shipped_class
from openwmi.model import CimClass, CimInstance
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
            self.providers.append(_provider(class_, functions.get(key, _stored(own)), answers.get(key, {})))

    def _add(self, content: Content) -> None:
        if isinstance(content, str):
            found = resolve(parse(content, "the test's MOF"), self._find, DEFAULT_NAMESPACE)
            self.classes.extend(found.classes)
            self.instances.extend(found.instances)
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


def _stored(instances: list[CimInstance]) -> Rows:
    rows = [{name: instance[name] for name in instance} for instance in instances]
    return lambda: rows


def _provider(class_: CimClass, rows: Rows, answers: Mapping[str, Answer]) -> Provider:
    members: dict[str, object] = {
        f"answer_{number}": _answering(name, answer) for number, (name, answer) in enumerate(answers.items())
    }
    made: type[_Functions] = type(f"{class_.name}OfATest", (_Functions,), {"cim_class": class_, **members})
    return made(rows)


def _answering(name: str, answer: Answer) -> Callable[[Provider, MethodCall], Row]:
    def call(self: Provider, asked: MethodCall) -> Row:  # noqa: ARG001 - what serves a method is one of the provider's
        found = answer(asked.keys or {}, asked.inputs)
        return {"ReturnValue": found} if isinstance(found, int) else found

    return method(name)(call)


class _Functions(Provider):
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def instances(self, request: Request) -> Iterable[Row]:  # noqa: ARG002 - the engine leaves out what is not wanted
        return self._rows()
