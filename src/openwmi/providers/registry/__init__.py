"""A registry of this host's own, as methods."""

PROVIDERS: dict[str, tuple[str, str]] = {
    "StdRegProv": ("openwmi.providers.registry.provider", "RegistryProvider"),
    r"root\default:StdRegProv": ("openwmi.providers.registry.provider", "DefaultRegistryProvider"),
}
"""Class, with its namespace where that is not root\\cimv2 -> (module, provider)."""
