"""How names are resolved: resolv.conf(5), and that of systemd-resolved behind its stub."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from openwmi.providers.host import Host

_FILE = "/etc/resolv.conf"
_BEHIND = "/run/systemd/resolve/resolv.conf"
_STUBS = {"127.0.0.53", "127.0.0.54"}


@dataclass(frozen=True, slots=True)
class Resolver:
    """What is configured for all interfaces.

    Attributes:
        servers: addresses, the first first.
        domains: what is put behind a name that is not whole.
        domain: that of this host; empty where only a list of domains is given.
    """

    servers: tuple[str, ...]
    domains: tuple[str, ...]
    domain: str


def resolver(host: Host) -> Resolver:
    """FileNotFoundError where there is no such file."""
    text = host.read(_FILE)
    if text is None:
        raise FileNotFoundError(2, "there is no such file", _FILE)
    found = _parsed(text.splitlines())
    if found.servers and set(found.servers) <= _STUBS and host.exists(_BEHIND):
        return Resolver(_parsed(host.lines(_BEHIND)).servers, found.domains, found.domain)
    return found


def _parsed(lines: Iterable[str]) -> Resolver:
    """Of `domain` and `search` the last one counts."""
    servers: list[str] = []
    domains: tuple[str, ...] = ()
    domain = ""
    for line in lines:
        words = line.split()
        if len(words) < 2 or words[0][0] in "#;":
            continue
        if words[0] == "nameserver":
            servers.append(words[1])
        elif words[0] == "domain":
            domain = words[1]
            domains = (domain,)
        elif words[0] == "search":
            domains = tuple(word for word in words[1:] if word != ".")
    return Resolver(tuple(servers), domains, domain)
