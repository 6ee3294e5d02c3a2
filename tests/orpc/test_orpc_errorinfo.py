"""Error information: there and back, truncated, damaged."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openwmi.base.fault import RemoteProtocolError
from openwmi.base.guid import Guid
from openwmi.orpc import ErrorInfo, ObjRefCustom, StdObjRef, objref
from openwmi.orpc.errorinfo import CLSID_ErrorObject
from openwmi.orpc.held import HeldReferences

TEXTS = st.none() | st.text(st.characters(exclude_characters="\0", codec="utf-16-le"))
INFOS = st.builds(ErrorInfo, st.uuids(), TEXTS, TEXTS, TEXTS, st.integers(0, 0xFFFFFFFF))
IPID, OTHER = Guid("6d6d1f5a-6a0e-4a1c-9d3c-1b7c1c1d00bb"), Guid("6d6d1f5a-6a0e-4a1c-9d3c-1b7c1c1d00bc")


@pytest.mark.no_cover  # other tests show that each line is run
@given(INFOS)
def test_it_comes_back(info: ErrorInfo) -> None:
    assert ErrorInfo.decode(info.encode()) == info


@given(INFOS, st.data())
def test_damaged_it_is_refused_or_means_something(info: ErrorInfo, data: st.DataObject) -> None:
    octets = bytearray(info.encode())
    with pytest.raises(RemoteProtocolError):
        ErrorInfo.decode(bytes(octets[: data.draw(st.integers(0, len(octets) - 1))]))
    octets[data.draw(st.integers(0, len(octets) - 1))] ^= data.draw(st.integers(1, 255))
    with suppress(RemoteProtocolError):
        ErrorInfo.decode(bytes(octets))


def test_other_objects_are_left_to_who_knows_them() -> None:
    assert ErrorInfo.decode(objref.encode(ObjRefCustom(IPID, OTHER, b"anything"))) is None
    with pytest.raises(RemoteProtocolError, match="version 1"):
        ErrorInfo.decode(objref.encode(ObjRefCustom(IPID, CLSID_ErrorObject, b"\1\0\0\0" + bytes(40))))


def test_references_that_are_held() -> None:
    held = HeldReferences()
    assert held.add(StdObjRef(0, 5, 1, 2, IPID)) == 5
    assert held.add(StdObjRef(0, 1, 1, 2, IPID)) == 6
    assert held.add(StdObjRef(0x1000, 0, 1, 3, OTHER)) == 0
    held.added(OTHER, 5)
    assert (len(held), held.pinged) == (2, frozenset({2}))
    (gone,) = held.remove([IPID, IPID])
    assert (gone.ipid, gone.public, gone.private) == (IPID, 6, 0)
    assert held.remove([IPID]) == ()
    assert [each.public for each in held.clear()] == [5]
    assert (len(held), held.pinged) == (0, frozenset())
