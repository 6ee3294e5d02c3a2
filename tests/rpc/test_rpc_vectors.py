"""What real Windows sent: set-up PDUs decode and are written again as they were, conversations are accepted."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from openwmi.base.guid import Guid
from openwmi.rpc import (
    AuthLevel,
    AuthType,
    ConnectionClosed,
    RequestReceived,
    Role,
    RpcAssociation,
    SyntaxId,
    TokenNeeded,
    check_trailer,
    find_trailer,
    pdu,
)
from openwmi.rpc.bind import AlterContextResp, Bind, BindAck
from openwmi.rpc.call import Auth3, Request, Response
from openwmi.rpc.header import Verifier

Vector = dict[str, Any]


def load(shared: Path, name: str) -> list[Vector]:
    return [json.loads(line) for line in (shared / "vectors" / name).read_text().splitlines()]


def whole(vector: Vector) -> bytes:
    """The PDU with zeros where the token was taken out."""
    octets = bytes.fromhex(vector["pdu_hex"])
    return octets + bytes(vector["frag_len"] - len(octets))


def without_junk(octets: bytes, message: pdu.Pdu) -> bytes:
    """The same with zeros where Windows leaves octets as they happen to be."""
    if isinstance(message, Auth3):
        return octets[:16] + bytes(4) + octets[20:]
    if isinstance(message, BindAck):
        end = 26 + int.from_bytes(octets[24:26], "little")
        return octets[:end] + bytes(-end % 4) + octets[end + -end % 4 :]
    return octets


def test_set_up_pdus_decode_and_are_written_again(shared: Path) -> None:
    kinds: Counter[str] = Counter()
    for vector in load(shared, "binds.jsonl"):
        octets = whole(vector)
        message = pdu.decode(octets)
        kinds[vector["kind"]] += 1
        assert type(message).__name__.lower() == vector["kind"].replace("_", "")
        assert message.call_id == vector["call_id"]
        assert int(message.flags) == vector["pfc_flags"]
        if vector["auth"]:
            assert message.auth is not None
            assert (message.auth.type, message.auth.level) == (vector["auth"]["type"], vector["auth"]["level"])
            assert message.auth.context_id == vector["auth"]["context_id"]
        if isinstance(message, Bind):
            shown = [(c.context_id, str(c.abstract.uuid), c.transfers[0].major) for c in message.contexts]
            assert shown == [
                (c["context_id"], c["iid"], int(c["transfer"][0].split(" v")[1][0])) for c in vector["contexts"]
            ]
        if isinstance(message, BindAck) and not isinstance(message, AlterContextResp):
            assert message.address == vector["sec_addr"]
        assert pdu.encode(message) == without_junk(octets, message)
    assert kinds == {"alter_context": 56, "alter_context_resp": 55, "bind": 23, "bind_ack": 23, "auth3": 2}


def test_requests_and_responses_in_clear_are_written_as_they_were_described(shared: Path) -> None:
    count = 0
    for vector in load(shared, "orpc.jsonl"):
        if vector["encrypted"]:
            continue
        message, octets = rebuilt(vector)
        count += 1
        assert len(octets) == vector["fragments"][0]["frag_len"]
        assert pdu.decode(octets) == message
    assert count == 200


def rebuilt(vector: Vector) -> tuple[Request | Response, bytes]:
    """A message as it was on the wire, its signature included. All in clear are of one fragment."""
    (fragment,) = vector["fragments"]
    auth = vector["auth"]
    verifier = None
    if auth:
        value = bytes.fromhex(auth["value_hex"])
        verifier = Verifier(auth["type"], auth["level"], auth["context_id"], value, auth["pad_len"])
    stub, flags = bytes.fromhex(vector["stub_hex"]), int(vector["pfc_flags_first"])
    number, context_id, hint = vector["call_id"], vector["context_id"], fragment["alloc_hint"]
    message: Request | Response
    if vector["kind"] == "request":
        ipid = Guid(vector["object_ipid"]) if vector["object_ipid"] else None
        message = Request(number, context_id, vector["opnum"], stub, ipid, hint, verifier, flags)
    else:
        message = Response(number, context_id, stub, 0, hint, verifier, flags)
    octets = bytearray(pdu.encode(message))
    if verifier is not None:
        # encode aligns to 4, Windows to 16: put the padding of the capture in.
        at = len(octets) - len(verifier.value) - 8
        missing = verifier.pad_length - octets[at + 2]
        octets[at + 2] = verifier.pad_length
        octets[at:at] = bytes(missing)
        octets[8:10] = len(octets).to_bytes(2, "little")
    return message, bytes(octets)


class Anything:
    """Every interface, and every signature, is fine."""

    principal = "DOM\\somebody"
    impersonation = 3

    def __contains__(self, _: object) -> bool:
        return True

    def signature_size(self, *, sealed: bool) -> int:
        return 16

    def sign(self, pdu: bytes, start: int, end: int, *, sign_header: bool) -> bytes:
        return bytes(16)

    def seal(self, pdu: bytes, start: int, end: int, *, sign_header: bool) -> tuple[bytes, bytes]:
        return pdu[start:end], bytes(16)

    def verify(self, pdu: bytes, start: int, end: int, token: bytes, *, sign_header: bool) -> None:
        assert len(token) in {16, 28}

    def unseal(self, pdu: bytes, start: int, end: int, token: bytes, *, sign_header: bool) -> bytes:
        raise AssertionError("encrypted calls are left out")


def conversations(shared: Path) -> dict[str, list[Vector]]:
    """What clients sent, by connection, in order."""
    found: dict[str, list[Vector]] = defaultdict(list)
    for vector in load(shared, "binds.jsonl") + load(shared, "orpc.jsonl"):
        if vector["direction"] == "client->server" and not vector.get("encrypted"):
            found[vector["connection"]].append(vector)
    return {name: sorted(vectors, key=lambda vector: vector["frames"][0]) for name, vectors in found.items()}


def replay(vectors: list[Vector]) -> tuple[list[RequestReceived], list[pdu.Pdu]]:
    """Requests that came out, and what was answered. A login is complete with the leg after which Windows used it."""
    legs = Counter(v["auth"]["context_id"] for v in vectors if "pdu_hex" in v and v["auth"])
    association = RpcAssociation(
        Role.SERVER, interfaces=Anything(), auth_types={AuthType.NEGOTIATE, AuthType.WINNT}, endpoint="135"
    )
    if vectors[0]["kind"] != "bind":
        pytest.fail("a connection that does not begin with a bind")
    requests: list[RequestReceived] = []
    answers: list[pdu.Pdu] = []
    for vector in vectors:
        octets = bytearray(whole(vector) if "pdu_hex" in vector else rebuilt(vector)[1])
        if vector["kind"] == "bind":
            octets[20:24] = bytes(4)  # groups are of the server that was recorded
        association.receive(bytes(octets))
        while (event := association.next_event()) is not None:
            assert not isinstance(event, ConnectionClosed)
            if isinstance(event, TokenNeeded):
                legs[event.auth_context_id] -= 1
                context = None if legs[event.auth_context_id] else Anything()
                association.accept_token(event.auth_context_id, b"token", context)
            elif isinstance(event, RequestReceived):
                requests.append(event)
                association.send_response(event.call_id, b"answer")
        out = association.data_to_send()
        while out:
            length = int.from_bytes(out[8:10], "little")
            answers.append(pdu.decode(out[:length]))
            out = out[length:]
    return requests, answers


def test_conversations_are_accepted_and_answered_in_kind(shared: Path) -> None:
    expected = {"bind": "BindAck", "alter_context": "AlterContextResp", "request": "Response"}
    requests_seen = 0
    for name, vectors in conversations(shared).items():
        if vectors[0]["kind"] != "bind":
            continue  # recorded from the middle
        requests, answers = replay(vectors)
        kinds = [expected[vector["kind"]] for vector in vectors if vector["kind"] in expected]
        assert [type(answer).__name__ for answer in answers] == kinds, name
        sent = [vector for vector in vectors if vector["kind"] == "request"]
        requests_seen += len(sent)
        for request, vector in zip(requests, sent, strict=True):
            assert request.interface == SyntaxId(Guid(vector["iid"])), vector["id"]
            assert (request.call_id, request.opnum) == (vector["call_id"], vector["opnum"])
            assert str(request.object) == str(vector["object_ipid"])
            assert request.stub == bytes.fromhex(vector["stub_hex"])
            if vector["auth"]:
                assert request.level == AuthLevel(vector["auth"]["level"])
    assert requests_seen > 50


def test_verification_trailers_of_windows(shared: Path) -> None:
    found = 0
    for vector in load(shared, "orpc.jsonl"):
        if vector["encrypted"] or vector["kind"] != "request":
            continue
        stub = bytes.fromhex(vector["stub_hex"])
        expected = vector.get("verification_trailer")
        trailer = find_trailer(stub, vector.get("stub_len_without_trailer", 0) if expected else 0)
        assert (trailer is not None) is bool(expected), vector["id"]
        if trailer is None:
            continue
        found += 1
        at = vector["stub_len_without_trailer"]
        assert trailer.encode() == stub[at:]
        interface = SyntaxId(Guid(vector["iid"]))
        request = RequestReceived(
            vector["call_id"], vector["context_id"], interface, vector["opnum"], None, stub, AuthLevel.PKT, "me", 0
        )
        check_trailer(request, at, header_signing=True)
    assert found == 5
