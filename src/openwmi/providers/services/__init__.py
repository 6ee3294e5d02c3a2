"""Services, drivers and scheduled jobs."""

PROVIDERS: dict[str, tuple[str, str]] = {
    "Win32_Service": ("openwmi.providers.services.service", "ServiceProvider"),
    "Win32_SystemServices": ("openwmi.providers.services.service", "SystemServicesProvider"),
    "Win32_DependentService": ("openwmi.providers.services.service", "DependentServiceProvider"),
    "Win32_SystemDriver": ("openwmi.providers.services.driver", "SystemDriverProvider"),
    "Win32_ScheduledJob": ("openwmi.providers.services.job", "ScheduledJobProvider"),
}
"""Class -> (module, provider)."""
