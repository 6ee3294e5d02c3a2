"""How IWbemServices makes a call: in each mode once, for all methods. What runs on the loop's thread says so.

Which mode it is, `openwmi.session.modes` decides; what the call does, a verb of the session. Here they meet:

    one      waited for, or answered by an IWbemCallResult
    many     gathered, or started, and read through an IEnumWbemClassObject
    pushed   told to an IWbemObjectSink
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from openwmi.base.error import WbemError
from openwmi.blocking.com.failure import RETURNED, hresult, set_error
from openwmi.blocking.com.out import wanted
from openwmi.blocking.com.unknown import S_OK
from openwmi.blocking.runner import Runner, runner
from openwmi.operation import CallContext, CallFlags, Enumeration, Operation
from openwmi.session.asking import push
from openwmi.session.methods import Verb
from openwmi.session.modes import RULES, Asked, Gives
from openwmi.wbemcli.enumerator import IEnumWbemClassObject
from openwmi.wbemcli.origin import Origin, parameter_info
from openwmi.wbemcli.sink import CALLS, IWbemObjectSink, PutRelay, Relay, checked_sink
from openwmi.wbemcli.starting import Gathered, Started

P = ParamSpec("P")
R = TypeVar("R", bound="int | tuple[object, ...]")


def service_method(outs: int = 0, *, about: int = 0) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """As `com_method`; the failure also says which method met it, and with what: its argument number `about`."""
    nothing = (None,) * outs

    def decorate(body: Callable[P, R]) -> Callable[P, R]:
        @wraps(body)
        def method(*arguments: P.args, **named: P.kwargs) -> R:
            try:
                return body(*arguments, **named)
            except RETURNED as error:
                code = hresult(error)
                if isinstance(error, WbemError):
                    given = (*arguments[1:], *named.values())
                    argument = given[about] if len(given) > about else None
                    error = Origin(body.__name__, parameter_info(argument)).noted(error)
                set_error(error)
                return cast(R, (code, *nothing) if outs else code)

        return method

    return decorate


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a method that has modes.

    Attributes:
        origin: which one.
        asked: its flags.
        context: who calls, and with what.
        runner: where it runs.
        login: who logged in at another machine; None in process.
    """

    origin: Origin
    asked: Asked
    context: CallContext
    runner: Runner
    login: str | None = None

    def one(self, verb: Verb, out: object, call_result: object) -> tuple[Any, Operation[Any] | None]:
        """(the result, None), or (None, the call, which an IWbemCallResult will tell of)."""
        rule = RULES[self.origin.method]
        has_out = wanted("the out parameter", out)
        by_result = rule.by_call_result(self.asked, out=has_out, call_result=wanted("ppCallResult", call_result))
        if by_result:
            return None, self.runner.do(Started(verb, self.context, self.asked))
        found = self.runner.complete(verb, self.context, self.asked)
        return found if has_out else None, None

    def many(self, verb: Verb) -> IEnumWbemClassObject:
        """An enumerator over what a call brings; over all of it, unless it was told to return at once."""
        forward_only = CallFlags.FORWARD_ONLY in self.asked.flags
        if CallFlags.RETURN_IMMEDIATELY in self.asked.flags:
            operation = self.runner.do(Started(verb, self.context, self.asked))
        else:
            context = self.context
            if forward_only:  # what is gathered has to be kept until it has been
                context = replace(context, flags=context.flags & ~CallFlags.FORWARD_ONLY)
            operation = self.runner.do(Gathered(verb, context, self.asked))
        rows: Enumeration[Any] = Enumeration(operation, rewindable=not forward_only)
        return IEnumWbemClassObject(rows, self.context.principal, self.origin, self.login)

    def pushed(self, verb: Verb, sink: IWbemObjectSink | None) -> int:
        """Everything that the call brings, and its end, goes to the sink. S_OK: it was started."""
        heard = checked_sink(sink)
        rule = RULES[self.origin.method]
        gives = rule.gives
        relay = Relay(heard, self.origin) if gives is Gives.OBJECT else PutRelay(heard, self.origin, gives)
        heard.AddRef()
        try:
            self.runner.run(_pushed, verb, self.context, self.asked, relay, rule.runs_on)
        except BaseException:
            heard.Release()  # "In cases where an error code returns, the reference count is the same as on entry."
            raise
        return S_OK


async def _pushed(verb: Verb, context: CallContext, asked: Asked, relay: Relay, runs_on: bool) -> None:
    # Nothing is read twice, and a slow sink has its producer wait.
    context = replace(context, flags=context.flags | CallFlags.FORWARD_ONLY, pushed=True)
    operation = verb(context, asked)
    runner().keep(operation)
    await push(operation, relay, CALLS, runs_on=runs_on)
