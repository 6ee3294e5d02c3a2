"""What every verb asks with: a call on a namespace, in the way that its caller wants, and classes, asked for once.

The classes are those that calls themselves need: the parameters of a method, what MOF derives from, what the server
calls itself. What a caller reads is asked for each time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.status import WbemStatus
from openwmi.client.failures import UNKNOWN, in_words, undecided
from openwmi.client.link import Entered, Link
from openwmi.client.pushed import EVERYWHERE, Mode, Push, PushedCall, Said
from openwmi.client.results import Ask, result_of
from openwmi.model import CimClass, CimInstance
from openwmi.ndr import Cell
from openwmi.operation import CallContext, ResultSet
from openwmi.pointers import pointed_object
from openwmi.session.modes import RULES

T = TypeVar("T")


class Asking:
    """Calls on one namespace. MOF may name another one: the argument `namespace` of each, None for this one.

    Args:
        link: the way there.
        namespace: such as `root\\cimv2`.
        locale: preferred languages, where a call does not say so itself.
        callbacks: whether asynchronous calls have the server call us back.
    """

    def __init__(self, link: Link, namespace: str, locale: str, callbacks: Mode) -> None:
        self.link = link
        self.namespace = namespace
        self.locale = locale
        self.callbacks = callbacks
        self._known: dict[tuple[str, str], CimClass] = {}

    async def ask(
        self, context: CallContext, call: Callable[[Entered], Awaitable[T]], namespace: str | None = None
    ) -> T:
        """One call, made on what is held there. WbemError, in the caller's words."""
        with in_words(self.link.where):
            return await self.link.ask(namespace or self.namespace, context.locale or self.locale, call)

    async def one(
        self,
        method: str,
        ask: Ask,
        context: CallContext,
        results: ResultSet[Any],
        *,
        changes: bool = False,
        more: int = 0,
        namespace: str | None = None,
    ) -> Any:
        """The result of a call that has one, in the way that its caller wants it; see `results`."""
        rule = RULES[method]
        flags = int(context.flags & rule.flags) | more

        async def carry_out(entered: Entered) -> Any:
            if changes:  # not before: until there is somebody to ask, nothing has been asked
                results.aftermath = UNKNOWN
            return await result_of(entered, rule, ask, flags, results)

        with _with_aftermath(results):
            return await self.ask(context, carry_out, namespace)

    async def push(
        self,
        push: Callable[[], Push],
        context: CallContext,
        results: ResultSet[Any],
        *,
        changes: bool = False,
        namespace: str | None = None,
    ) -> Said | None:
        """What the server has told our sink; None where no sink is to hear it, or the server cannot call one."""
        if not context.pushed or self.callbacks == "never":
            return None
        wanted = push()

        async def begin(entered: Entered) -> PushedCall | None:
            pushing = entered.login.pushing
            if not await pushing.ready(entered.services, self.callbacks):
                return None
            if changes:  # as in `one`
                results.aftermath = UNKNOWN
            return await pushing.begin(entered.services, partial(wanted.ask, entered.services, context), results)

        with _with_aftermath(results):
            call = await self.ask(context, begin, namespace)
            if call is None:
                return None
            if not results.began and not results.finished:
                results.begin()
            return await call.outcome()

    async def class_(self, name: str, context: CallContext, namespace: str | None = None) -> CimClass:
        """A class of a namespace, asked for once, unless there is something wrong with it."""
        key = self._key(name, namespace)
        known = self._known.get(key)
        if known is not None:
            return known

        async def ask(entered: Entered) -> CimClass | CimInstance:
            reply = await entered.services.GetObject(name, 0, None, Cell(None), None)
            return found_object(None if reply.ppObject is None else reply.ppObject.value)

        found = await self.ask(context, ask, namespace)
        if not isinstance(found, CimClass):
            raise WbemError(WbemStatus.INVALID_CLASS, f"{name} is no class")
        self._known[key] = found
        return found

    def knows(self, name: str) -> bool:
        """Whether this class of this namespace has been asked for before."""
        return self._key(name) in self._known

    def forget_classes(self) -> None:
        """One has changed, or may have, and those derived from it with it; that of the system does not."""
        system = fold(EVERYWHERE)
        self._known = {key: known for key, known in self._known.items() if key[1] == system}

    def _key(self, name: str, namespace: str | None = None) -> tuple[str, str]:
        return fold(namespace or self.namespace), fold(name)


def found_object(pointer: bytes | None) -> CimClass | CimInstance:
    """The object that a call brings. RemoteProtocolError where it brings none."""
    if pointer is None:
        raise RemoteProtocolError("the call succeeded, and brought no object")
    return pointed_object(pointer, "what was found")


@contextmanager
def _with_aftermath(results: ResultSet[Any]) -> Iterator[None]:
    """A call inside that was to change something, and whose answer is lost, says that nobody knows whether it did."""
    try:
        yield
    except WbemError as error:
        if not results.aftermath or undecided(error) is error:
            raise
        raise undecided(error) from error
