"""Rows for other people's WMI clients that log in by Kerberos, with tickets of a real KDC.

Both read their ticket from a cache. impacket would look for the KDC at a port that needs root. aiowmi would ask it for
the ticket by itself, by a request whose authenticator has no checksum, where [RFC4120] 3.3.2 and 5.5.1 want one: MIT's
KDC refuses it with KRB_AP_ERR_INAPP_CKSUM. What it says to a server of WMI is all here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from tests.interop.peer import CLIENTS, PeerError, logged_in, peer
from tests.interop.serving import in_process
from tests.interop.test_interop_calls import COUNT, FILLING, Numbers
from tests.security.kdc import ENCRYPTIONS, USER, running_kdc

from openwmi.engine import Engine
from openwmi.security import KerberosAcceptor, ServerNames

USER_NAME, REALM = USER.split("@")
AES256, *_, RC4 = ENCRYPTIONS
ROWS = {n: FILLING * (n % 3) for n in range(COUNT)}


@asynccontextmanager
async def realm(users: Path, admitted: str, encryption: str = AES256) -> AsyncIterator[tuple[int, dict[str, object]]]:
    """A server where one principal may log in: its port, and how a client logs in with the ticket of the cache."""
    with running_kdc(encryption) as kdc:
        kdc.run(["kvno", f"host/{kdc.hostname}"])
        accept = partial(KerberosAcceptor, admitted.__eq__, kdc.keytab)
        names = ServerNames.of_host(kdc.hostname)  # impacket goes nowhere else
        async with in_process(Engine("SRV1", [Numbers()]), users, names, accept) as (_, port):
            login = {"host": kdc.hostname, "user": USER_NAME, "domain": REALM, "password": "", "kerberos": True}
            yield port, login


@pytest.mark.parametrize("encryption", [AES256, RC4])
async def test_rows_come_by_kerberos(encryption: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "openwmi")
    async with realm(tmp_path / "users", USER, encryption) as (port, login):
        for package in CLIENTS:
            async with logged_in(package, port, **login) as client:
                rows = await client.values("SELECT * FROM Test_Number")
                assert len(rows) == COUNT
                assert {row["N"]: row["Text"] for row in rows} == ROWS, package
    said = [record.getMessage() for record in caplog.records if "is in" in record.getMessage()]
    assert said == [f"{USER} from 127.0.0.1 is in root\\cimv2"] * len(CLIENTS)


@pytest.mark.parametrize("package", CLIENTS)
async def test_who_has_a_ticket_and_is_no_user_is_refused(
    package: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with realm(tmp_path / "users", "other@EXAMPLE.ORG") as (port, login), peer(package, port) as client:
        # What aiowmi says is that no KDC is at port 88, where it would ask for a better ticket.
        with pytest.raises(PeerError, match="access_denied" if package == "impacket" else "Connect call failed"):
            await client.login(**login)
    (said,) = (record.getMessage() for record in caplog.records if record.name == "openwmi.security")
    assert f"{USER} has a ticket, and is not among the users" in said
