"""Win32_Group, and who is in which: Win32_GroupUser and Win32_SystemUsers. Pages win32-group, -groupuser, -systemusers.

SIDs are what Samba gives to groups of Unix: S-1-22-2 and the number.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter

from openwmi.engine.provider import Request
from openwmi.providers.accounts.database import Accounts, Group
from openwmi.providers.reading import HostProvider, Null, Reads, Table, always, path_to

Sample = tuple[str, Group]
"""The domain, and the group."""

TABLE: Table[Sample] = {
    "Caption": Reads("Domain\\Name", lambda of: f"{of[0]}\\{of[1].name}"),
    "Description": Null("groups have no text"),
    "InstallDate": Null("it is not noted"),
    "Name": Reads("/etc/group", lambda of: of[1].name),
    "Status": always("OK"),
    "Domain": Reads("uname(2) nodename", itemgetter(0)),
    "LocalAccount": always(True),
    "SID": Reads("S-1-22-2-GID, as Samba maps groups of Unix", lambda of: f"S-1-22-2-{of[1].gid}"),
    # A group of this computer alone, which Windows calls an alias.
    "SIDType": always(4),
}

PAIR: dict[str, Reads[tuple[str, str]]] = {
    "GroupComponent": Reads("/etc/group, as Win32_Group", itemgetter(0)),
    "PartComponent": Reads("those that it names, and those whose group in /etc/passwd it is", itemgetter(1)),
}

SYSTEM: dict[str, Reads[tuple[str, str]]] = {
    "GroupComponent": Reads("this computer", itemgetter(0)),
    "PartComponent": Reads("/etc/passwd, as Win32_UserAccount", itemgetter(1)),
}


class GroupProvider(HostProvider[Sample]):
    """The groups in /etc/group."""

    cim_class = "Win32_Group"
    table = TABLE

    def samples(self, request: Request) -> Iterator[Sample]:  # noqa: ARG002 - as of any provider
        accounts = Accounts(self.host)
        for group in accounts.groups:
            yield accounts.domain, group


class GroupUserProvider(HostProvider[tuple[str, str]]):
    """Groups and their users."""

    cim_class = "Win32_GroupUser"
    table = PAIR

    def samples(self, request: Request) -> Iterator[tuple[str, str]]:
        accounts = Accounts(self.host)
        for group, user in accounts.memberships:
            yield (
                path_to(request, "Win32_Group", Domain=accounts.domain, Name=group),
                path_to(request, "Win32_UserAccount", Domain=accounts.domain, Name=user),
            )


class SystemUsersProvider(HostProvider[tuple[str, str]]):
    """This computer and its users."""

    cim_class = "Win32_SystemUsers"
    table = SYSTEM

    def samples(self, request: Request) -> Iterator[tuple[str, str]]:
        accounts = Accounts(self.host)
        computer = path_to(request, "Win32_ComputerSystem", Name=accounts.domain)
        for user in accounts.users:
            yield computer, path_to(request, "Win32_UserAccount", Domain=accounts.domain, Name=user.name)
