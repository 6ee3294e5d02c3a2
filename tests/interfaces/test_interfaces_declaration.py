"""A wrong declaration fails where it is made, or where it is first used if only its hints are wrong."""

# A declaration has no body.
# mypy: disable-error-code="empty-body"

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

import pytest

from openwmi.base.guid import Guid
from openwmi.interfaces import Interface, IRemUnknown, IRemUnknown2, IUnknown, call
from openwmi.ndr import HRESULT, U32, SizeIs

IID = "11111111-2222-3333-4444-555555555555"


def no_hint() -> None:
    class IWrong(Interface, iid=IID):
        @call(0)
        async def Do(self, number) -> HRESULT: ...  # type: ignore[no-untyped-def]  # noqa: ANN001 - that is the error


def a_default() -> None:
    class IWrong(Interface, iid=IID):
        @call(0)
        async def Do(self, number: U32 = 5) -> HRESULT: ...


def a_star() -> None:
    class IWrong(Interface, iid=IID):
        @call(0)
        async def Do(self, *numbers: U32) -> HRESULT: ...


def nothing_returned() -> None:
    class IWrong(Interface, iid=IID):
        @call(0)
        async def Do(self, number: U32): ...  # type: ignore[no-untyped-def]  # noqa: ANN202 - that is the error


def no_coroutine() -> None:
    class IWrong(Interface, iid=IID):
        @call(0)
        def Do(self) -> HRESULT: ...


def an_opnum_twice() -> None:
    class IWrong(Interface, iid=IID):
        @call(0)
        async def Do(self) -> HRESULT: ...

        @call(0)
        async def Undo(self) -> HRESULT: ...


def an_inherited_opnum() -> None:
    class IWrong(IRemUnknown, iid=IID):
        @call(5)
        async def Do(self) -> HRESULT: ...


def an_opnum_of_iunknown() -> None:
    class IWrong(IUnknown, iid=IID):
        @call(2)
        async def Do(self) -> HRESULT: ...


def a_gap() -> None:
    class IWrong(IUnknown, iid=IID):
        @call(4)
        async def Do(self) -> HRESULT: ...


def no_iid() -> None:
    class IWrong(IUnknown):
        @call(3)
        async def Do(self) -> HRESULT: ...


@pytest.mark.parametrize(
    ("declare", "says"),
    [
        (no_hint, r"IWrong\.Do: number is to have a hint"),
        (a_default, r"IWrong\.Do: number is to have a hint, no default"),
        (a_star, r"IWrong\.Do: numbers is to have a hint, no default and no star"),
        (nothing_returned, r"IWrong\.Do: what it returns is missing"),
        (no_coroutine, r"IWrong\.Do: a call is a coroutine function"),
        (an_opnum_twice, r"IWrong\.Undo: IWrong\.Do has opnum 0 already"),
        (an_inherited_opnum, r"IWrong\.Do: IRemUnknown\.RemRelease has opnum 5 already"),
        (an_opnum_of_iunknown, r"IWrong: opnums are .* with gaps or twice"),
        (a_gap, r"IWrong: opnums are .* with gaps or twice"),
        (no_iid, "IWrong: calls are declared by an interface"),
    ],
)
def test_wrong_at_once(declare: Callable[[], None], says: str) -> None:
    with pytest.raises(TypeError, match=says):
        declare()


def test_a_wrong_iid() -> None:
    with pytest.raises(ValueError, match="not a GUID"):

        class IWrong(Interface, iid="9556dc99"):
            pass


class NoResult(NamedTuple):
    number: U32


class Plain(NamedTuple):
    number: int
    hresult: HRESULT = 0


class NoCount(NamedTuple):
    numbers: Annotated[tuple[U32, ...], SizeIs("count")]
    hresult: HRESULT = 0


async def _integer(self: Any, number: int) -> HRESULT: ...


async def _returns(self: Any, number: U32) -> int: ...


async def _lacks_result(self: Any, number: U32) -> NoResult: ...


async def _plain_reply(self: Any, number: U32) -> Plain: ...


async def _uncounted(self: Any, number: U32) -> NoCount: ...


async def _later(self: Any, number: U32) -> NotThere: ...  # type: ignore[name-defined]  # noqa: F821 - as it is meant


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (_integer, r"IHints\._integer request\.number: <class 'int'> has no form"),
        (_returns, r"IHints\._returns returns <class 'int'>, which is neither"),
        (_lacks_result, r"IHints\._lacks_result: the last field of NoResult is not hresult"),
        (_plain_reply, r"IHints\._plain_reply reply\.number: <class 'int'> has no form"),
        (_uncounted, r"IHints\._uncounted reply\.numbers: there is no count beside it"),
        (_later, r"IHints\._later: name 'NotThere' is not defined: a hint has to be there before"),
    ],
)
def test_a_wrong_declaration_fails_where_it_stands(function: Any, says: str) -> None:
    with pytest.raises(TypeError, match=says):
        type("IHints", (Interface,), {function.__name__: call(0)(function)}, iid=IID)


def test_calls_are_inherited_and_in_order() -> None:
    assert [(opnum, entry.name) for opnum, entry in IRemUnknown2.calls.items()] == [
        (3, "RemQueryInterface"),
        (4, "RemAddRef"),
        (5, "RemRelease"),
        (6, "RemQueryInterface2"),
    ]
    assert IRemUnknown2.calls[3] is IRemUnknown.calls[3]
    assert IUnknown.calls == {}
    assert IRemUnknown2.iid == Guid("00000143-0000-0000-c000-000000000046")


def test_an_implementation_has_all_calls_of_its_interface() -> None:
    class Half(IRemUnknown):
        async def RemRelease(self, cInterfaceRefs: int, InterfaceRefs: Any) -> HRESULT:
            return 0

    assert Half.calls is IRemUnknown.calls
    assert Half.iid == IRemUnknown.iid
    with pytest.raises(TypeError, match="abstract"):
        Half()
