"""What is installed, and the environment that programs begin with."""

PROVIDERS: dict[str, tuple[str, str]] = {
    "Win32_Environment": ("openwmi.providers.software.environment", "EnvironmentProvider"),
    "Win32_Product": ("openwmi.providers.software.product", "ProductProvider"),
    "Win32_QuickFixEngineering": ("openwmi.providers.software.fix", "FixProvider"),
}
"""Class -> (module, provider)."""
