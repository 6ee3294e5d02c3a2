"""Machines of state on a link that loses, doubles, delays and swaps, with clocks that jump: a thousand seeds."""

from __future__ import annotations

import tracemalloc
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wsd.world import PRINTER, SCANNER, Node, World, came, device, interface, message, read, sent, urn

from openwmi.base.limits import DISCOVERY_AMPLIFICATION, SOAP_FRAME_OCTETS
from openwmi.net.datagram import Endpoint
from openwmi.soap import DPWS_2006
from openwmi.wsd import Client, Found, Gone, Target
from openwmi.wsd.messages import Bye, Content, Description, Hello, Probe, ProbeMatches, Resolve

SEEDS = 1000
PART = 50
DEVICES = 4


def _world(chance: Random, loss: float, doubled: float, delay: float) -> tuple[World, Client, list[Node]]:
    world = World(chance, loss=loss, doubled=doubled, delay=delay)
    client = Client(chance, (DPWS_2006,))
    world.add(client, "10.0.0.1")
    targets = []
    for number in range(DEVICES):
        types = (PRINTER,) if number % 2 else (SCANNER,)
        target = Target(device(number, types=types), instance_id=1 + number, chance=chance)
        node = world.add(target, f"10.0.1.{number + 1}")
        node.ahead = chance.uniform(0, 1e6)
        targets.append(node)
    return world, client, targets


def _start(node: Node, world: World) -> None:
    assert isinstance(node.machine, Target)
    node.machine.start([node.interface], world.now + node.ahead)


def _balanced(targets: list[Node]) -> bool:
    return all(
        octets <= DISCOVERY_AMPLIFICATION * node.octets_in.get(host, 0)
        for node in targets
        for host, octets in node.octets_out.items()
    )


@pytest.mark.no_cover  # other tests show that each line is run
@pytest.mark.parametrize("part", range(SEEDS // PART))
def test_a_bad_link(part: int) -> None:
    """Whatever is lost: nothing fails, nothing is found twice or wrongly, and nobody is sent too much."""
    complete = 0
    for seed in range(part * PART, part * PART + PART):
        chance = Random(seed)
        loss = chance.choice((0.0, 0.1, 0.3))
        world, client, targets = _world(chance, loss, chance.choice((0.0, 0.3)), chance.choice((0.001, 0.3)))
        for node in targets:
            _start(node, world)
        world.run(chance.uniform(0, 2))
        wanted = chance.choice((PRINTER, SCANNER))
        search = client.probe([world.nodes[0].interface], world.now, types=(wanted,))
        for _ in range(3):
            world.run(world.now + chance.uniform(0, 2))
            unlucky = chance.choice(targets)
            unlucky.ahead += chance.choice((-500.0, -0.3, 0.3, 5.0, 86_400.0))
        world.run(world.now + 2e3)
        found = [each.address for each in search.take()]
        meant = [urn(number) for number in range(DEVICES) if (number % 2 == 1) == (wanted == PRINTER)]
        assert len(found) == len(set(found)), seed
        assert set(found) <= set(meant), seed
        assert _balanced(targets), seed
        assert all(node.machine.deadline() is None for node in world.nodes), seed
        complete += set(found) == set(meant)
    assert complete >= 0.75 * PART


@pytest.mark.no_cover  # other tests show that each line is run
@pytest.mark.parametrize("part", range(5))
def test_a_link_that_only_swaps_and_doubles(part: int) -> None:
    """Nothing is lost: then each device is found, and the last word of each is what is known of it."""
    for seed in range(part * PART, part * PART + PART):
        chance = Random(seed)
        world, client, targets = _world(chance, 0.0, 0.3, 1.0)
        for node in targets:
            _start(node, world)
        search = client.probe([world.nodes[0].interface], world.now)
        changed, gone = chance.sample(targets, 2)
        world.run(chance.uniform(0, 4))
        assert isinstance(changed.machine, Target)
        assert isinstance(gone.machine, Target)
        for scope in ("urn:a", "urn:b"):
            changed.machine.update(
                device(int(changed.endpoint.host[-1]) - 1, scopes=(scope,)), world.now + changed.ahead
            )
            world.run(world.now + chance.uniform(0, 0.5))
        gone.machine.stop(world.now + gone.ahead)
        world.run(100.0)
        found = {each.address for each in search.take()}
        assert found | {gone.machine.device.address} == {urn(number) for number in range(DEVICES)}, seed
        events = world.nodes[0].events
        last = {each.device.address: each for each in events}
        assert last[changed.machine.device.address].device.scopes == ("urn:b",), seed
        overtaken = gone.machine.device.address not in last  # its Bye came before all else that it had said
        assert overtaken or isinstance(last[gone.machine.device.address], Gone), seed
        assert sum(isinstance(each, Found) for each in events) == DEVICES - overtaken, seed


def _answer(number: int, name: str) -> bytes:
    xaddr = f"http://10.1.{number >> 8}.{number & 255}:5357/{urn(number)}"
    match = Description(urn(number), (DPWS_2006.device_type, PRINTER), ("http://example.org/a",), (xaddr,), 1)
    return message(ProbeMatches((match,)), f"urn:answer:{number}", relates_to=name, reply_to=None)


@pytest.mark.no_cover  # other tests show that each line is run
def test_ten_thousand_devices_answer_one_probe() -> None:
    """All are found, and the ten-thousandth costs as much memory as the first ones."""
    client = Client(Random(1))
    link = interface("10.0.0.1/8")
    search = client.probe([link], 0.0)
    name = read(client.due(0.0)[0]).headers.message_id
    answers = [_answer(number, name) for number in range(10_000)]
    found = 0
    held = [0]
    tracemalloc.start(1)
    for number, data in enumerate(answers, 1):
        source = Endpoint(f"10.1.{number >> 8}.{number & 255}", 3702)
        client.receive(came(data, source, by=link, multicast=False), 1.0)
        if number % 5000 == 0:
            found += len(search.take())
            held.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert found == len(client) == 10_000
    first, second = held[1], held[2] - held[1]
    assert second < 5000 * 2048
    assert second < 1.2 * first


QUESTIONS: list[Content] = [Probe((PRINTER,), ("http://example.org/floor1",)), Resolve(urn(1)), Probe()]
SAID: list[Content] = [
    Hello(Description(urn(1), (PRINTER,), ("urn:s",), ("http://192.0.2.7/",), 1)),
    Bye(Description(urn(1))),
    ProbeMatches((Description(urn(1), (PRINTER,), (), (), 1),)),
]
# What a stranger may write anywhere: markup, long words, letters of several octets, the names of everything.
STRANGE = st.one_of(
    st.binary(max_size=8),
    st.sampled_from(
        [b"<a>", b"</a>", b"<a/>", b'"', b"&#9731;", b"&lt;", b" ", b"\xc3\xa9" * 1500, b"9" * 3000, b"%00", b":"]
    ),
)


@pytest.mark.no_cover  # other tests show that each line is run
@settings(max_examples=300)
@given(st.sampled_from(QUESTIONS + SAID), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), STRANGE), max_size=4))
def test_no_octets_make_a_machine_fail(content: Content, changes: list[tuple[float, int, bytes]]) -> None:
    target = Target(device(), instance_id=1, chance=Random(1))
    client = Client(Random(2), (DPWS_2006,))
    target.start([interface()], 0.0)
    search = client.probe([interface()], 0.0)
    name = read(client.due(0.0)[0]).headers.message_id
    data = message(content, "urn:uuid:1", relates_to=name)
    for where, length, strange in changes:
        at = int(where * len(data))
        data = data[:at] + strange + data[at + length :]
    for machine in (target, client):
        for now in (1.0, 1.1, 1.2):
            machine.receive(came(data), now)
        assert all(len(each.data) <= SOAP_FRAME_OCTETS for _, each in sent(machine, 100.0))
    assert len(search.take()) <= 1
