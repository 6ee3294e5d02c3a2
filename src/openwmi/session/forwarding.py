"""A session around another one: every verb is passed on, and whoever derives from it sees all of them in one place."""

from __future__ import annotations

from abc import abstractmethod, update_abstractmethods
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar, cast

from openwmi.operation import Operation
from openwmi.session.verbs import Session

Verb = Callable[[Session], Operation[Any]]

S = TypeVar("S", bound="Forwarding")


class Forwarding(Session):
    """Derive from it, override `forward` and what else is wanted, and make it by `forwarding`.

    Attributes:
        inner: what carries the calls out.
    """

    def __init__(self, inner: Session) -> None:
        super().__init__(inner.namespace)
        self.inner = inner
        self.calls = inner.calls

    @abstractmethod
    def forward(self, name: str, verb: Verb, arguments: tuple[Any, ...], named: dict[str, Any]) -> Operation[Any]:
        """Makes a call: `verb(self.inner)` is the Operation that the inner session has for it.

        Args:
            name: of the verb: "query".
            verb: calls it, of whichever session it is given.
            arguments, named: what it was called with.
        """

    async def close(self) -> None:
        await self.inner.close()


def forwarding(type_: Callable[..., S]) -> Callable[..., S]:
    """Completes a class derived from Forwarding: verbs that it does not have itself go through its `forward`."""
    class_ = cast("type[S]", type_)  # which a type checker takes for an abstract one

    def through(name: str) -> Callable[..., Operation[Any]]:
        def verb(self: S, /, *arguments: Any, **named: Any) -> Operation[Any]:
            return self.forward(name, partial(_called, name, arguments, named), arguments, named)

        verb.__name__ = name
        return verb

    for name in class_.__abstractmethods__:
        setattr(class_, name, through(name))
    return update_abstractmethods(class_)


def _called(name: str, arguments: tuple[Any, ...], named: dict[str, Any], session: Session) -> Operation[Any]:
    made: Operation[Any] = getattr(session, name)(*arguments, **named)
    return made
