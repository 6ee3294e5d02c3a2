"""Processes and their threads."""

PROVIDERS: dict[str, tuple[str, str]] = {
    "Win32_Process": ("openwmi.providers.processes.process", "ProcessProvider"),
    "Win32_Thread": ("openwmi.providers.processes.thread", "ThreadProvider"),
    "Win32_SystemProcesses": ("openwmi.providers.processes.thread", "SystemProcessesProvider"),
}
"""Class -> (module, provider)."""
