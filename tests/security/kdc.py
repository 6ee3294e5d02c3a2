"""A KDC of one's own, by k5test and MIT's programs, in the environment of this process while it is used."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

ENCRYPTIONS = ["aes256-cts-hmac-sha1-96", "aes128-cts-hmac-sha1-96", "aes256-cts-hmac-sha384-192", "arcfour-hmac"]
USER = "user@EXAMPLE.ORG"
SBIN = "/usr/sbin:/sbin"


@contextmanager
def running_kdc(encryption: str = ENCRYPTIONS[0]) -> Iterator[Any]:
    """A realm with one user, who has a ticket, and one host, this one; their keys are of this kind."""
    if shutil.which("krb5kdc") is None and shutil.which("krb5kdc", path=SBIN) is None:
        pytest.skip("there is no KDC (krb5-kdc) on this machine")
    k5test: Any = pytest.importorskip("k5test", reason="k5test is not installed: it needs krb5-config and a compiler")
    settings = {
        "libdefaults": {
            "allow_weak_crypto": "true",
            "allow_rc4": "true",
            "permitted_enctypes": f"{encryption} {ENCRYPTIONS[0]}",
            "default_tkt_enctypes": encryption,
            "default_tgs_enctypes": encryption,
            "dns_canonicalize_hostname": "false",
            "rdns": "false",
        }
    }
    kinds = {"realms": {"$realm": {"supported_enctypes": f"{encryption}:normal", "master_key_type": ENCRYPTIONS[0]}}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", SBIN, prepend=":")
        realm: Any = k5test.K5Realm(
            realm="EXAMPLE.ORG", portbase=_free_port(), krb5_conf=settings, kdc_conf=kinds, get_creds=False
        )
        try:
            realm.kinit(realm.user_princ, realm.password("user"))
            for name, value in realm.env.items():
                if name.startswith("KRB5"):
                    patch.setenv(name, value)
            yield realm
        finally:
            realm.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
