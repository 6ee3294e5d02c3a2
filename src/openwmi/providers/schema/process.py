"""CIM_Process, Win32_Process and what Win32_Process.Create takes.

Pages win32-process, cim-process, win32-processstartup and those of the methods. KernelModeTime is said to be in
milliseconds in one sentence and in units of 100 ns by its qualifier: the qualifier is right, as on Windows.
"""

from __future__ import annotations

from openwmi.model import CimClass, Qualifier
from openwmi.providers.schema.base import CIM_LOGICAL_ELEMENT
from openwmi.providers.schema.words import (
    ABSTRACT,
    CIM_KEY,
    DYNAMIC,
    FIXED,
    HERE,
    IMPLEMENTED,
    KEY,
    NAMESPACE,
    PROVIDER,
    STATIC,
    given,
    maps,
    max_len,
    method,
    override,
    privileges,
    prop,
    propagated,
    qualifier,
    qualifiers,
    returned,
    units,
    uuid,
)


def _status(field: str) -> Qualifier:
    return maps(f"Win32API|Process Status|SYSTEM_PROCESS_INFORMATION|{field}")


def _counter(field: str) -> Qualifier:
    return maps(f"Win32API|Process and Thread Structures|SYSTEM_PROCESS_INFORMATION|{field}")


def _startup(field: str) -> Qualifier:
    return maps(f"Win32API|Process and Thread Structures|STARTUPINFO|{field}")


CIM_PROCESS = CIM_LOGICAL_ELEMENT.derive(
    "CIM_Process",
    qualifiers=qualifiers(ABSTRACT, uuid("{8502C566-5FBB-11D2-AAC1-006008C78BC7}")),
    properties=(
        prop("CreationClassName", "string", CIM_KEY, max_len(256)),
        prop("CreationDate", "datetime", FIXED),
        prop(
            "CSCreationClassName",
            "string",
            propagated("CIM_OperatingSystem.CSCreationClassName"),
            CIM_KEY,
            max_len(256),
        ),
        prop("CSName", "string", propagated("CIM_OperatingSystem.CSName"), CIM_KEY, max_len(256)),
        prop("ExecutionState", "uint16"),
        prop("Handle", "string", KEY, max_len(256)),
        prop("KernelModeTime", "uint64", units("milliseconds")),
        prop(
            "OSCreationClassName", "string", propagated("CIM_OperatingSystem.CreationClassName"), CIM_KEY, max_len(256)
        ),
        prop("OSName", "string", propagated("CIM_OperatingSystem.Name"), CIM_KEY, max_len(256)),
        prop("Priority", "uint32"),
        prop("TerminationDate", "datetime"),
        prop("UserModeTime", "uint64", units("milliseconds")),
        prop("WorkingSetSize", "uint64", units("bytes")),
    ),
)

WIN32_PROCESS = CIM_PROCESS.derive(
    "Win32_Process",
    qualifiers=qualifiers(
        DYNAMIC,
        PROVIDER,
        qualifier("SupportsCreate", flavor=HERE),
        qualifier("CreateBy", "Create", HERE),
        qualifier("SupportsDelete", flavor=HERE),
        qualifier("DeleteBy", "DeleteInstance", HERE),
        uuid("{8502C4DC-5FBB-11D2-AAC1-006008C78BC7}"),
    ),
    properties=(
        prop("CommandLine", "string"),
        prop(
            "ExecutablePath",
            "string",
            privileges("SeDebugPrivilege"),
            maps("Win32API|Tool Help Structures|MODULEENTRY32|szExePath"),
        ),
        prop("HandleCount", "uint32", _status("HandleCount")),
        prop("KernelModeTime", "uint64", override("KernelModeTime"), units("100 nanoseconds")),
        prop(
            "MaximumWorkingSetSize",
            "uint32",
            privileges("SeDebugPrivilege"),
            maps("Win32|WINNT.H|QUOTA_LIMITS|MaximumWorkingSetSize"),
            units("kilobytes"),
        ),
        prop(
            "MinimumWorkingSetSize",
            "uint32",
            privileges("SeDebugPrivilege"),
            maps("Win32|WINNT.H|QUOTA_LIMITS|MinimumWorkingSetSize"),
            units("kilobytes"),
        ),
        prop("OtherOperationCount", "uint64", _counter("OtherOperationCount")),
        prop("OtherTransferCount", "uint64", _counter("OtherTransferCount"), units("bytes")),
        prop("PageFaults", "uint32", _status("PageFaultCount")),
        prop("PageFileUsage", "uint32", _status("PagefileUsage"), units("kilobytes")),
        prop("ParentProcessId", "uint32", _status("InheritedFromUniqueProcessId")),
        prop("PeakPageFileUsage", "uint32", _status("PeakPagefileUsage"), units("kilobytes")),
        prop("PeakVirtualSize", "uint64", _status("PeakVirtualSize"), units("bytes")),
        prop("PeakWorkingSetSize", "uint32", _status("PeakWorkingSetSize"), units("kilobytes")),
        prop("Priority", "uint32", override("Priority"), _status("BasePriority")),
        prop("PrivatePageCount", "uint64", _status("PrivatePageCount")),
        prop("ProcessId", "uint32", maps("Win32API|Process and Thread Structures|PROCESS_INFORMATION|dwProcessId")),
        prop("QuotaNonPagedPoolUsage", "uint32", _status("QuotaNonPagedPoolUsage")),
        prop("QuotaPagedPoolUsage", "uint32", _status("QuotaPagedPoolUsage")),
        prop("QuotaPeakNonPagedPoolUsage", "uint32", _status("QuotaPeakNonPagedPoolUsage")),
        prop("QuotaPeakPagedPoolUsage", "uint32", _status("QuotaPeakPagedPoolUsage")),
        prop("ReadOperationCount", "uint64", _counter("ReadOperationCount")),
        prop("ReadTransferCount", "uint64", _counter("ReadTransferCount"), units("bytes")),
        prop("SessionId", "uint32", _status("SessionId")),
        prop("ThreadCount", "uint32", _status("NumberOfThreads")),
        prop("UserModeTime", "uint64", override("UserModeTime"), units("100 nanoseconds")),
        prop("VirtualSize", "uint64", _status("VirtualSize"), units("bytes")),
        prop("WindowsVersion", "string", maps("Win32API|Process and Thread Functions|GetProcessVersion")),
        prop("WriteOperationCount", "uint64", _counter("WriteOperationCount")),
        prop("WriteTransferCount", "uint64", _counter("WriteTransferCount"), units("bytes")),
    ),
    methods=(
        method("AttachDebugger", ()),
        method(
            "Create",
            (STATIC, IMPLEMENTED),
            given("string", "CommandLine"),
            given("string", "CurrentDirectory"),
            given("object:Win32_ProcessStartup", "ProcessStartupInformation"),
            returned("uint32", "ProcessId"),
        ),
        method("GetAvailableVirtualSize", (), returned("uint64", "AvailableVirtualSize")),
        method("GetOwner", (IMPLEMENTED,), returned("string", "User"), returned("string", "Domain")),
        method("GetOwnerSid", (), returned("string", "Sid")),
        method("SetPriority", (), given("sint32", "Priority")),
        method("Terminate", (IMPLEMENTED,), given("uint32", "Reason")),
    ),
)

WIN32_METHOD_PARAMETER_CLASS = CimClass(
    "Win32_MethodParameterClass",
    namespace=NAMESPACE,
    qualifiers=qualifiers(ABSTRACT, uuid("{8502C4DA-5FBB-11D2-AAC1-006008C78BC7}")),
)

# Windows: the page prints these by the alphabet; the order below is that of the class that Windows Server 2019 sends.
# Windows: ErrorMode is 0 there by default; the page says 1 ("Default"), and so do we.
WIN32_PROCESS_STARTUP = WIN32_METHOD_PARAMETER_CLASS.derive(
    "Win32_ProcessStartup",
    qualifiers=qualifiers(ABSTRACT, uuid("{8502C4DB-5FBB-11D2-AAC1-006008C78BC7}")),
    properties=(
        prop(
            "CreateFlags",
            "uint32",
            maps("Win32API|Process and Thread Functions|CreateProcess|dwCreationFlags"),
            writable=True,
        ),
        prop(
            "PriorityClass",
            "uint32",
            maps("Win32API|Process and Thread Structures|JOBOBJECT_BASIC_LIMIT_INFORMATION|PriorityClass"),
            writable=True,
        ),
        prop("EnvironmentVariables", "string[]", maps("Win32Registry|HKEY_CURRENT_USER\\Environment"), writable=True),
        prop("WinstationDesktop", "string", _startup("lpDesktop"), writable=True),
        prop("Title", "string", _startup("lpTitle"), writable=True),
        prop("X", "uint32", _startup("dwX"), writable=True),
        prop("Y", "uint32", _startup("dwY"), writable=True),
        prop("XSize", "uint32", _startup("dwXSize"), writable=True),
        prop("YSize", "uint32", _startup("dwYSize"), writable=True),
        prop("XCountChars", "uint32", _startup("XCountChars"), writable=True),
        prop("YCountChars", "uint32", _startup("YCountChars"), writable=True),
        prop("FillAttribute", "uint32", _startup("dwFillAttribute"), writable=True),
        prop("ShowWindow", "uint16", _startup("wShowWindow"), writable=True),
        prop("ErrorMode", "uint16", maps("Win32API|Error Functions|SetErrorMode"), default=1, writable=True),
    ),
)
