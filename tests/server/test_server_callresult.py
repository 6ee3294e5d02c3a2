"""IWbemCallResult over the wire: which getter answers for which call, and how long it waits ([MS-WMI] 3.1.4.5)."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest
from tests.dcom.fakes import YOU, Refused, standard
from tests.server.devices import SETTING, Devices
from tests.server.fakes import CIMV2, INFINITE, Services, Wmi, pointed, wmi

from openwmi.base import limits
from openwmi.base.status import HResult, WbemStatus
from openwmi.model import CimClass, CimType, Property, Qualifier, Type, qualifier_set
from openwmi.ndr import Cell
from openwmi.pointers import object_pointer

NOW = 0x10
OK, TIMEDOUT, NOT_FOUND = 0, WbemStatus.TIMEDOUT, WbemStatus.NOT_FOUND
INVALID_OPERATION = WbemStatus.INVALID_OPERATION
GETTERS = ("GetResultObject", "GetResultString", "GetResultServices")
NEW = CimClass(
    "Demo_New",
    properties=(Property("Id", Type(CimType.UINT32), qualifiers=qualifier_set(Qualifier("key"))),),
    namespace=CIMV2,
)

# How each of the seven calls is made: what is written before, its arguments, and the getter that answers.
CALLS: dict[str, tuple[tuple[Any, ...], str | None]] = {
    "GetObject": (("Demo_Device.Name='east'", NOW, None, Cell(None)), "GetResultObject"),
    "ExecMethod": (("Demo_Device", "Count", NOW, None, None, Cell(None)), "GetResultObject"),
    "PutInstance": ((object_pointer(SETTING.instance({"Name": "x", "Level": 1})), NOW, None), "GetResultString"),
    "PutClass": ((object_pointer(NEW), NOW, None), None),
    "DeleteInstance": (("Demo_Setting='x'", NOW, None), None),
    "DeleteClass": (("Demo_New", NOW, None), None),
    "OpenNamespace": (("CIMV2", NOW, None, Cell(None)), "GetResultServices"),
}


def without_out(method: str) -> tuple[Any, ...]:
    """The arguments, without the flag, and NULL for the other out parameter."""
    return tuple(0 if each == NOW else None if each == Cell(None) else each for each in CALLS[method][0])


async def entered(made: Wmi, method: str) -> Services:
    services = await made.enter()
    assert await services.put(SETTING) == OK
    if method == "DeleteInstance":
        assert await services.put(SETTING.instance({"Name": "x"})) == OK
    if method == "DeleteClass":
        assert await services.put(NEW) == OK
    return await made.enter("root") if method == "OpenNamespace" else services


@pytest.mark.parametrize("method", CALLS)
async def test_the_getter_that_answers_and_the_others(method: str) -> None:
    async with wmi(Devices()) as made:
        services = await entered(made, method)
        result = await services.begun(method, *CALLS[method][0])
        assert await result.ask("GetCallStatus") == (OK, OK)
        for getter in GETTERS:
            for timeout in (INFINITE, 0, 5000):
                status, found = await result.ask(getter, timeout)
                if getter != CALLS[method][1]:
                    assert (status, found) == (INVALID_OPERATION, None)
                    continue
                assert status == OK
                if getter == "GetResultString":
                    assert found == 'Demo_Setting.Name="x"'
                elif getter == "GetResultObject":
                    assert pointed(found)["Reading" if method == "GetObject" else "ReturnValue"] in {1, 2}
                else:
                    inner = Services(services.client, standard(found).ipid)
                    assert (await inner.get("Demo_Device")).name == "Demo_Device"


@pytest.mark.parametrize("method", [each for each in CALLS if each not in {"OpenNamespace", "GetObject"}])
async def test_a_pointer_alone_asks_for_it(method: str) -> None:
    """ppCallResult delivers "regardless whether WBEM_FLAG_RETURN_IMMEDIATELY is set"."""
    async with wmi(Devices()) as made:
        services = await entered(made, method)
        arguments = [0 if each == NOW else each for each in CALLS[method][0]]
        result = await services.begun(method, *arguments)
        assert await result.ask("GetCallStatus") == (OK, OK)


async def test_get_object_answers_by_it_where_nothing_else_takes_the_object() -> None:
    async with wmi(Devices()) as made:
        services = await made.enter()
        result = await services.begun("GetObject", *without_out("GetObject"))
        assert (await result.ask("GetResultObject"))[0] == OK
        reply = await services.call("GetObject", "Demo_Device", 0, None, Cell(None), Cell(None))
        assert (reply.ppCallResult, reply.hresult) == (Cell(None), OK)
        assert pointed(reply.ppObject.value).name == "Demo_Device"


@pytest.mark.parametrize("method", CALLS)
async def test_the_flag_without_the_pointer(method: str) -> None:
    async with wmi(Devices()) as made:
        services = await entered(made, method)
        reply = await services.call(method, *CALLS[method][0], None)
        assert reply.hresult == WbemStatus.INVALID_PARAMETER


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("GetObject", ("Demo_Nothing", NOW, None, None)),
        ("DeleteClass", ("Demo_Nothing", NOW, None)),
        ("DeleteInstance", ("Demo_Setting='y'", NOW, None)),
        ("DeleteClass", ("Demo_Nothing", 0, None)),
    ],
)
async def test_a_call_that_failed(method: str, arguments: tuple[Any, ...]) -> None:
    """GetCallStatus: WBEM_S_NO_ERROR, and the failure in plStatus; each getter: what the synchronous call returns.

    Or the call could not start, and says so itself: both are allowed, and clients are ready for both.
    """
    async with wmi(Devices()) as made:
        services = await entered(made, method)
        reply = await services.call(method, *arguments, Cell(None))
        if reply.hresult:
            assert (reply.hresult, reply.ppCallResult) == (NOT_FOUND, Cell(None))
            return
        result = await services.begun(method, *arguments)
        assert await result.ask("GetCallStatus") == (OK, NOT_FOUND)
        for getter in GETTERS:
            assert await result.ask(getter) == (NOT_FOUND, None)


async def test_time_outs() -> None:
    """WBEM_S_TIMEDOUT with NULL, as often as one asks; 0 polls; then the result."""
    devices, loop = Devices(), asyncio.get_running_loop()
    async with wmi(devices) as made:
        services = await made.enter()
        result = await services.begun("ExecMethod", "Demo_Device", "Wait", NOW, None, None, None)
        began = loop.time()
        for timeout in (0, 0, 1000):
            assert await result.ask("GetCallStatus", timeout) == (TIMEDOUT, 0)
            for getter in GETTERS:
                assert await result.ask(getter, timeout) == (TIMEDOUT, None)
        assert loop.time() - began == pytest.approx(4, abs=0.1)
        waiting = asyncio.create_task(result.ask("GetResultObject"))
        await asyncio.sleep(100)
        assert not waiting.done()
        devices.gate.set()
        assert pointed((await waiting)[1]).ReturnValue == 7
        assert (await result.ask("GetResultObject", 0))[0] == OK


@pytest.mark.parametrize("timeout", [-2, -100])
async def test_what_is_no_time(timeout: int) -> None:
    async with wmi(Devices()) as made:
        result = await (await made.enter()).begun("ExecMethod", "Demo_Device", "Count", NOW, None, None, None)
        for getter in (*GETTERS, "GetCallStatus"):
            assert (await result.ask(getter, timeout))[0] == WbemStatus.INVALID_PARAMETER


async def test_what_was_begun_is_done_though_nobody_asks() -> None:
    devices = Devices()
    async with wmi(devices) as made:
        services = await made.enter()
        result = await services.begun("ExecMethod", "Demo_Device", "Wait", NOW, None, None, None)
        await result.release(made)
        gc.collect()
        with pytest.raises(Refused) as caught:
            await result.ask("GetCallStatus")
        assert caught.value.status == HResult.RPC_E_DISCONNECTED
        devices.gate.set()
        await asyncio.sleep(1)
        assert devices.waited == 1
        assert made.server._shared.allowances.results.open == {}


async def test_it_is_for_the_one_who_made_the_call() -> None:
    async with wmi(Devices()) as made:
        mine, yours = await made.enter(), await made.enter(user=YOU)
        result = await mine.begun("ExecMethod", "Demo_Device", "Count", NOW, None, None, None)
        result.client = yours.client
        assert await result.ask("GetCallStatus") == (WbemStatus.ACCESS_DENIED, 0)
        assert await result.ask("GetResultObject") == (WbemStatus.ACCESS_DENIED, None)


async def test_so_many_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CALL_RESULTS_PER_PRINCIPAL", 3)
    devices = Devices()
    arguments = ("Demo_Device", "Wait", NOW, None, None, None)
    async with wmi(devices) as made:
        services = await made.enter()
        results = [await services.begun("ExecMethod", *arguments) for _ in range(3)]
        reply = await services.call("ExecMethod", *arguments, Cell(None))
        assert (reply.ppCallResult, reply.hresult) == (Cell(None), WbemStatus.QUOTA_VIOLATION)
        await results.pop().release(made)  # the call itself runs on
        reply = await services.call("ExecMethod", *arguments, Cell(None))
        assert reply.hresult == WbemStatus.QUOTA_VIOLATION
        devices.gate.set()
        for each in results:
            assert (await each.ask("GetCallStatus")) == (OK, OK)
            await each.release(made)
        assert made.server._shared.allowances.results.open == {}
        # Those that have only a path or a status left do not count.
        assert await services.put(SETTING) == OK
        for _ in range(10):
            put = await services.begun("PutInstance", *CALLS["PutInstance"][0])
            assert await put.ask("GetCallStatus") == (OK, OK)


async def test_a_call_result_that_could_not_be_handed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    async with wmi(Devices()) as made:
        services = await made.enter()
        with monkeypatch.context() as patched:
            patched.setattr(limits, "EXPORTS_PER_PRINCIPAL", 0)
            reply = await services.call("ExecMethod", "Demo_Device", "Count", NOW, None, None, None, Cell(None))
        assert reply.ppCallResult == Cell(None)
        assert reply.hresult == HResult.E_OUTOFMEMORY
        assert made.server._shared.allowances.results.open == {}


async def test_a_call_that_did_not_start_takes_nothing() -> None:
    async with wmi(Devices()) as made:
        reply = await (await made.enter(user=YOU)).call("PutClass", object_pointer(SETTING), NOW, None, Cell(None))
        assert (reply.ppCallResult, reply.hresult) == (Cell(None), WbemStatus.ACCESS_DENIED)
        assert made.server._shared.allowances.results.open == {}


async def test_a_namespace_that_was_opened_outlives_the_call_result() -> None:
    async with wmi(Devices()) as made:
        root = await made.enter("root")
        result = await root.begun("OpenNamespace", "cimv2", NOW, None, None)
        first, second = [standard((await result.ask("GetResultServices"))[1]) for _ in range(2)]
        assert first == second
        await result.release(made)
        assert (await Services(root.client, first.ipid).get("Demo_Device")).name == "Demo_Device"
