"""HTTP with TLS, over the loopback: whom a client trusts."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from openwmi.base.error import Unreachable
from openwmi.net import Address
from openwmi.net.http import Request, Response, Url
from openwmi.net.http_client import exchange
from openwmi.net.http_server import EVERY_ADDRESS, HttpServer

ASKED = Request("GET", "/")


async def answer(request: Request, peer: Address, local: Address) -> Response:
    return Response(200, (), f"{peer.host} {local.host}".encode())


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1 that nobody signed but itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "urn:uuid:0")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path = tmp_path / "certificate.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return path


async def test_tls(certificate: Path) -> None:
    serves = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serves.load_cert_chain(certificate)
    server = HttpServer(answer)
    where = await server.listen(Address("127.0.0.1", 0), tls=serves)
    url = Url(True, where.host, where.port)
    trusts = ssl.create_default_context(cafile=certificate)
    response = await exchange(url, ASKED, timeout=5, limit=100, tls=trusts)
    assert (response.status, response.body) == (200, b"127.0.0.1 127.0.0.1")
    with pytest.raises(Unreachable, match="could not be trusted"):
        await exchange(url, ASKED, timeout=5, limit=100)
    await server.close()


async def test_who_never_says_who_he_is_is_cut_off(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openwmi.net.listener.TLS_HANDSHAKE_SECONDS", 0.05)
    serves = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serves.load_cert_chain(certificate)
    server = HttpServer(answer)
    where = await server.listen(Address("127.0.0.1", 0), tls=serves)
    reader, writer = await asyncio.open_connection(*where)
    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()
    await server.close()


async def test_one_port_at_every_address() -> None:
    server = HttpServer(answer)
    where = await server.listen(Address(EVERY_ADDRESS, 0))
    for host in ("127.0.0.1", "127.0.0.2"):
        response = await exchange(Url(False, host, where.port), ASKED, timeout=5, limit=100)
        assert response.body.decode().endswith(f" {host}")
    await server.close()
