"""Calls by TLS, both ends with certificates: who is let in, and as whom a service sees him. Over the loopback."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.wsd.devices import World
from tests.wsd.sources import ACTION, Source, body
from tests.wsd.test_wsd_endpoint import BODY, ECHO, Echo

from openwmi.base.error import Unreachable
from openwmi.net.http_client import HttpClient
from openwmi.wsd import Endpoint, Receiver, subscribe


def certificate(folder: Path, name: str) -> Path:
    """One that nobody signed but itself, for 127.0.0.1, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(who, who, key.public_key(), x509.random_serial_number(), now, now + timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / f"{name}.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return path


@pytest.fixture
def certificates(tmp_path: Path) -> Mapping[str, Path]:
    return {name: certificate(tmp_path, name) for name in ("device", "client", "stranger")}


def serving(certificates: Mapping[str, Path]) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=certificates["client"])
    context.load_cert_chain(certificates["device"])
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def asking(certificates: Mapping[str, Path], name: str = "") -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=certificates["device"])
    if name:
        context.load_cert_chain(certificates[name])
    return context


async def test_who_has_a_certificate(certificates: Mapping[str, Path]) -> None:
    service = Echo()
    world = World(tcp=True, services=[service], tls=serving(certificates))
    async with world.host, HttpClient(tls=asking(certificates, "client")) as http:
        assert world.host.url(service).startswith("https://127.0.0.1:")
        endpoint = Endpoint(world.host.url(service), http=http)
        for _ in range(2):
            await endpoint.two_way(ECHO, BODY)
        assert http.opened == 1
    shown = {x509.load_der_x509_certificate(call.certificate) for call in service.calls}
    assert [each.subject.rfc4514_string() for each in shown] == ["CN=client"]


@pytest.mark.parametrize("name", ["", "stranger"])
async def test_who_has_none(certificates: Mapping[str, Path], name: str) -> None:
    service = Echo()
    world = World(tcp=True, services=[service], tls=serving(certificates))
    async with world.host, HttpClient(tls=asking(certificates, name)) as http:
        with pytest.raises(Unreachable):
            await Endpoint(world.host.url(service), http=http).two_way(ECHO, BODY)
    assert service.calls == []


async def test_a_device_that_is_not_trusted(certificates: Mapping[str, Path]) -> None:
    service = Echo()
    world = World(tcp=True, services=[service], tls=serving(certificates))
    async with world.host, HttpClient(tls=ssl.create_default_context(cafile=certificates["stranger"])) as http:
        with pytest.raises(Unreachable, match="could not be trusted"):
            await Endpoint(world.host.url(service), http=http).two_way(ECHO, BODY)


async def test_events_come_by_tls_from_those_alone_who_are_known(certificates: Mapping[str, Path]) -> None:
    source = await Source(tcp=True).start()
    source.http = HttpClient(tls=asking(certificates, "client"))
    async with (
        Receiver(tls=serving(certificates)) as receiver,
        subscribe(source.endpoint(), ACTION, at=receiver) as events,
    ):
        await events.started()
        assert source.subscribes[0].notify_to.address.startswith("https://127.0.0.1:")
        assert await source.tell(body(1)) == (202, None)
        assert (await anext(events)).action == ACTION
        await source.http.aclose()
        source.http = HttpClient(tls=asking(certificates))
        with pytest.raises(Unreachable):
            await source.tell(body(2))
    await source.aclose()
