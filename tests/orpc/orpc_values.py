"""Values of this room for hypothesis, and octets that were tampered with."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import strategies as st

from openwmi.base.guid import Guid
from openwmi.orpc import (
    Bindings,
    ComVersion,
    Context,
    ContextProperty,
    InterfaceResult,
    ObjRef,
    ObjRefCustom,
    ObjRefExtended,
    ObjRefHandler,
    ObjRefStandard,
    OxidEntry,
    SecurityBinding,
    StdObjRef,
    StringBinding,
)

u16 = st.integers(0, 0xFFFF)
u32 = st.integers(0, 0xFFFFFFFF)
u64 = st.integers(0, 0xFFFFFFFFFFFFFFFF)
guids = st.uuids()
iids = guids.filter(lambda value: value.int != 0)
# Lone surrogates too: a peer's string is UTF-16, and need not be good UTF-16.
texts = st.text(st.characters(min_codepoint=1, max_codepoint=0xFFFF), max_size=12) | st.just("host.example[49152]")

string_bindings = st.builds(StringBinding, st.integers(1, 0xFFFF), texts)
security_bindings = st.builds(SecurityBinding, st.integers(1, 0xFFFF), texts, u16)
bindings = st.builds(
    Bindings,
    st.lists(string_bindings, max_size=3).map(tuple),
    st.lists(security_bindings, max_size=3).map(tuple),
)
versions = st.builds(ComVersion, u16, u16)
stds = st.builds(StdObjRef, u32, u32, u64, u64, guids)

standards: st.SearchStrategy[ObjRef] = st.builds(ObjRefStandard, iids, stds, bindings)
customs = st.builds(ObjRefCustom, iids, guids, st.binary(max_size=40), st.none(), u32)
references: st.SearchStrategy[ObjRef] = st.one_of(
    standards,
    customs,
    st.builds(ObjRefHandler, iids, stds, guids, bindings),
    st.builds(ObjRefExtended, iids, stds, bindings, guids, st.binary(max_size=40)),
)

contexts = st.builds(
    Context,
    guids,
    st.lists(st.builds(ContextProperty, guids, guids, u32, st.binary(max_size=20)), max_size=3).map(tuple),
    u32,
)
exporters = st.builds(OxidEntry, u64, bindings, guids, u32, versions)


def _result(iid: Guid, status: int, reference: ObjRef) -> InterfaceResult:
    failed = bool(status & 0x80000000)
    return InterfaceResult(iid, status, None if failed else reference)


results = st.builds(_result, guids, u32, references)


def truncated(octets: bytes) -> Iterator[bytes]:
    """Every beginning of it but the whole."""
    return (octets[:length] for length in range(len(octets)))
