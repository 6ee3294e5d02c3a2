"""A class that is made when somebody asks for something of it: from the outside it is a class like any other."""

from __future__ import annotations

import copy
import pickle
import sys
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from operator import eq
from threading import Barrier

import pytest

from openwmi.model import CimClass, CimType, DeferredClass, Property, Type, source_of

CLASS = CimClass(
    "Lamp",
    derivation=("Thing",),
    properties=(Property("Name", Type(CimType.STRING), "a lamp"),),
    namespace=r"root\home",
    server="SRV1",
)


class Source:
    """Counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def decode(self, what: CimClass) -> CimClass:
        assert isinstance(what, CimClass)
        self.asked += 1
        return replace(CLASS)


QUESTIONS: dict[str, Callable[[CimClass], object]] = {
    "name": lambda cls: cls.name,
    "keys": lambda cls: cls.keys == (),
    "equal": lambda cls: cls == CLASS,
    "equal the other way round": lambda cls: eq(CLASS, cls),
    "equal to another one": lambda cls: cls == DeferredClass(Source()),
    "hash": lambda cls: hash(cls) == hash(CLASS),
    "text": lambda cls: repr(cls) == repr(CLASS),
    "value": lambda cls: cls["name"] == "a lamp",
    "names": lambda cls: list(cls) == ["Name"],
    "membership": lambda cls: "name" in cls,
    "path": lambda cls: cls.path_ == CLASS.path_,
    "pickle": lambda cls: pickle.loads(pickle.dumps(cls)) == CLASS,
    "copy": lambda cls: copy.copy(cls) == copy.deepcopy(cls) == CLASS,
    "replace": lambda cls: replace(cls, name="Lamp") == CLASS,
    "derive": lambda cls: cls.derive("Torch") == CLASS.derive("Torch"),
    "project": lambda cls: cls.project(["Name"]) == CLASS.project(["Name"]),
    "instance": lambda cls: cls.instance() == CLASS.instance(),
    "method": lambda cls: cls.method("none"),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_it_is_made_by_the_first_question(question: str) -> None:
    source = Source()
    cls = DeferredClass(source)
    assert source_of(cls) is source
    assert source.asked == 0
    for _ in range(2):
        if question == "method":
            with pytest.raises(KeyError, match="Lamp has no method 'none'"):
                QUESTIONS[question](cls)
        else:
            assert QUESTIONS[question](cls)
        assert source.asked == 1
        assert type(cls) is CimClass
        assert source_of(cls) is None


def test_what_no_class_has_makes_nothing() -> None:
    source = Source()
    cls = DeferredClass(source)
    assert getattr(cls, "Other", None) is None
    assert weakref.ref(cls)() is cls
    assert source.asked == 0
    assert source_of(CLASS) is None


@pytest.fixture
def hurry() -> Iterator[None]:
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hurry")
@pytest.mark.parametrize("question", ["properties", "positions", "_inheritance"])
def test_several_threads_get_the_same(question: str) -> None:
    count = 4
    with ThreadPoolExecutor(count) as threads:
        for _ in range(100):
            cls, start = DeferredClass(Source()), Barrier(count)

            def ask(cls: CimClass = cls, start: Barrier = start) -> object:
                start.wait()
                found = getattr(cls, question)
                return found().properties if question == "_inheritance" else found

            answers = [each.result() for each in [threads.submit(ask) for _ in range(count)]]
            if question != "_inheritance":  # which any class makes anew for each thread that is as fast
                assert len({id(answer) for answer in answers}) == 1
            assert cls == CLASS
