"""What a server says of itself when somebody logs in ([MS-NLMP] 2.2.2.1)."""

from __future__ import annotations

import platform
from dataclasses import dataclass

NETBIOS_NAME_CHARS = 15


@dataclass(frozen=True, slots=True)
class ServerNames:
    """NetBIOS and DNS names of the machine and of what it belongs to."""

    computer: str
    domain: str
    dns_computer: str
    dns_domain: str = ""

    @classmethod
    def of_host(cls, host: str, workgroup: str = "WORKGROUP") -> ServerNames:
        """Derived from a host name, with or without its domain."""
        short, _, rest = host.partition(".")
        return cls(short[:NETBIOS_NAME_CHARS].upper(), workgroup.upper(), host.lower(), rest.lower())

    @classmethod
    def of_this_host(cls) -> ServerNames:
        return cls.of_host(platform.node() or "localhost")
