"""Where events may be sent: to the subscriber's own machine, to what the owner allows, and nowhere else."""

from __future__ import annotations

import pytest

from openwmi.base.error import WbemError
from openwmi.net.http import Url
from openwmi.soap import DPWS_2006, DPWS_2009, EndpointReference, Fragment, QName, Refusal, Refused
from openwmi.wsd.eventing.sinks import AllowedSinks

PEER = "192.0.2.8"


@pytest.mark.parametrize(
    ("address", "peer", "url"),
    [
        ("http://192.0.2.8:5357/a?b", PEER, Url(False, PEER, 5357, "/a?b")),
        ("https://192.0.2.8/", PEER, Url(True, PEER, 443)),
        ("http://[2001:db8::1]:80/", "2001:db8::1", Url(False, "2001:db8::1", 80)),
        ("http://[fe80::1]/", "fe80::1%eth0", Url(False, "fe80::1%eth0", 80)),
        ("http://[fe80::1%25en1]/", "fe80::1%eth0", Url(False, "fe80::1%eth0", 80)),
        ("http://192.0.2.8/", "::ffff:192.0.2.8", Url(False, "::ffff:192.0.2.8", 80)),
        ("http://127.0.0.1:99/", "127.0.0.1", Url(False, "127.0.0.1", 99)),
    ],
)
def test_the_subscriber_itself(address: str, peer: str, url: Url) -> None:
    assert AllowedSinks().place(EndpointReference(address), peer, DPWS_2006) == url


@pytest.mark.parametrize(
    "address",
    [
        "http://192.0.2.9/",
        "http://127.0.0.1/",
        "http://localhost/",
        "http://sink.example/",
        "http://169.254.169.254/latest",
        "http://[::1]/",
        "http://0.0.0.0/",
        "http://3221225992/",
        "http://192.0.2.8@192.0.2.9/",
        "ftp://192.0.2.8/",
        "file:///etc/passwd",
        "urn:uuid:00000000-0000-0000-0000-000000000001",
        DPWS_2006.anonymous,
        DPWS_2009.anonymous,
        "http://[192.0.2.8/",
    ],
)
def test_nobody_else(address: str) -> None:
    with pytest.raises(Refused) as caught:
        AllowedSinks().place(EndpointReference(address), PEER, DPWS_2009)
    assert caught.value.fault.subcode == QName(DPWS_2009.addressing, "DestinationUnreachable")


def test_what_the_owner_allows() -> None:
    allowed = AllowedSinks(["sink.example", "192.0.2.128/25", "2001:db8::/32", "198.51.100.7"])
    for host in ("sink.example", "SINK.example", "192.0.2.200", "[2001:db8::5]", "198.51.100.7", PEER):
        assert allowed.place(EndpointReference(f"http://{host}/"), PEER, DPWS_2006).port == 80
    for host in ("other.example", "192.0.2.9", "[2001:db9::5]", "198.51.100.8"):
        with pytest.raises(Refused):
            allowed.place(EndpointReference(f"http://{host}/"), PEER, DPWS_2006)


@pytest.mark.parametrize("wrong", ["", "192.0.2.1/24", "a/b"])
def test_what_nothing_can_be_allowed_by(wrong: str) -> None:
    with pytest.raises(WbemError, match="no machine"):
        AllowedSinks([wrong])


def test_parameters_that_are_long() -> None:
    long = Fragment.parse(f"<a>{'x' * 3000}</a>")
    with pytest.raises(Refused) as caught:
        AllowedSinks().place(EndpointReference(f"http://{PEER}/", (long,)), PEER, DPWS_2006)
    assert Refusal.of(caught.value.fault) is Refusal.INVALID_MESSAGE
