"""Access denied, by layer: login, activation, DCOM, namespace and provider all say it with the same two statuses.

What to do stands here for Windows first, and then for `openwmi serve`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Layer(StrEnum):
    """Who is asked, from below."""

    NETWORK = "network"
    LOGIN = "login"
    ACTIVATION = "activation"
    ACCESS = "DCOM access"
    NAMESPACE = "namespace"
    PROVIDER = "provider"
    CALLBACK = "callback"


WHO: Final = {
    Layer.NETWORK: "the network",
    Layer.LOGIN: "the login: the machine does not take this name with this password",
    Layer.ACTIVATION: "the activation: the machine knows the user, and lets that user start nothing from afar",
    Layer.ACCESS: "DCOM's access limits: the user may activate WMI, and may not call it at this level of protection",
    Layer.NAMESPACE: "the namespace: the user may call WMI, and may not enter this namespace",
    Layer.PROVIDER: "the provider: the user is in the namespace, and whoever serves the class refuses",
    Layer.CALLBACK: "the machine itself, which does not call whom it cannot log in to",
}

WHAT_TO_DO: Final = {
    Layer.NETWORK: "let us through where the packets are filtered",
    Layer.LOGIN: (
        "check name, domain and password; on Windows also that the account is neither locked nor expired, and may"
        " 'Access this computer from the network'; an account of the machine itself is written MACHINE\\user; under"
        " 'openwmi serve' look with 'openwmi users list'"
    ),
    Layer.ACTIVATION: (
        "on Windows: dcomcnfg, My Computer, COM Security, 'Launch and Activation Permissions', Edit Limits: Remote"
        " Launch and Remote Activation, or make the user a member of Distributed COM Users; for a local account that is"
        " an administrator, LocalAccountTokenFilterPolicy takes its rights from afar; a level below PKT_INTEGRITY is"
        " refused since KB5004442"
    ),
    Layer.ACCESS: (
        "on Windows: dcomcnfg, My Computer, COM Security, 'Access Permissions', Edit Limits: Remote Access; Distributed"
        " COM Users have it; calls below PKT_INTEGRITY are refused since KB5004442, and these are at PKT_PRIVACY"
    ),
    Layer.NAMESPACE: (
        "on Windows: wmimgmt.msc, WMI Control, Properties, Security, the namespace: 'Enable Account' and 'Remote"
        " Enable' for the user, for subnamespaces, too; 'openwmi serve' lets every user in its file read"
    ),
    Layer.PROVIDER: (
        "the rights in WMI are enough, those that the provider asks for are not: most of Windows' own want a member of"
        " Administrators, or of Performance Monitor Users or Event Log Readers for their classes; under 'openwmi serve'"
        " writing and methods want --admin"
    ),
    Layer.CALLBACK: (
        "calls are made semisynchronously instead, which costs round trips and nothing else; 'openwmi serve' calls back"
        " with --anonymous-callbacks; Windows does if it may log in here, for which this machine has a keytab in"
        " KRB5_KTNAME, or if anonymous callbacks are allowed there"
    ),
}
