"""Strategies for what the tests of SOAP and WSD are given."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from openwmi.soap import (
    PROFILES,
    AppSequence,
    EndpointReference,
    Fragment,
    Headers,
    LocalizedText,
    Metadata,
    Profile,
    QName,
    Relationship,
    Section,
    Service,
    ThisDevice,
    ThisModel,
)

NUMBERS = st.integers(0, (1 << 32) - 1)
PROFILE = st.sampled_from(PROFILES)

# Anything that XML can hold, without white space around it, which readers take away.
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_characters="\x7f", exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp"))
    .filter(lambda char: char not in "\ufffe\uffff")
    .filter(lambda char: not char.isspace()),
    min_size=1,
    max_size=40,
)
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,12}", fullmatch=True)
URIS = st.builds("{}:{}".format, NAMES, st.from_regex(r"[!-~]{1,30}", fullmatch=True))
NAMESPACES = st.one_of(
    st.sampled_from([profile.devprof for profile in PROFILES]), st.builds("http://{}/{}".format, NAMES, NAMES)
)
QNAMES = st.builds(QName, NAMESPACES, NAMES)


@st.composite
def fragments(draw: st.DrawFn) -> Fragment:
    """An element of its own, whose text may use the prefix."""
    local, text = draw(NAMES), draw(st.sampled_from(["", "p:Type", "a &amp; b", "<p:in z='1'/>"]))
    return Fragment.parse(f'<p:{local} xmlns:p="http://vendor.example/{draw(NAMES)}" x="y">{text}</p:{local}>')


def told(metadata: Metadata, profile: Profile) -> Metadata:
    """What comes of it by way of a message of that profile: DPWS 1.1 has no place for the ServiceId of a device."""
    if profile.host_has_id:
        return metadata
    relationships = [
        replace(each, host=each.host and replace(each.host, service_id="")) for each in metadata.relationships
    ]
    return replace(metadata, relationships=tuple(relationships))


FRAGMENTS = st.lists(fragments(), max_size=2).map(tuple)
ENDPOINTS = st.builds(EndpointReference, URIS, FRAGMENTS)
MAYBE_ENDPOINTS = st.none() | ENDPOINTS
HEADERS = st.builds(
    Headers,
    URIS,
    st.just("") | URIS,
    st.just("") | URIS,
    st.just("") | URIS,
    MAYBE_ENDPOINTS,
    MAYBE_ENDPOINTS,
    MAYBE_ENDPOINTS,
    st.none() | st.builds(AppSequence, NUMBERS, NUMBERS, st.none() | URIS),
    st.booleans(),
    FRAGMENTS,
)

LOCALIZED = st.lists(st.builds(LocalizedText, TEXTS, st.sampled_from(["", "en-US", "de"])), min_size=1, max_size=2)
TEXT_LISTS = LOCALIZED.map(tuple)
MAYBE = st.just("")
SERVICES = st.builds(
    Service,
    st.lists(ENDPOINTS, min_size=1, max_size=2).map(tuple),
    st.lists(QNAMES, max_size=3, unique=True).map(tuple),
    MAYBE | URIS,
    FRAGMENTS,
)
METADATA = st.builds(
    Metadata,
    st.none()
    | st.builds(ThisModel, TEXT_LISTS, TEXT_LISTS, MAYBE | URIS, MAYBE | TEXTS, MAYBE | URIS, MAYBE | URIS, FRAGMENTS),
    st.none() | st.builds(ThisDevice, TEXT_LISTS, MAYBE | TEXTS, MAYBE | TEXTS, FRAGMENTS),
    st.lists(
        st.builds(Relationship, st.none() | SERVICES, st.lists(SERVICES, max_size=2).map(tuple), FRAGMENTS), max_size=2
    ).map(tuple),
    st.lists(st.builds(Section, URIS, MAYBE | URIS, FRAGMENTS), max_size=2).map(tuple),
)
