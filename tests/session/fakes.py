"""A session that records what it was asked, and answers with what a test wants."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from openwmi.base.error import WbemError
from openwmi.model import ChangeFlag, CimClass, CimInstance, CimType, ObjectPath, Property, Type
from openwmi.operation import CallContext, CallFlags, Operation, ResultSet
from openwmi.session import MofText, Session

THING = CimClass("Demo_Thing", properties=(Property("Number", Type(CimType.UINT32)),), namespace=r"root\demo")

Work = Callable[[ResultSet[Any]], Coroutine[Any, Any, Any]]


def things(count: int) -> list[CimInstance]:
    """That many, numbered."""
    return [THING.instance({"Number": number}) for number in range(count)]


class RecordingSession(Session):
    """Every verb notes its arguments and runs `work`."""

    def __init__(self, work: Work) -> None:
        super().__init__(r"root\demo")
        self.work = work
        self.asked: list[tuple[Any, ...]] = []
        self.contexts: list[CallContext] = []
        self.closed = 0

    def get(self, path: str, context: CallContext) -> Operation[CimClass | CimInstance]:
        return self._start(("get", path), context, single=True)

    def query(self, text: str, parameters: Mapping[str, object] | None, context: CallContext) -> Operation[CimInstance]:
        return self._start(("query", text, parameters), context)

    def instances(self, class_name: str, *, deep: bool, context: CallContext) -> Operation[CimInstance]:
        return self._start(("instances", class_name, deep), context)

    def classes(self, superclass: str | None, *, deep: bool, context: CallContext) -> Operation[CimClass]:
        return self._start(("classes", superclass, deep), context)

    def call(
        self, path: str, method: str, inputs: Mapping[str, object], context: CallContext
    ) -> Operation[CimInstance]:
        return self._start(("call", path, method, inputs), context, single=True)

    def put(
        self,
        what: CimClass | CimInstance | Sequence[CimClass | CimInstance],
        context: CallContext,
        flags: ChangeFlag = ChangeFlag.CREATE_OR_UPDATE,
    ) -> Operation[Any]:
        return self._start(("put", what, flags), context, single=True)

    def delete(self, path: str, context: CallContext) -> Operation[None]:
        return self._start(("delete", path), context, single=True)

    def events(
        self, text: str, parameters: Mapping[str, object] | None, context: CallContext
    ) -> Operation[CimInstance]:
        return self._start(("events", text, parameters), context)

    def emit(self, event: CimInstance | Sequence[CimInstance], context: CallContext) -> Operation[None]:
        return self._start(("emit", event), context, single=True)

    def open_namespace(self, name: str, context: CallContext) -> Operation[Session]:
        return self._start(("open_namespace", name), context, single=True)

    def load_mof(self, mof: MofText, context: CallContext) -> Operation[tuple[ObjectPath, ...]]:
        return self._start(("load_mof", mof), context, single=True)

    def check_mof(self, mofs: Sequence[MofText], context: CallContext) -> Operation[tuple[WbemError, ...]]:
        return self._start(("check_mof", mofs), context, single=True)

    async def close(self) -> None:
        self.closed += 1

    def _start(self, asked: tuple[Any, ...], context: CallContext, *, single: bool = False) -> Operation[Any]:
        self.asked.append(asked)
        self.contexts.append(context)
        keep = CallFlags.FORWARD_ONLY not in context.flags
        return Operation.start(self.work, asked[0], single=single, keep=keep, context=context)
