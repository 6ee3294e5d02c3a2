"""Win32_Environment of this host: the variables that every login gets from the system's files. Page win32-environment.

Windows keeps these in its registry, for the system and for each user. Here they are those of /etc/environment, which
pam_env(8) reads, and of the file with the locale. What this process itself has in its environment is not the system's,
and may be secret: it is not here; nor is what users' own files set, in whatever language.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter

from openwmi.engine.provider import Request
from openwmi.providers.host.environment import system_variables
from openwmi.providers.reading import HostProvider, Null, Reads, Table, always

SYSTEM = "<SYSTEM>"
"""Whose a variable of the system is: "set to <SYSTEM> for settings that are specific to the Windows-based system"."""

TABLE: Table[tuple[str, str]] = {
    "Caption": Reads("UserName\\Name", lambda of: f"{SYSTEM}\\{of[0]}"),
    "Description": Reads("as Caption", lambda of: f"{SYSTEM}\\{of[0]}"),
    "InstallDate": Null("it is not noted"),
    "Name": Reads("/etc/environment, /etc/default/locale, /etc/locale.conf", itemgetter(0)),
    "Status": always("OK"),
    "SystemVariable": always(True),
    "UserName": always(SYSTEM),
    "VariableValue": Reads("the same files, without quotes", itemgetter(1)),
}


class EnvironmentProvider(HostProvider[tuple[str, str]]):
    """The system's variables."""

    cim_class = "Win32_Environment"
    table = TABLE

    def samples(self, request: Request) -> Iterable[tuple[str, str]]:  # noqa: ARG002 - as of any provider
        return system_variables(self.host).items()
