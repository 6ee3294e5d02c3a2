"""Which properties the values of a context ask for."""

from __future__ import annotations

import pytest
from tests.engine.store_fakes import CREATE, DEFAULT, UPDATE, class_, of, refused

from openwmi.base.status import WbemStatus
from openwmi.engine.extensions import put_properties, requested_properties
from openwmi.model import ChangeFlag

DISK = class_("Demo_Disk", of("Size", "uint64"), of("Id", "string", "key"), of("Caption", "string"))
ON: dict[str, object] = {"__PUT_EXTENSIONS": True}
GET: dict[str, object] = {"__GET_EXTENSIONS": True, "__GET_EXT_CLIENT_REQUEST": True}


@pytest.mark.parametrize(
    "context",
    [
        {},
        {"Mine": 1},
        {"__PUT_EXTENSIONS": False, "__PUT_EXT_PROPERTIES": ["A"]},
        {"__PUT_EXTENSIONS": None},
        {"__PUT_EXT_PROPERTIES": ["A"]},
        {**ON, "__PUT_EXT_ATOMIC": True},
        {**ON, "__PUT_EXT_STRICT_NULLS": True, "__PUT_EXT_PROPERTIES": None},
    ],
)
@pytest.mark.parametrize("flags", [DEFAULT, UPDATE])
def test_a_put_of_all(context: dict[str, object], flags: ChangeFlag) -> None:
    """[MS-WMI] 3.1.4.3.12: a part is asked for by __PUT_EXTENSIONS and the list."""
    assert put_properties(context, flags) is None


def test_a_put_of_a_part() -> None:
    assert put_properties({**ON, "__PUT_EXT_PROPERTIES": ["A", "B"]}, UPDATE) == ("A", "B")
    assert put_properties({"__put_extensions": True, "__Put_Ext_Properties": ("A",)}, UPDATE) == ("A",)
    assert put_properties({**ON, "__PUT_EXT_ATOMIC": True, "__PUT_EXT_PROPERTIES": []}, UPDATE) == ()


@pytest.mark.parametrize("flags", [DEFAULT, CREATE])
def test_a_put_of_a_part_without_update_only(flags: ChangeFlag) -> None:
    """The SDK's "Updating Part of an Instance": "Without this flag the call will fail with an invalid context"."""
    with refused(WbemStatus.INVALID_CONTEXT, "UPDATE_ONLY"):
        put_properties({**ON, "__PUT_EXT_PROPERTIES": ["A"]}, flags)


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({}, "__PUT_EXT_PROPERTIES"),
        ({"__PUT_EXT_CLIENT_REQUEST": True}, "__PUT_EXT_PROPERTIES"),
        ({"__PUT_EXT_ATOMIC": False}, "__PUT_EXT_PROPERTIES"),
        ({"__PUT_EXT_PROPERTIES": "A"}, "__PUT_EXT_PROPERTIES"),
        ({"__PUT_EXT_PROPERTIES": [1]}, "__PUT_EXT_PROPERTIES"),
        ({"__PUT_EXT_ATOMIC": 1}, "__PUT_EXT_ATOMIC"),
        ({"__PUT_EXT_STRICT_NULLS": "yes"}, "__PUT_EXT_STRICT_NULLS"),
        ({"__PUT_EXT_CLIENT_REQUEST": 0}, "__PUT_EXT_CLIENT_REQUEST"),
        ({"__PUT_EXTENSIONS": "TRUE"}, "__PUT_EXTENSIONS"),
    ],
)
def test_contexts_that_a_put_does_not_take(more: dict[str, object], word: str) -> None:
    """[MS-WMI] 3.1.4.3.12: without the values of its table INVALID_CONTEXT."""
    with refused(WbemStatus.INVALID_CONTEXT, word):
        put_properties({**ON, **more}, UPDATE)


@pytest.mark.parametrize(
    "context",
    [
        {},
        {"__GET_EXTENSIONS": True, "__GET_EXT_PROPERTIES": ["Size"]},  # came down from another call
        {"__GET_EXT_CLIENT_REQUEST": True, "__GET_EXT_PROPERTIES": ["Size"]},
        {**GET, "__GET_EXTENSIONS": False, "__GET_EXT_PROPERTIES": ["Size"]},
        GET,
        {**GET, "__GET_EXT_KEYS_ONLY": False},
    ],
)
def test_a_get_of_all(context: dict[str, object]) -> None:
    """The SDK's "Supporting Partial-Instance Operations"."""
    assert requested_properties(context, DISK) is None


def test_a_get_of_a_part() -> None:
    """The keys come with it, as in the output that the SDK prints."""
    assert requested_properties({**GET, "__GET_EXT_PROPERTIES": ["caption"]}, DISK) == ("Id", "Caption")
    assert requested_properties({**GET, "__GET_EXT_PROPERTIES": ["ID", "Size", "SIZE"]}, DISK) == ("Id", "Size")
    assert requested_properties({**GET, "__GET_EXT_PROPERTIES": []}, DISK) == ("Id",)


def test_a_get_of_the_keys() -> None:
    """It "takes precedence over __GET_EXT_PROPERTIES"."""
    context = {**GET, "__GET_EXT_KEYS_ONLY": True, "__GET_EXT_PROPERTIES": ["Size"]}
    assert requested_properties(context, DISK) == ("Id",)


@pytest.mark.parametrize(
    ("more", "status", "word"),
    [
        ({"__GET_EXT_PROPERTIES": ["*"]}, WbemStatus.INVALID_CONTEXT, "*"),
        ({"__GET_EXT_PROPERTIES": "Size"}, WbemStatus.INVALID_CONTEXT, "__GET_EXT_PROPERTIES"),
        ({"__GET_EXT_KEYS_ONLY": 1}, WbemStatus.INVALID_CONTEXT, "__GET_EXT_KEYS_ONLY"),
        ({"__GET_EXT_CLIENT_REQUEST": 1}, WbemStatus.INVALID_CONTEXT, "__GET_EXT_CLIENT_REQUEST"),
        ({"__GET_EXT_PROPERTIES": ["Sise"]}, WbemStatus.INVALID_PROPERTY, "'Size'"),
        ({"__GET_EXT_PROPERTIES": ["__PATH"]}, WbemStatus.INVALID_PROPERTY, "__PATH"),
    ],
)
def test_contexts_that_a_get_does_not_take(more: dict[str, object], status: WbemStatus, word: str) -> None:
    with refused(status, word):
        requested_properties({**GET, **more}, DISK)
