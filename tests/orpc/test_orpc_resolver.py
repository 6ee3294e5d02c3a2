"""What a resolver knows of exporters."""

from __future__ import annotations

from openwmi.base.guid import Guid
from openwmi.base.status import HResult
from openwmi.orpc import OUR_VERSION, Bindings, OxidEntry, OxidTable, error_status


def test_exporters_are_found_by_their_oxid() -> None:
    table = OxidTable()
    entry = OxidEntry(7, Bindings.tcp(["srv1"], 49152), Guid(int=1))
    assert (entry.authn_hint, entry.version) == (5, OUR_VERSION)
    assert table.resolve(7) is None
    table.add(entry)
    assert table.resolve(7) is entry
    table.add(OxidEntry(7, Bindings.tcp(["srv1"], 49153), Guid(int=1)))
    moved = table.resolve(7)
    assert moved is not None
    assert moved.bindings.strings[0].port == 49153
    table.remove(7)
    table.remove(7)
    assert table.resolve(7) is None


def test_statuses_of_the_resolver_are_win32_codes() -> None:
    """OR_INVALID_OXID, OR_INVALID_OID and OR_INVALID_SET have the numbers 1910 to 1912."""
    statuses = (HResult.S_OK, HResult.RPC_E_INVALID_OXID, HResult.RPC_E_INVALID_OID, HResult.RPC_E_INVALID_SET)
    assert [error_status(status) for status in statuses] == [0, 1910, 1911, 1912]
