"""What is shared with other machines: folders and printers."""

PROVIDERS: dict[str, tuple[str, str]] = {
    "Win32_Printer": ("openwmi.providers.sharing.printer", "PrinterProvider"),
    "Win32_Share": ("openwmi.providers.sharing.share", "ShareProvider"),
}
"""Class -> (module, provider)."""
