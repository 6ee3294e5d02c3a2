"""Events between us and sdc11073 (DPWS 1.1), over the loopback: its whole provider and its whole consumer, each as a
process of its own. Neither is looked for: each is told where the other one is.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import uuid4

import pytest
from tests.interop.link import OPENWMI, cable
from tests.interop.peer import PEERS, Peer, python_with

from openwmi.base.status import WbemStatus
from openwmi.net import Address
from openwmi.soap import DPWS_2009, QName
from openwmi.soap.eventing import EndStatus
from openwmi.wsd import (
    Computer,
    Ended,
    Endpoint,
    Host,
    Lease,
    Notification,
    Renewed,
    Service,
    StatusEvent,
    Subscription,
    SubscriptionEnded,
    metadata_at,
    subscribe,
)

SDC = "http://standards.ieee.org/downloads/11073/11073-20701-2018"
REPORT = f"{SDC}/StateEventService/EpisodicMetricReport"
STATE_EVENTS = QName(SDC, "StateEventService")

by_each = pytest.mark.parametrize("by", ["path", "parameters"])
"""By what the other end knows whose a message is: both are allowed."""


@asynccontextmanager
async def other(*arguments: str) -> AsyncIterator[Peer]:
    """One end of sdc11073's; see its program for what it can be told to do."""
    python, program = python_with("sdc11073"), str(PEERS / "wsd_sdc11073_events.py")
    process = await asyncio.create_subprocess_exec(
        python, program, *arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdin is not None
    try:
        yield Peer("sdc11073", process, 0)
    finally:
        process.stdin.close()
        if process.returncode is None:
            process.kill()
        await process.communicate()


VALUE = (
    '<m:EpisodicMetricReport xmlns:m="http://standards.ieee.org/downloads/11073/11073-10207-2017/message"'
    ' xmlns:p="http://standards.ieee.org/downloads/11073/11073-10207-2017/participant"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" MdibVersion="1" SequenceId="urn:uuid:0"><m:ReportPart>'
    '<m:MetricState xsi:type="p:NumericMetricState" DescriptorHandle="metric0"><p:MetricValue Value="{}">'
    '<p:MetricQuality Validity="Vld"/></p:MetricValue></m:MetricState></m:ReportPart></m:EpisodicMetricReport>'
)


async def said(peer: Peer, what: str, **arguments: object) -> object:
    return (await peer.do(what, **arguments))["said"]


@asynccontextmanager
async def their_device(by: str) -> AsyncIterator[tuple[Peer, Endpoint]]:
    """Their device, and the service of it that tells events."""
    async with other("provide", str(uuid4()), by) as device:
        (where,) = (await device.do("where"))["said"]
        async with Endpoint(f"{where}/StateEvent", profile=DPWS_2009) as service:
            yield device, service


async def values(events: Subscription[Notification], count: int) -> list[str | None]:
    """Of the metric, in the next so many events."""
    found = []
    async for event in events:
        assert event.body is not None
        (value,) = event.body.iter("{*}MetricValue")
        found.append(value.get("Value"))
        if len(found) == count:
            break
    return found


def seconds(lease: Lease) -> float:
    """How long it lasts, as its source says."""
    assert isinstance(lease.expires, timedelta)
    return lease.expires.total_seconds()


# ---------------------------------------------------------------------------------------------------------- our client


@by_each
async def test_our_client_hears_what_their_device_tells(by: str) -> None:
    heard: list[StatusEvent] = []
    async with their_device(by) as (device, service):
        events = subscribe(service, [REPORT], expires=timedelta(seconds=2), on_status=heard.append)
        await events.started()
        await said(device, "change", values=["1", "2.5", "3"])
        assert await values(events, 3) == ["1", "2.5", "3"]
        await asyncio.sleep(2.5)  # more than it was given
        assert {type(each) for each in heard} == {Renewed}
        assert len(heard) >= 2
        (left,) = (await device.do("subscribed"))["said"]
        assert 0 < left <= 2
        assert 9 < seconds(await events.renew(timedelta(seconds=10))) <= 10
        assert 8 < seconds(await events.get_status()) <= 10
        await events.unsubscribe()
        assert await said(device, "subscribed") == []
        await said(device, "change", values=["4"])
        assert [each async for each in events] == []


async def test_what_their_service_says_of_itself() -> None:
    """It answers GetMetadata, and not Get."""
    async with their_device("path") as (_, service):
        said = await metadata_at(service.url, profiles=(DPWS_2009,))
    assert [STATE_EVENTS in each.types for each in said.hosted] == [True]


async def test_our_subscription_ends_when_its_time_is_over() -> None:
    async with their_device("path") as (device, service):
        async with subscribe(service, [REPORT], expires=timedelta(seconds=2), renew=False) as events:
            await events.started()
            assert len((await device.do("subscribed"))["said"]) == 1
            assert [each async for each in events] == []
        await asyncio.sleep(0.2)  # it counts from a moment later
        assert await said(device, "subscribed") == []


@by_each
async def test_their_device_says_that_it_ends(by: str) -> None:
    heard: list[StatusEvent] = []
    async with their_device(by) as (device, service):
        events = subscribe(service, [REPORT], on_status=heard.append)
        await events.started()
        assert events.lease is not None
        assert 14 < seconds(events.lease) <= 15, "it grants no more"
        await said(device, "change", values=["1"])
        ending = asyncio.ensure_future(said(device, "stop"))
        assert await values(events, 1) == ["1"]
        with pytest.raises(SubscriptionEnded) as caught:
            await values(events, 1)
        await ending
    assert caught.value.status == WbemStatus.SHUTTING_DOWN
    assert caught.value.end is not None
    assert caught.value.end.status == EndStatus.SOURCE_SHUTTING_DOWN
    assert [type(each) for each in heard] == [Ended]


async def test_our_command_prints_what_their_device_tells() -> None:
    async with their_device("path") as (device, service):
        command = (*OPENWMI, "wsd", "watch", service.url, REPORT, "--dpws", "1.1")
        process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while not (await device.do("subscribed"))["said"]:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.05)
        await said(device, "change", values=["1", "2"])
        assert process.stdout is not None
        rows = [json.loads(await process.stdout.readline()) for _ in range(2)]
        await said(device, "stop")
        _, errors = await asyncio.wait_for(process.communicate(), 20)
    assert [each["Action"] for each in rows] == [REPORT, REPORT]
    assert [each["Body"].count('Value="2"') for each in rows] == [0, 1]
    assert (process.returncode, b"SourceShuttingDown" in errors) == (1, True)


# ---------------------------------------------------------------------------------------------------------- our device


@asynccontextmanager
async def their_client(by: str) -> AsyncIterator[tuple[Peer, Host, Service]]:
    """A device of ours, and their client of it, which has subscribed."""
    address = uuid4().urn
    service = Service("StateEvent", types=(STATE_EVENTS,), events=(REPORT,))
    host = Host(
        address,
        Computer("pump").metadata(address),
        instance=1,
        listen=Address("127.0.0.1", 0),
        interfaces=("lo",),
        profiles=(DPWS_2009,),
        services=[service],
    )
    async with host, other("consume", f"http://{host.where}/{address.removeprefix('urn:uuid:')}", by) as client:
        assert await said(client, "start") == 1, "it subscribes to thirteen actions, of which ours has one"
        yield client, host, service


async def tell(service: Service, *values: str) -> None:
    for value in values:
        await service.signal(REPORT, VALUE.format(value).encode())


@by_each
async def test_their_client_hears_what_our_device_tells(by: str) -> None:
    async with their_client(by) as (client, _, service):
        await tell(service, "1", "2.5", "3")
        assert await said(client, "heard_of", count=3) == ["1", "2.5", "3"]
        assert await said(client, "renew", seconds=10) == [10.0]
        (left,) = (await client.do("status"))["said"]
        assert 8 < left <= 10
        await said(client, "unsubscribe")
        await tell(service, "4")
        assert await said(client, "heard_of", count=0) == ["1", "2.5", "3"]


async def test_their_subscription_ends_when_its_time_is_over() -> None:
    async with their_client("path") as (client, _, service):
        assert await said(client, "renew", seconds=2) == [2.0]
        await tell(service, "1")
        await asyncio.sleep(2.1)
        await tell(service, "2")
        assert await said(client, "status") == [0.0], "which is how it says that ours does not know it any more"
        assert await said(client, "heard_of", count=1) == ["1"]


@by_each
async def test_our_device_says_that_it_ends(by: str) -> None:
    async with their_client(by) as (client, host, service):
        await tell(service, "1")
        await host.stop()
        assert await said(client, "heard_of", count=2) == [
            "1",
            f"{EndStatus.SOURCE_SHUTTING_DOWN}: The device is shutting down.",
        ]


# ------------------------------------------------------------------------------------------------ ours among themselves

TIDE = """
import asyncio, sys
from openwmi.soap import QName
from openwmi.wsd import Computer, Host, Service

async def main(address):
    tide = Service("tide", types=(QName("urn:tide", "Tide"),), events=("urn:tide:Risen",))
    async with Host(address, Computer("tide").metadata(address), instance=1, services=[tide]):
        print("it is there", flush=True)
        while not len(tide.source):
            await asyncio.sleep(0.05)
        await tide.signal("urn:tide:Risen", b"<t:Risen xmlns:t='urn:tide'>high</t:Risen>")
        while len(tide.source):
            await asyncio.sleep(0.05)
        print("nobody listens any more", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)

asyncio.run(main(sys.argv[1]))
"""


async def test_a_device_is_found_and_told_where_events_go() -> None:
    """From another machine, by nothing but its address; the events come back by the way that was asked."""
    with cable() as (here, there):
        address = uuid4().urn
        async with here.running(sys.executable, "-c", TIDE, address) as device:
            await device.until("it is there")
            row = json.loads(there.run(*OPENWMI, "wsd", "watch", address, "--count", "1"))
            await device.until("nobody listens any more")
    assert row == {"Action": "urn:tide:Risen", "Body": '<t:Risen xmlns:t="urn:tide">high</t:Risen>'}
