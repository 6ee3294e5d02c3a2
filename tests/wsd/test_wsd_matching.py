"""Which devices a Probe means: types by namespace and name, and each rule for scopes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.soap.given import QNAMES, TEXTS, URIS
from tests.wsd.world import PRINTER, SCANNER

from openwmi.soap import DPWS_2006, PROFILES, Profile, QName
from openwmi.wsd.matching import UnknownRule, ldap, matches, rfc2396, strcmp0, uuid
from openwmi.wsd.messages import Probe

SCOPES = ("http://example.org/a/b", "uuid:13814000-1DD2-11B2-8000-002673000002", "literal")
DEVICE = "cn=scanner,ou=floor1,ou=b43,o=example,c=us"


@pytest.mark.parametrize(
    ("wanted", "scope", "match"),
    [
        ("http://example.org/a", "http://example.org/a", True),
        ("http://example.org/a", "http://example.org/a/b", True),
        ("http://example.org/a/", "http://example.org/a/b", True),
        ("http://example.org/a/", "http://example.org/a", True),
        ("http://example.org", "http://example.org/a", True),
        ("HTTP://EXAMPLE.org/a", "http://example.ORG/a", True),
        ("http://example.org/%61", "http://example.org/a", True),
        ("http://example.org/a?x#y", "http://example.org/a/b?z", True),
        ("onvif://www.onvif.org/type", "onvif://www.onvif.org/type/video_encoder", True),
        ("http://example.org/a", "http://example.org/ab", False),
        ("http://example.org/a/b", "http://example.org/a", False),
        ("http://example.org/A", "http://example.org/a", False),
        ("http://example.org/a;x", "http://example.org/a/b", False),
        ("http://example.org:80/a", "http://example.org/a", False),
        ("https://example.org/a", "http://example.org/a", False),
        ("http://example.org/a/./b", "http://example.org/a/./b", False),
        ("http://example.org/a", "http://example.org/a/../b", False),
        ("http://example.org/%2e%2e", "http://example.org/%2e%2e", False),
        ("http://example.org/a%2Fb", "http://example.org/a/b", False),
        ("urn:x:y", "URN:x:y", True),
        ("urn:x", "urn:x:y", False),
        ("urn:x", "urn:x/y", True),
        ("sdc.ctxt.loc:/detail/a", "sdc.ctxt.loc:/detail/a/b?fac=b", True),
        ("sdc.ctxt.loc:/detail/a", "sdc.ctxt.loc:/detail/b", False),
        ("sdc.ctxt.loc:/detail", "sdc.ctxt.loc:detail", False),
        ("sdc.ctxt.loc:/detail", "sdc.ctxt.loc:/..", False),
        ("urn:x", "urn://x", False),
        ("no uri", "no uri", False),
        ("", "", False),
    ],
)
def test_rfc2396(wanted: str, scope: str, match: bool) -> None:
    assert rfc2396(wanted, scope) is match


@pytest.mark.parametrize(
    ("wanted", "scope", "match"),
    [
        ("uuid:13814000-1dd2-11b2-8000-002673000002", SCOPES[1], True),
        ("urn:uuid:13814000-1dd2-11b2-8000-002673000002", SCOPES[1], True),
        ("URN:UUID:13814000-1dd2-11b2-8000-002673000002", SCOPES[1], True),
        ("uuid:13814000-1dd2-11b2-8000-002673000003", SCOPES[1], False),
        ("13814000-1dd2-11b2-8000-002673000002", SCOPES[1], False),
        ("uuid:1", "uuid:1", False),
    ],
)
def test_uuid(wanted: str, scope: str, match: bool) -> None:
    assert uuid(wanted, scope) is match


@pytest.mark.parametrize(
    ("wanted", "match"),
    [
        (f"ldap://dir.example/{DEVICE}", True),
        ("LDAP://DIR.example/OU=b43,O=example,c=us", True),
        ("ldap://dir.example/o=EXAMPLE,c=us", True),
        ("ldap://dir.example/o=example, c=us", False),
        ("ldap://dir.example/o=example;c=us", False),
        ("ldap://dir.example/o=example,c=us?cn?sub", True),
        ("ldap://dir.example/o=example%2Cc=us", True),
        ("ldap://dir.example", True),
        ("ldap://dir.example/ou=floor1,ou=b43", False),
        ("ldap://dir.example/o=other,c=us", False),
        ("ldap://other.example/o=example,c=us", False),
        (f"ldap://dir.example/sn=1,{DEVICE}", False),
        ("http://dir.example/o=example,c=us", False),
    ],
)
def test_ldap(wanted: str, match: bool) -> None:
    """The wanted entry is the device's, or one above it."""
    assert ldap(wanted, f"ldap://dir.example/{DEVICE}") is match


@pytest.mark.parametrize(
    ("wanted", "scope", "match"),
    [
        (r"o=a\,b,c=us", r"ou=x,o=a\,b,c=us", True),
        (r"b,c=us", r"ou=x,o=a\,b,c=us", False),
        (r"b,c=us", r"ou=a\\,b,c=us", True),
        ("ou=x+cn=y,c=us", "cn=y+ou=x,c=us", True),
        (r"cn=y,c=us", r"ou=x\+cn=y,c=us", False),
    ],
)
def test_the_parts_of_an_entry(wanted: str, scope: str, match: bool) -> None:
    assert ldap(f"ldap://dir.example/{wanted}", f"ldap://dir.example/{scope}") is match


@given(TEXTS, TEXTS)
def test_strcmp0(one: str, other: str) -> None:
    assert strcmp0(one, other) is (one == other)


@pytest.mark.parametrize("profile", PROFILES, ids=str)
@pytest.mark.parametrize(
    ("scopes", "rule", "match"),
    [
        ((), "", True),
        (("http://example.org/a",), "", True),
        (("http://example.org/a",), "rfc2396", True),
        (("http://example.org/a", "http://example.org/c"), "", False),
        (("http://example.org/a",), "strcmp0", False),
        (("literal", "http://example.org/a/b"), "strcmp0", True),
        (("uuid:13814000-1dd2-11b2-8000-002673000002",), "uuid", True),
        (("ldap://dir.example",), "ldap", False),
        ((), "none", False),
    ],
)
def test_each_rule_by_its_uri(profile: Profile, scopes: tuple[str, ...], rule: str, match: bool) -> None:
    uri = next((uri for uri, name in profile.rules.items() if name == rule), "")
    assert matches(Probe((), scopes, uri), profile, (), SCOPES) is match


@pytest.mark.parametrize("profile", PROFILES, ids=str)
@pytest.mark.parametrize("named_by", PROFILES, ids=str)
def test_none_means_devices_without_scopes(profile: Profile, named_by: Profile) -> None:
    """A rule of 1.1. Windows' WCF asks for it by that name in 2005's messages, too, and cameras have one of 2005."""
    uri = f"{named_by.discovery}/none"
    if profile is DPWS_2006 or named_by is profile:
        assert matches(Probe((), (), uri), profile, (), ())
        assert not matches(Probe((), (), uri), profile, (), SCOPES)


def test_a_rule_of_ones_own() -> None:
    rules = {"urn:suffix": lambda wanted, scope: scope.endswith(wanted)}
    assert matches(Probe((), ("/b",), "urn:suffix"), DPWS_2006, (), SCOPES, rules)
    assert not matches(Probe((), ("/c",), "urn:suffix"), DPWS_2006, (), SCOPES, rules)
    with pytest.raises(UnknownRule):
        matches(Probe((), ("/b",), "urn:other"), DPWS_2006, (), SCOPES, rules)


@pytest.mark.no_cover  # other tests show that each line is run
@given(st.lists(QNAMES, unique=True), st.sets(QNAMES))
def test_all_types_must_be_there(own: list[QName], wanted: set[QName]) -> None:
    assert matches(Probe(tuple(wanted)), DPWS_2006, own, ()) is (wanted <= set(own))


def test_types_are_compared_by_namespace() -> None:
    other = QName("urn:other", PRINTER.local)
    assert matches(Probe((PRINTER,)), DPWS_2006, (SCANNER, PRINTER), ())
    assert not matches(Probe((other,)), DPWS_2006, (SCANNER, PRINTER), ())


@given(TEXTS | URIS, TEXTS | URIS)
def test_no_rule_fails(one: str, other: str) -> None:
    for rule in (rfc2396, uuid, ldap, strcmp0):
        assert rule(one, other) in {True, False}
