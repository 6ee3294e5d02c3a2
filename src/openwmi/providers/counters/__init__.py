"""Counters of performance, raw and formatted; those of disks and of processes are with the families that know them."""

PROVIDERS: dict[str, tuple[str, str]] = {
    "Win32_PerfRawData_PerfOS_Processor": ("openwmi.providers.counters.processor", "RawProcessorProvider"),
    "Win32_PerfFormattedData_PerfOS_Processor": ("openwmi.providers.counters.processor", "ProcessorProvider"),
    "Win32_PerfRawData_PerfOS_Memory": ("openwmi.providers.counters.memory", "RawMemoryProvider"),
    "Win32_PerfFormattedData_PerfOS_Memory": ("openwmi.providers.counters.memory", "MemoryProvider"),
    "Win32_PerfRawData_PerfOS_System": ("openwmi.providers.counters.system", "RawSystemProvider"),
    "Win32_PerfFormattedData_PerfOS_System": ("openwmi.providers.counters.system", "SystemProvider"),
    "Win32_PerfRawData_PerfDisk_LogicalDisk": ("openwmi.providers.storage.counters", "RawDriveProvider"),
    "Win32_PerfFormattedData_PerfDisk_LogicalDisk": ("openwmi.providers.storage.counters", "DriveProvider"),
    "Win32_PerfRawData_Tcpip_NetworkInterface": ("openwmi.providers.counters.interface", "RawInterfaceProvider"),
    "Win32_PerfFormattedData_Tcpip_NetworkInterface": ("openwmi.providers.counters.interface", "InterfaceProvider"),
    "Win32_PerfRawData_PerfProc_Process": ("openwmi.providers.processes.counters", "RawProcessProvider"),
    "Win32_PerfFormattedData_PerfProc_Process": ("openwmi.providers.processes.counters", "ProcessCounterProvider"),
}
"""Class -> (module, provider)."""
