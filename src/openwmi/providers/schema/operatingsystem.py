"""CIM_OperatingSystem and Win32_OperatingSystem: pages cim-operatingsystem, win32-operatingsystem and its methods."""

from __future__ import annotations

from openwmi.model import Qualifier
from openwmi.providers.schema.base import CIM_LOGICAL_ELEMENT
from openwmi.providers.schema.words import (
    ABSTRACT,
    CIM_KEY,
    DEPRECATED,
    DYNAMIC,
    HERE,
    PROVIDER,
    SINGLETON,
    corresponds,
    given,
    maps,
    max_len,
    method,
    override,
    prop,
    propagated,
    qualifier,
    qualifiers,
    units,
    uuid,
)


def _version(field: str) -> Qualifier:
    return maps(f"Win32API|System Information Structures|OSVERSIONINFOEX|{field}")


def _locale(field: str) -> Qualifier:
    return maps(f"Win32API|National Language Support Functions|GetLocaleInfo|{field}")


def _windows(value: str) -> Qualifier:
    return maps(f"Win32Registry|Software\\Microsoft\\Windows\\CurrentVersion|{value}")


def _windows_nt(value: str) -> Qualifier:
    return maps(f"Win32Registry|Software\\Microsoft\\Windows NT\\CurrentVersion|{value}")


_PRIORITY_SEPARATION = maps("Win32Registry|SYSTEM\\CurrentControlSet\\Control\\PriorityControl|Win32PrioritySeparation")

CIM_OPERATING_SYSTEM = CIM_LOGICAL_ELEMENT.derive(
    "CIM_OperatingSystem",
    qualifiers=qualifiers(ABSTRACT, uuid("{8502C565-5FBB-11D2-AAC1-006008C78BC7}")),
    properties=(
        prop("CreationClassName", "string", CIM_KEY, max_len(256)),
        prop(
            "CSCreationClassName", "string", propagated("CIM_ComputerSystem.CreationClassName"), CIM_KEY, max_len(256)
        ),
        prop("CSName", "string", propagated("CIM_ComputerSystem.Name"), CIM_KEY, max_len(256)),
        prop("CurrentTimeZone", "sint16", units("minutes")),
        prop("Distributed", "boolean"),
        prop("FreePhysicalMemory", "uint64", units("kilobytes")),
        prop("FreeSpaceInPagingFiles", "uint64", maps("MIF.DMTF|System Memory Settings|001.4"), units("kilobytes")),
        prop("FreeVirtualMemory", "uint64", units("kilobytes")),
        prop("LastBootUpTime", "datetime"),
        prop(
            "LocalDateTime",
            "datetime",
            maps("MIB.IETF|HOST-RESOURCES-MIB.hrSystemDate", "MIF.DMTF|General Information|001.6"),
        ),
        prop("MaxNumberOfProcesses", "uint32", maps("MIB.IETF|HOST-RESOURCES-MIB.hrSystemMaxProcesses")),
        prop("MaxProcessMemorySize", "uint64", units("kilobytes")),
        prop("Name", "string", override("Name")),
        prop("NumberOfLicensedUsers", "uint32"),
        prop("NumberOfProcesses", "uint32", maps("MIB.IETF|HOST-RESOURCES-MIB.hrSystemProcesses")),
        prop("NumberOfUsers", "uint32", maps("MIB.IETF|HOST-RESOURCES-MIB.hrSystemNumUsers")),
        prop("OSType", "uint16", corresponds("CIM_OperatingSystem.OtherTypeDescription")),
        prop("OtherTypeDescription", "string", max_len(64), corresponds("CIM_OperatingSystem.OSType")),
        prop("SizeStoredInPagingFiles", "uint64", maps("MIF.DMTF|System Memory Settings|001.3"), units("kilobytes")),
        prop("TotalSwapSpaceSize", "uint64", units("kilobytes")),
        prop("TotalVirtualMemorySize", "uint64", units("kilobytes")),
        prop("TotalVisibleMemorySize", "uint64", units("kilobytes")),
        prop("Version", "string", maps("MIF.DMTF|Operating System|001.3")),
    ),
    methods=(method("Reboot", ()), method("Shutdown", ())),
)

WIN32_OPERATING_SYSTEM = CIM_OPERATING_SYSTEM.derive(
    "Win32_OperatingSystem",
    qualifiers=qualifiers(
        SINGLETON,
        DYNAMIC,
        PROVIDER,
        qualifier("SupportsUpdate", flavor=HERE),
        uuid("{8502C4DE-5FBB-11D2-AAC1-006008C78BC7}"),
    ),
    properties=(
        prop("BootDevice", "string", maps("Win32API|DRIVE_MAP_INFO|btInt13Unit")),
        prop("BuildNumber", "string", _version("dwBuildNumber")),
        prop("BuildType", "string", _windows("CurrentType")),
        prop("CodeSet", "string", max_len(6), _locale("LOCALE_IDEFAULTANSICODEPAGE")),
        prop("CountryCode", "string", _locale("LOCALE_ICOUNTRY")),
        prop("CSDVersion", "string", _version("szCSDVersion")),
        prop("DataExecutionPrevention_Available", "boolean", maps("WMI")),
        prop("DataExecutionPrevention_32BitApplications", "boolean", maps("WMI")),
        prop("DataExecutionPrevention_Drivers", "boolean", maps("WMI")),
        prop("DataExecutionPrevention_SupportPolicy", "uint8", maps("WMI")),
        prop("Debug", "boolean", maps("Win32API|GetSystemMetrics|SM_DEBUG")),
        prop("Description", "string", override("Description"), maps("WMI"), writable=True),
        prop("EncryptionLevel", "uint32"),
        prop("ForegroundApplicationBoost", "uint8", _PRIORITY_SEPARATION, default=2, writable=True),
        prop("LargeSystemCache", "uint32", DEPRECATED),
        prop("Locale", "string", _locale("LOCALE_ILANGUAGE")),
        prop("Manufacturer", "string", maps("WMI")),
        prop("MUILanguages", "string[]", maps("WMI")),
        prop("OperatingSystemSKU", "uint32", maps("WMI")),
        prop("Organization", "string", _windows("RegisteredOrganization")),
        prop("OSArchitecture", "string"),
        prop("OSLanguage", "uint32", maps("Win32Registry|DEFAULT\\Control Panel\\International|Locale")),
        prop(
            "OSProductSuite",
            "uint32",
            maps("Win32Registry|SYSTEM\\CurrentControlSet\\Control\\ProductOptions|ProductSuite"),
        ),
        prop("PAEEnabled", "boolean"),
        prop("PlusProductID", "string", _windows_nt("Plus! ProductId")),
        prop("PlusVersionNumber", "string", _windows_nt("Plus! VersionNumber")),
        prop("PortableOperatingSystem", "boolean"),
        prop("Primary", "boolean", maps("WMI")),
        prop("ProductType", "uint32"),
        prop("RegisteredUser", "string", _windows_nt("RegisteredOwner")),
        prop("SerialNumber", "string", _windows_nt("ProductId")),
        prop("ServicePackMajorVersion", "uint16", _version("wServicePackMajor")),
        prop("ServicePackMinorVersion", "uint16", _version("wServicePackMinor")),
        prop("SuiteMask", "uint32", qualifier("BitMap", tuple(str(bit) for bit in range(11)))),
        prop("SystemDevice", "string", maps("Win32API|Registry Functions|GetPrivateProfileString|Paths|TargetDevice")),
        prop("SystemDirectory", "string", maps("Win32API|System Information FunctionsGetSystemDirectory")),
        prop("SystemDrive", "string"),
        prop("Version", "string", override("Version"), _version("dwMajorVersion, dwMinorVersion")),
        prop("WindowsDirectory", "string", maps("Win32API|System Information Functions|GetWindowsDirectory")),
        prop("QuantumLength", "uint8", _PRIORITY_SEPARATION, writable=True),
        prop("QuantumType", "uint8", writable=True),
    ),
    methods=(
        method("Reboot", ()),
        method("SetDateTime", (), given("datetime", "LocalDatetime")),
        method("Shutdown", ()),
        method("Win32Shutdown", (), given("sint32", "Flags"), given("sint32", "Reserved")),
        method(
            "Win32ShutdownTracker",
            (),
            given("uint32", "Timeout"),
            given("string", "Comment"),
            given("uint32", "ReasonCode"),
            given("sint32", "Flags"),
        ),
    ),
)
