"""Messages of several parts: whole, octet by octet, cut short, too long, wrong."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.base.limits import MIME_HEAD_OCTETS, MIME_PARTS
from openwmi.soap.mime import (
    MimeReader,
    PartEnded,
    PartHead,
    boundary_of,
    encode_end,
    encode_head,
    format_media_type,
    parse_media_type,
)

TYPE = 'multipart/related; type="application/xop+xml"; boundary="b"; start="<0@x>"'


def read(octets: bytes, step: int = 1 << 20, content_type: str = TYPE) -> list[tuple[PartHead, bytes]]:
    """The parts that are whole."""
    reader = MimeReader(parse_media_type(content_type))
    found: list[tuple[PartHead, bytes]] = []
    head, body = None, b""
    for at in range(0, len(octets), step):
        for event in reader.receive(octets[at : at + step]):
            if isinstance(event, PartHead):
                head, body = event, b""
            elif isinstance(event, PartEnded):
                assert head is not None
                found.append((head, body))
            else:
                assert event
                body += event
    if not reader.ended:
        reader.receive(b"")
    return found


def written(parts: list[bytes], boundary: str = "b") -> bytes:
    made = [encode_head(boundary, PartHead(f"{number}@x", "image/png")) + part for number, part in enumerate(parts)]
    return b"".join(made).removeprefix(b"\r\n") + encode_end(boundary)


PARTS = st.lists(
    st.lists(st.sampled_from([b"\r\n", b"--", b"b", b"\r", b"\n", b"--b", b"\r\n--b", b"x", b" "]), max_size=12)
    .map(b"".join)
    .filter(lambda part: not any(f in part + b"\r" for f in (b"\r\n--b\r\n", b"\r\n--b--", b"\r\n--b \r\n")))
    .filter(lambda part: b"\r\n--b" not in b"\r\n" + part),
    min_size=1,
    max_size=4,
)


@given(PARTS, st.integers(1, 40))
def test_there_and_back(parts: list[bytes], step: int) -> None:
    assert [body for _, body in read(written(parts), step)] == parts


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=4), st.integers(1, 400))
def test_any_octets_between_boundaries(parts: list[bytes], step: int) -> None:
    octets = written(parts, "openwmi-0123456789")
    found = read(octets, step, 'multipart/related; boundary="openwmi-0123456789"')
    assert [(head.content_id, body) for head, body in found] == [
        (f"{number}@x", part) for number, part in enumerate(parts)
    ]


WHOLE = written([b"<soap/>", b"\x00\r\n--bc\r\n\xff", b""])


@pytest.mark.parametrize("step", [1, 2, 3, 7, 1000])
def test_a_line_that_only_begins_like_a_boundary(step: int) -> None:
    assert [body for _, body in read(WHOLE, step)] == [b"<soap/>", b"\x00\r\n--bc\r\n\xff", b""]


@pytest.mark.parametrize("length", range(len(WHOLE) - 2))
def test_one_that_is_cut_short(length: int) -> None:
    with pytest.raises(RemoteProtocolError):
        read(WHOLE[:length])


def test_what_others_send() -> None:
    """A text before the first part, fields in any order and on two lines, white space after a boundary, and a text
    after the last part.
    """
    octets = (
        b"This is MIME.\r\n--b \t\r\ncontent-id:<0@x>\r\nX-Any: a\r\n\tb\r\nContent-Type: application/xop+xml;\r\n"
        b" charset=utf-8\r\n\r\n<soap/>\r\n--b\r\n\r\nplain\r\n--b--\r\nand so on"
    )
    for step in (1, 5, 1000):
        assert read(octets, step) == [
            (PartHead("0@x", "application/xop+xml; charset=utf-8"), b"<soap/>"),
            (PartHead(""), b"plain"),
        ]


@pytest.mark.parametrize(
    "octets",
    [
        b"--b--\r\n",
        b"x" * 2000 + b"\r\n--b\r\n\r\n--b--",
        b"--b\r\nContent-ID: <1@x>\r\n\r\n\r\n--b--",
        b"--b\r\nContent-ID: <0@x>\r\nContent-Transfer-Encoding: base64\r\n\r\n\r\n--b--",
        b"--b\r\nContent-ID: <0@x>\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n\r\n--b--",
        b"--b\r\nContent-ID: <0@x>\r\nContent-ID: <1@x>\r\n\r\n\r\n--b--",
        b"--b\r\nno field\r\n\r\n\r\n--b--",
        b"--b\r\n: nothing\r\n\r\n\r\n--b--",
        b"--b\r\nX: " + b"y" * MIME_HEAD_OCTETS + b"\r\n\r\n\r\n--b--",
        b"--b" + b" " * 100 + b"\r\n\r\n",
    ],
)
@pytest.mark.parametrize("step", [1, 100_000])
def test_what_is_refused(octets: bytes, step: int) -> None:
    with pytest.raises(RemoteProtocolError):
        read(octets, step)


def test_too_many_parts() -> None:
    with pytest.raises(RemoteProtocolError, match="more than"):
        read(written([b""] * (MIME_PARTS + 2)))


@given(st.binary(max_size=200), st.integers(1, 50))
def test_any_octets(octets: bytes, step: int) -> None:
    with contextlib.suppress(RemoteProtocolError):
        read(b"--b\r\nContent-ID: <0@x>\r\n\r\n" + octets, step)


def test_little_is_kept() -> None:
    reader = MimeReader(parse_media_type(TYPE))
    reader.receive(b"--b\r\nContent-ID: <0@x>\r\n\r\n")
    for _ in range(100):
        (piece,) = reader.receive(bytes(10_000))
        assert isinstance(piece, bytes)
        assert len(piece) >= 10_000 - len("\r\n--b")


@pytest.mark.parametrize(
    ("text", "essence", "parameters"),
    [
        ("text/plain", "text/plain", {}),
        (TYPE, "multipart/related", {"type": "application/xop+xml", "boundary": "b", "start": "<0@x>"}),
        (' A/B ; X=y ; Z="a;\\"b" ;', "a/b", {"x": "y", "z": 'a;"b'}),
    ],
)
def test_types_of_content(text: str, essence: str, parameters: dict[str, str]) -> None:
    parsed = parse_media_type(text)
    assert (parsed.essence, parsed.parameters) == (essence, parameters)


@pytest.mark.parametrize("text", ["", "text", "a/b; c", 'a/b; c="d', "a/b c/d"])
def test_what_is_no_type_of_content(text: str) -> None:
    with pytest.raises(RemoteProtocolError):
        parse_media_type(text)


@pytest.mark.parametrize(
    "text",
    [
        "multipart/related",
        'multipart/related; boundary=""',
        "text/plain; boundary=b",
        "multipart/related; boundary=" + "b" * 71,
    ],
)
def test_what_has_no_boundary(text: str) -> None:
    with pytest.raises(RemoteProtocolError):
        boundary_of(parse_media_type(text))


def test_ours_can_be_read() -> None:
    media_type = parse_media_type(format_media_type("openwmi-1", "envelope@openwmi-1"))
    assert boundary_of(media_type) == "openwmi-1"
    assert media_type.parameters["start"] == "<envelope@openwmi-1>"


@pytest.mark.parametrize(
    "head", [PartHead(""), PartHead("a b"), PartHead("a>"), PartHead("a", "x\r\ny"), PartHead("a", "")]
)
def test_heads_that_cannot_be(head: PartHead) -> None:
    with pytest.raises(LocalProtocolError):
        encode_head("b", head)
