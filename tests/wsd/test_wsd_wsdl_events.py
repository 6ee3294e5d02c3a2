"""Events of a contract, as its clients hear them: Microsoft's FileServiceSecure, and generated modules."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.wsd import kinds
from tests.wsd.contracts import generated, load, sample
from tests.wsd.sources import Source

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.wsd import load_wsdl
from openwmi.wsd.wsdl.contract import PortType

CHANGED = "http://www.example.com/ncd/FileServiceSecure/FileChangeEvent"


def encoded(contract: PortType, name: str, value: Any) -> bytes:
    codec = contract.events[name].output
    assert codec is not None
    return codec.encode(value)


@pytest.mark.parametrize("made", [False, True])
async def test_an_event_of_microsofts_contract(source: Source, made: bool, tmp_path: Path) -> None:
    wsdl = load_wsdl(sample("FileServiceSecure.wsdl"))
    contract = wsdl.port_types["FileServiceSecure"]
    told: list[Any] = []
    how: Any = {"at": source.receiver, "on_status": told.append}
    if made:
        module = generated(wsdl, tmp_path, "openwmi_files_events")
        changed, kind = module.FileChangeEvent, module.FileChangeEventType
        contract = module.FileServiceSecure.contract_
        events = module.FileServiceSecure(source.endpoint()).SubscribeToFileChangeEvent(**how)
    else:
        changed, kind = wsdl.type("FileChangeEvent"), wsdl.type("FileChangeEventType")
        events = wsdl.proxy("FileServiceSecure", source.endpoint()).subscribe("FileChangeEvent", **how)
    value = changed(FileName="a.txt", EventType=next(iter(kind)))
    async with events:
        await events.started()
        assert source.subscribes[0].actions == (CHANGED,)
        assert await source.tell(encoded(contract, "FileChangeEvent", value), CHANGED) == (202, None)
        assert await anext(events) == value
        status, fault = await source.tell(b'<x:Other xmlns:x="urn:x"/>', CHANGED)
        assert (status, fault is not None) == (400, True)
        status, _ = await source.tell(encoded(contract, "FileChangeEvent", value), f"{CHANGED}/Other")
        assert status == 400, "an event that the contract does not have"
        await events.renew(timedelta(seconds=5))
    assert told == []


async def test_several_events_come_as_their_messages(source: Source) -> None:
    proxy = kinds.Shape_(source.endpoint())
    actions = {name: event.output_action for name, event in kinds.SHAPE_.events.items()}
    async with proxy.subscribe_(at=source.receiver) as events:
        await events.started()
        assert source.subscribes[0].actions == tuple(actions.values())
        assert (await source.tell(encoded(kinds.SHAPE_, "Wanted", "word"), actions["Wanted"] or ""))[0] == 202
        assert await events.next() == ["word"]
    async with proxy.SubscribeToWanted(at=source.receiver) as wanted:
        await wanted.started()
        assert source.subscribes[1].actions == (actions["Wanted"],)


async def test_an_event_that_there_is_not(source: Source) -> None:
    proxy = kinds.Shape_(source.endpoint())
    with pytest.raises(WbemError, match="it has Happened, Wanted") as caught:
        proxy.subscribe_("Nothing", at=source.receiver)
    assert caught.value.status == WbemStatus.NOT_FOUND
    faked: Any = object()
    with pytest.raises(WbemError, match="an Endpoint"):
        kinds.Shape_(faked).subscribe_("Wanted")


async def test_an_operation_may_be_called_like_a_method_of_ours(source: Source, tmp_path: Path) -> None:
    port = (
        '<portType name="Port"><operation name="subscribe"><input message="t:In"/></operation>'
        '<operation name="SubscribeToIt"><input message="t:In"/></operation>'
        '<operation name="It"><output message="t:Out"/></operation></portType>'
    )
    wsdl = load(tmp_path, '<xs:element name="Root" type="xs:string"/>', port_type=port)
    await wsdl.proxy("Port", source.endpoint()).subscribe("word")
    assert source.asked[-1][1].headers.action == "urn:t:Port:subscribe"
    async with wsdl.proxy("Port", source.endpoint()).subscribe_("It", at=source.receiver) as events:
        await events.started()
    module = generated(wsdl, tmp_path, "openwmi_called_alike")
    async with module.Port(source.endpoint()).SubscribeToIt_(at=source.receiver) as events:
        await events.started()
