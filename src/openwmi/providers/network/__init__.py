"""Interfaces, their configuration, routes, and echoes of other hosts."""

PROVIDERS: dict[str, tuple[str, str]] = {
    "Win32_NetworkAdapter": ("openwmi.providers.network.adapter", "NetworkAdapterProvider"),
    "Win32_NetworkAdapterConfiguration": (
        "openwmi.providers.network.configuration",
        "NetworkAdapterConfigurationProvider",
    ),
    "Win32_NetworkAdapterSetting": ("openwmi.providers.network.setting", "NetworkAdapterSettingProvider"),
    "Win32_IP4RouteTable": ("openwmi.providers.network.route", "RouteProvider"),
    "Win32_PingStatus": ("openwmi.providers.network.pingstatus", "PingStatusProvider"),
}
"""Class -> (module, provider)."""
