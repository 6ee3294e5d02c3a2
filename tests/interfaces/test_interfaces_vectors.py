"""What Windows sent, in the clear: each message decodes to its last octet, and encodes to the same octets again."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import openwmi.interfaces
from openwmi.base import guid
from openwmi.interfaces import Call, Interface
from openwmi.ndr import NdrReader, NdrWriter, codec
from openwmi.orpc import OrpcThat, OrpcThis

VECTORS = Path(__file__).parents[2] / "../shared/vectors/orpc.jsonl"

BY_IID = {
    kind.iid: kind
    for kind in vars(openwmi.interfaces).values()
    if isinstance(kind, type) and issubclass(kind, Interface) and kind is not Interface
}

if not VECTORS.exists():
    pytest.skip(f"{VECTORS.name} with captured messages is not here", allow_module_level=True)


@cache
def messages() -> dict[str, dict[str, Any]]:
    """The complete messages in the clear, by id."""
    lines = VECTORS.read_text(encoding="utf-8").splitlines()
    return {line["id"]: line for line in map(json.loads, lines) if line["stub_hex"] is not None and line["complete"]}


def request_of(message: dict[str, Any]) -> dict[str, Any] | None:
    """The request that a response answers: the same connection and call id, before it."""
    before: dict[str, Any] | None = None
    for other in messages().values():
        if other["id"] == message["id"]:
            return before
        same = other["connection"] == message["connection"] and other["call_id"] == message["call_id"]
        if same and other["kind"] == "request":
            before = other
    return before


def call_of(message: dict[str, Any]) -> tuple[type[Interface], Call]:
    kind = BY_IID[guid.parse(message["iid"])]
    return kind, kind.calls[message["opnum"]]


def arguments_of(message: dict[str, Any]) -> tuple[Any, ...]:
    kind, call = call_of(message)
    reader = NdrReader(bytes.fromhex(message["stub_hex"]))
    if kind.orpc:
        codec(OrpcThis).decode(reader)
    return call.decode_request(reader)


@pytest.mark.parametrize("name", list(messages()))
def test_message(name: str) -> None:
    message = messages()[name]
    kind, call = call_of(message)
    stub = bytes.fromhex(message["stub_hex"])
    # a verification trailer stands behind the parameters of some requests, and is not theirs
    end = message.get("stub_len_without_trailer", len(stub)) - message.get("trailer_alignment_pad", 0)
    reader, writer = NdrReader(stub), NdrWriter()
    if message["kind"] == "request":
        if kind.orpc:
            codec(OrpcThis).encode(writer, codec(OrpcThis).decode(reader))
        call.encode_request(writer, call.decode_request(reader))
    else:
        request = request_of(message)
        arguments = None if request is None else arguments_of(request)
        if kind.orpc:
            codec(OrpcThat).encode(writer, codec(OrpcThat).decode(reader))
        reply = call.decode_reply(reader, arguments)
        call.encode_reply(writer, reply, arguments or ())
    assert reader.offset == end
    assert bytes(writer).hex(" ", 4) == stub[:end].hex(" ", 4)


def test_what_there_is() -> None:
    found = Counter((message["interface"], message["opnum"], message["kind"]) for message in messages().values())
    assert sum(found.values()) >= 200
    assert all(guid.parse(message["iid"]) in BY_IID for message in messages().values())
