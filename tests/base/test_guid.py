"""GUIDs: the packet form of [MS-DTYP] 2.3.4.2, and the text."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openwmi.base import guid
from openwmi.base.fault import RemoteProtocolError

CLSID_WBEM_LEVEL1_LOGIN = "8bc3f05e-d86b-11d0-a075-00c04fb68820"  # [MS-WMI] 1.9


def test_the_packet_form_is_mixed_endian() -> None:
    assert guid.encode(guid.parse(CLSID_WBEM_LEVEL1_LOGIN)).hex() == "5ef0c38b6bd8d011a07500c04fb68820"
    assert guid.encode(guid.NULL) == bytes(guid.SIZE)


@given(st.uuids())
def test_round_trips(value: UUID) -> None:
    assert guid.decode(guid.encode(value)) == value
    assert guid.parse(str(value)) == value
    assert guid.parse(f"{{{value}}}".upper()) == value


@given(st.binary(min_size=guid.SIZE, max_size=guid.SIZE))
def test_every_sixteen_octets_are_a_guid(octets: bytes) -> None:
    assert guid.encode(guid.decode(octets)) == octets


@pytest.mark.parametrize("length", [*range(guid.SIZE), guid.SIZE + 1])
def test_any_other_length_is_the_peers_fault(length: int) -> None:
    with pytest.raises(RemoteProtocolError, match=f"not {length}"):
        guid.decode(bytes(length))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        CLSID_WBEM_LEVEL1_LOGIN[:-1],
        CLSID_WBEM_LEVEL1_LOGIN + "0",
        CLSID_WBEM_LEVEL1_LOGIN + "\n",
        "{" + CLSID_WBEM_LEVEL1_LOGIN,
        CLSID_WBEM_LEVEL1_LOGIN + "}",
        CLSID_WBEM_LEVEL1_LOGIN.replace("-", ""),
        CLSID_WBEM_LEVEL1_LOGIN.replace("8b", "8_"),
        CLSID_WBEM_LEVEL1_LOGIN.replace("8b", "8g"),
        "urn:uuid:" + CLSID_WBEM_LEVEL1_LOGIN,
    ],
)
def test_what_is_not_a_guid(text: str) -> None:
    with pytest.raises(ValueError, match="not a GUID"):
        guid.parse(text)
