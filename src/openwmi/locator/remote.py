"""Another machine: who is meant, and who logs in there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.session import Session

RESOLVER_PORT = 135
PORTS = 0xFFFF

Callbacks = Literal["auto", "require", "never"]
Kerberos = Literal["auto"] | bool
CALLBACKS: Final = get_args(Callbacks)


@dataclass(frozen=True, slots=True)
class Remote:
    """A machine and how to log in there; `openwmi.connect` says what each is.

    `spn_host` is the name by which Kerberos knows the machine, where that is not the one it is reached by.
    """

    host: str | None = None
    port: int = RESOLVER_PORT
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    nt_hash: str | bytes | None = field(default=None, repr=False)
    kerberos: Kerberos = "auto"
    timeout: float | None = None
    callbacks: Callbacks = "auto"
    spn_host: str | None = None

    def check(self) -> None:
        """INVALID_PARAMETER for a port, a time, or a way to call back that is none."""
        if self.callbacks not in CALLBACKS:
            raise WbemError(WbemStatus.INVALID_PARAMETER, f"callbacks is one of {CALLBACKS}, not {self.callbacks!r}")
        port: object = self.port
        timeout: object = self.timeout
        if isinstance(port, bool) or not isinstance(port, int) or not 0 < port <= PORTS:
            raise WbemError(WbemStatus.INVALID_PARAMETER, f"a port is a number from 1 to {PORTS}, not {self.port!r}")
        if timeout is None:
            return
        if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not timeout > 0:
            raise WbemError(
                WbemStatus.INVALID_PARAMETER, f"a timeout is a number of seconds above 0, not {self.timeout!r}"
            )

    async def open(self, host: str, namespace: str) -> Session:
        """A session of a namespace such as `root\\cimv2`. What `client.open_session` raises."""
        from openwmi.client import Credentials, open_session  # noqa: PLC0415 - who stays at home loads no client
        from openwmi.net import Address  # noqa: PLC0415 - the same
        from openwmi.security import parse_nt_hash  # noqa: PLC0415 - the same

        hashed = parse_nt_hash(self.nt_hash) if isinstance(self.nt_hash, str) else self.nt_hash
        return await open_session(
            namespace,
            where=Address(host, self.port),
            credentials=Credentials(self.user, self.password, hashed, self.kerberos, self.spn_host),
            timeout=self.timeout,
            callbacks=self.callbacks,
        )
