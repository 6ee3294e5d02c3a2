"""Octets beside an envelope, and the element that stands for them in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openwmi.base.fault import RemoteProtocolError
from openwmi.soap import DPWS_2006, Include, Writer, included
from openwmi.soap.markup import parse_xml
from openwmi.soap.xop import content_id_of, href_of

XOP = 'xmlns:xop="http://www.w3.org/2004/08/xop/include"'


@given(st.text("abcXYZ019@.%/+ _\u00e9", min_size=1, max_size=20))
def test_there_and_back(content_id: str) -> None:
    assert content_id_of(href_of(content_id)) == content_id
    writer = Writer(DPWS_2006)
    Include(content_id).format(writer)
    assert included(parse_xml(writer.document("urn:x", "File"))) == content_id


def test_an_element_that_holds_its_octets_itself() -> None:
    assert included(parse_xml(b"<x>aGVsbG8=</x>")) is None


@pytest.mark.parametrize(
    "inside",
    [
        '<xop:Include href="cid:a"/><xop:Include href="cid:b"/>',
        'text<xop:Include href="cid:a"/>',
        '<xop:Include href="cid:a"/>text',
        '<xop:Include href="http://192.0.2.66/"/>',
        '<xop:Include href="cid:"/>',
        "<xop:Include/>",
    ],
)
def test_what_is_refused(inside: str) -> None:
    with pytest.raises(RemoteProtocolError):
        included(parse_xml(f"<x {XOP}>{inside}</x>".encode()))
