"""What a caller says by name, IWbemContext: it reaches the provider, and what is none costs the call alone."""

from __future__ import annotations

from struct import pack
from typing import Any
from uuid import UUID

import pytest
from tests.dcom.fakes import standard
from tests.server.fakes import ALL, SEMISYNC, Enumerator, Services, Things, things, wmi

from openwmi.base import limits
from openwmi.base.status import WbemStatus
from openwmi.interfaces import IWbemServices
from openwmi.model import CimInstance, ObjectPath
from openwmi.orpc import ObjRefCustom, objref
from openwmi.orpc.wellknown import CLSID_WbemClassObject, CLSID_WbemContext, IID_IWbemContext
from openwmi.wmio import encode_context, encode_object

VALUES: dict[str, Any] = {
    "__ProviderArchitecture": 64,
    "__RequiredArchitecture": True,
    "__CorrelationId": "{4F5A0B65-5B0C-4B2C-8C7D-9D5D0F3A9C11}",
    "Names": ("one", "два"),
    "Nothing": None,
}


def pointer(octets: bytes, clsid: UUID = CLSID_WbemContext) -> bytes:
    """A context as it is custom marshaled."""
    return objref.encode(ObjRefCustom(IID_IWbemContext, clsid, octets))


async def ask(services: Services, context: bytes | None, flags: int = SEMISYNC) -> Any:
    return await services.client.call(IWbemServices, "ExecQuery", "WQL", ALL, flags, context, target=services.ipid)


@pytest.mark.parametrize("flags", [0, SEMISYNC])
async def test_it_reaches_the_provider(flags: int) -> None:
    provider = Things(things(1))
    async with wmi(provider) as made:
        services = await made.enter()
        reply = await ask(services, pointer(encode_context(VALUES)), flags)
        assert reply.hresult == 0
        assert await Enumerator(services.client, standard(reply.ppEnum).ipid).next() == ([1], WbemStatus.FALSE)
    values = provider.calls[0].context.values
    assert dict(values) == VALUES
    assert values["__correlationID"] == VALUES["__CorrelationId"]


async def test_an_object_in_it_is_an_object() -> None:
    provider = Things(things(1))
    thing = provider.cim_class.instance({"Name": "a", "Size": 7})
    async with wmi(provider) as made:
        services = await made.enter()
        reply = await ask(services, pointer(encode_context({"Thing": thing})), 0)
        assert reply.hresult == 0
    found = provider.calls[0].context.values["Thing"]
    assert isinstance(found, CimInstance)
    assert found.path_ == ObjectPath.parse(r"root\cimv2:Demo_Thing.Name='a'")


async def test_none_is_none() -> None:
    provider = Things(things(1))
    async with wmi(provider) as made:
        assert (await ask(await made.enter(), None, 0)).hresult == 0
    assert dict(provider.calls[0].context.values) == {}


VT_I4, VT_I8 = 3, 20
WHOLE = encode_context(VALUES)


@pytest.mark.parametrize(
    "context",
    [
        pytest.param(b"", id="no octets"),
        pytest.param(b"nonsense", id="no OBJREF"),
        pytest.param(pointer(b""), id="an empty buffer"),
        pytest.param(pointer(WHOLE, CLSID_WbemClassObject), id="another unmarshaler"),
        pytest.param(pointer(WHOLE)[:-1], id="an octet too few"),
        pytest.param(
            pointer(encode_context({"A": 1}).replace(pack("<IH", 0, VT_I4), pack("<IH", 0, VT_I8))), id="VT_I8"
        ),
        pytest.param(pointer(WHOLE + bytes(limits.CONTEXT_OCTETS)), id="too many octets"),
        pytest.param(pointer(WHOLE[:20] + (limits.CONTEXT_VALUES + 1).to_bytes(4, "little")), id="too many values"),
        pytest.param(
            pointer(encode_context({"O": Things().cim_class}).replace(b"\x78\x56\x34\x12", bytes(4))), id="no object"
        ),
        pytest.param(pointer(encode_object(Things().cim_class)), id="an object"),
    ],
)
async def test_what_is_none_costs_the_call_and_not_the_connection(context: bytes) -> None:
    provider = Things(things(1))
    async with wmi(provider) as made:
        services = await made.enter()
        for flags in (0, SEMISYNC):
            reply = await ask(services, context, flags)
            assert (reply.ppEnum, reply.hresult) == (None, WbemStatus.INVALID_CONTEXT)
        assert provider.calls == []
        assert (await ask(services, None, 0)).hresult == 0


async def test_every_octet_of_a_context_changed_and_cut() -> None:
    context = pointer(encode_context({"A": 1, "B": ("x",)}))
    async with wmi(Things(things(1))) as made:
        services = await made.enter()
        found = set()
        for at in range(len(context)):
            for changed in (context[:at], context[:at] + bytes((context[at] ^ 0xFF,)) + context[at + 1 :]):
                found.add((await ask(services, changed, 0)).hresult)
    assert found == {WbemStatus.NO_ERROR, WbemStatus.INVALID_CONTEXT}
