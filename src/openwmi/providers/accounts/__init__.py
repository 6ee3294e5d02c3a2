"""Users, groups and their sessions."""

PROVIDERS: dict[str, tuple[str, str]] = {
    "Win32_UserAccount": ("openwmi.providers.accounts.user", "UserAccountProvider"),
    "Win32_Group": ("openwmi.providers.accounts.group", "GroupProvider"),
    "Win32_GroupUser": ("openwmi.providers.accounts.group", "GroupUserProvider"),
    "Win32_SystemUsers": ("openwmi.providers.accounts.group", "SystemUsersProvider"),
    "Win32_LogonSession": ("openwmi.providers.accounts.session", "LogonSessionProvider"),
    "Win32_LoggedOnUser": ("openwmi.providers.accounts.session", "LoggedOnUserProvider"),
    "Win32_SessionProcess": ("openwmi.providers.accounts.session", "SessionProcessProvider"),
}
"""Class -> (module, provider)."""
