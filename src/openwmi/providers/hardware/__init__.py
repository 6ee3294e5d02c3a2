"""The machine itself: SMBIOS, processors, memory."""

PROVIDERS: dict[str, tuple[str, str]] = {
    "Win32_ComputerSystem": ("openwmi.providers.hardware.computer", "ComputerSystemProvider"),
    "Win32_ComputerSystemProduct": ("openwmi.providers.hardware.product", "ComputerSystemProductProvider"),
    "Win32_BIOS": ("openwmi.providers.hardware.bios", "BiosProvider"),
    "Win32_BaseBoard": ("openwmi.providers.hardware.board", "BaseBoardProvider"),
    "Win32_SystemEnclosure": ("openwmi.providers.hardware.enclosure", "SystemEnclosureProvider"),
    "Win32_Processor": ("openwmi.providers.hardware.processor", "ProcessorProvider"),
    "Win32_PhysicalMemory": ("openwmi.providers.hardware.memory", "PhysicalMemoryProvider"),
    "Win32_PhysicalMemoryArray": ("openwmi.providers.hardware.memoryarray", "PhysicalMemoryArrayProvider"),
}
"""Class -> (module, provider)."""
