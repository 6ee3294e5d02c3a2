"""DCOM as impacket's own tests try it, case by case: over NTLM, and over Kerberos with a KDC of our own."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.interop.eventsystem import serving
from tests.interop.peer import python_with
from tests.interop.serving import DOMAIN, PASSWORD, USER
from tests.security.kdc import USER as TICKET_USER
from tests.security.kdc import running_kdc

from openwmi.net import Address
from openwmi.security import Acceptor, KerberosAcceptor

CASES = {
    "server_alive",
    "server_alive_2",
    "pings",
    "create_instance",
    "activation",
    "resolve",
    "class_object",
    "references",
    "no_such_class",
    "mapped",
    "ndr64",
}
INTEGRITY, PRIVACY = 5, 6


async def outcomes(
    host: str, *login: str, level: int, kerberos: Callable[[], Acceptor] | None = None
) -> dict[str, Any]:
    """What each case came to: "" where it went as it should."""
    program = Path(__file__).parent / "peers" / "dcom_impacket.py"
    async with serving(Address("127.0.0.1", 0), kerberos) as port:
        process = await asyncio.create_subprocess_exec(
            python_with("impacket"),
            str(program),
            *(host, str(port), str(level), *login),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        async with asyncio.timeout(60):
            out, errors = await process.communicate()
    lines = [json.loads(line) for line in out.splitlines()]
    assert lines, errors.decode()
    return {name: problem or "wrong" if not good else "" for name, good, problem in lines}


@pytest.mark.parametrize("level", [INTEGRITY, PRIVACY])
async def test_dcom_over_ntlm(level: int) -> None:
    assert await outcomes("127.0.0.1", USER, PASSWORD, DOMAIN, level=level) == dict.fromkeys(CASES, "")


@pytest.mark.parametrize("level", [INTEGRITY, PRIVACY])
async def test_dcom_over_kerberos(level: int) -> None:
    """Its tickets are from the cache: it would look for the KDC at a port that needs root."""
    with running_kdc() as kdc:
        kdc.run(["kvno", f"host/{kdc.hostname}"])
        found = await outcomes(
            kdc.hostname,
            *("user", "", "EXAMPLE.ORG", "1"),
            level=level,
            kerberos=lambda: KerberosAcceptor(TICKET_USER.__eq__, kdc.keytab),
        )
    assert found == dict.fromkeys(CASES, "")
