"""Win32_Share of this host: what Samba shares, if it is configured. Page win32-share.

What is in the files is there whether or not smbd runs. IPC$, which is of the protocol and in no file, is left out.
"""

from __future__ import annotations

from collections.abc import Iterator

from openwmi.engine.provider import Request
from openwmi.providers.reading import HostProvider, Null, Reads, Table, always
from openwmi.providers.sharing.samba import Share, shares

_DISK, _PRINT_QUEUE = 0, 1

TABLE: Table[Share] = {
    "Caption": Reads("the comment, else the name", lambda of: of.comment or of.name),
    "Description": Reads("the comment", lambda of: of.comment),
    "InstallDate": Null("it is not noted"),
    "Name": Reads("the section in /etc/samba/smb.conf, or the file of a user's share", lambda of: of.name),
    "Status": always("OK"),
    "AccessMask": Null("the page says that it is always NULL"),
    "AllowMaximum": Reads("whether `max connections` is 0", lambda of: of.limit == 0),
    "MaximumAllowed": Reads("`max connections`; NULL without a limit", lambda of: of.limit or None),
    "Path": Reads("`path`; NULL without one, and if it is another one for each client", lambda of: of.path),
    "Type": Reads("0, or 1 for what is `printable`", lambda of: _PRINT_QUEUE if of.is_printer else _DISK),
}


class ShareProvider(HostProvider[Share]):
    """The shares that have names."""

    cim_class = "Win32_Share"
    table = TABLE

    def samples(self, request: Request) -> Iterator[Share]:  # noqa: ARG002 - as of any provider
        return shares(self.host)
