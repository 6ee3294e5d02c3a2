"""The classes that the table of facts does not have, against the syntax that their pages of the documentation print.

A page prints the inherited properties as well. What Windows has otherwise than its page is said here, beside the page.
"""

import pytest

from openwmi.base.case import fold
from openwmi.engine.registration import shipped_class
from openwmi.model import CimType

TIMES = "Frequency_Object Frequency_PerfTime Frequency_Sys100NS Timestamp_Object Timestamp_PerfTime Timestamp_Sys100NS"
PERF = f"string Caption Description Name; uint64 {TIMES}"

PAGES = {
    "Win32_Volume": (
        "CIM_StorageVolume",
        """uint16 Access Availability StatusInfo; uint16[] PowerManagementCapabilities; uint64 BlockSize Capacity
        FreeSpace NumberOfBlocks; uint32 ConfigManagerErrorCode DriveType LastErrorCode MaximumFileNameLength
        SerialNumber; datetime InstallDate; boolean Automount Compressed ConfigManagerUserConfig DirtyBitSet
        ErrorCleared IndexingEnabled PowerManagementSupported QuotasEnabled QuotasIncomplete QuotasRebuilding
        SupportsDiskQuotas SupportsFileBasedCompression; string Caption CreationClassName Description DeviceID
        DriveLetter ErrorDescription ErrorMethodology FileSystem Label Name PNPDeviceID Purpose Status
        SystemCreationClassName SystemName""",
        "DeviceID",
    ),
    "Win32_Product": (
        "CIM_Product",
        """uint16 AssignmentType; sint16 InstallState; uint32 WordCount; datetime InstallDate2; string Caption
        Description IdentifyingNumber InstallDate InstallLocation HelpLink HelpTelephone InstallSource Language
        LocalPackage Name PackageCache PackageCode PackageName ProductID RegOwner RegCompany SKUNumber Transforms
        URLInfoAbout URLUpdateInfo Vendor Version""",
        "IdentifyingNumber Name Version",
    ),
    "Win32_PingStatus": (
        None,
        """string Address ProtocolAddress ProtocolAddressResolved SourceRoute; string[] RouteRecord RouteRecordResolved
        TimeStampRecordAddress TimeStampRecordAddressResolved; uint32[] TimeStampRecord; boolean NoFragmentation
        ReplyInconsistency ResolveAddressNames; uint32 BufferSize PrimaryAddressResolutionStatus RecordRoute ReplySize
        ResponseTime ResponseTimeToLive SourceRouteType StatusCode Timeout TimeStampRoute TimeToLive TypeofService""",
        """Address BufferSize NoFragmentation RecordRoute ResolveAddressNames SourceRoute SourceRouteType Timeout
        TimestampRoute TimeToLive TypeofService""",
    ),
    "Win32_IP4RouteTable": (
        "CIM_LogicalElement",
        """sint32 Age InterfaceIndex Metric1 Metric2 Metric3 Metric4 Metric5; datetime InstallDate; uint32 Protocol
        Type;
        string Caption Description Destination Information Mask Name NextHop Status""",
        "Destination InterfaceIndex Mask NextHop",
    ),
    "Win32_NTLogEvent": (
        None,
        """uint16 Category EventCode; uint8[] Data; uint32 EventIdentifier RecordNumber; uint8 EventType; string[]
        InsertionStrings; datetime TimeGenerated TimeWritten; string CategoryString ComputerName Logfile Message
        SourceName Type User""",
        "Logfile RecordNumber",
    ),
    "Win32_PerfFormattedData_PerfOS_Processor": (
        "Win32_PerfFormattedData",
        f"""{PERF}; uint64 C1TransitionsPerSec C2TransitionsPerSec C3TransitionsPerSec PercentC1Time PercentC2Time
        PercentC3Time PercentDPCTime PercentIdleTime PercentInterruptTime PercentPrivilegedTime PercentProcessorTime
        PercentUserTime; uint32 DPCRate DPCsQueuedPerSec InterruptsPerSec""",
        "Name",
    ),
    "Win32_PerfFormattedData_PerfOS_System": (
        "Win32_PerfFormattedData",
        f"""{PERF}; uint64 FileControlBytesPerSec FileReadBytesPerSec FileWriteBytesPerSec SystemUpTime; uint32
        AlignmentFixupsPerSec ContextSwitchesPerSec ExceptionDispatchesPerSec FileControlOperationsPerSec
        FileDataOperationsPerSec FileReadOperationsPerSec FileWriteOperationsPerSec FloatingEmulationsPerSec
        PercentRegistryQuotaInUse Processes ProcessorQueueLength SystemCallsPerSec Threads""",
        "",
    ),
    "Win32_PerfRawData_PerfOS_Memory": (
        "Win32_PerfRawData",
        f"""{PERF}; uint64 AvailableBytes AvailableKBytes AvailableMBytes CacheBytes CacheBytesPeak CommitLimit
        CommittedBytes; uint32 CacheFaultsPerSec DemandZeroFaultsPerSec FreeSystemPageTableEntries PageFaultsPerSec
        PageReadsPerSec PagesInputPerSec PagesOutputPerSec PagesPerSec PageWritesPerSec""",
        "",
    ),
    "Win32_PerfFormattedData_PerfDisk_LogicalDisk": (
        "Win32_PerfFormattedData",
        f"""{PERF}; uint64 AvgDiskBytesPerRead AvgDiskBytesPerTransfer AvgDiskBytesPerWrite AvgDiskQueueLength
        AvgDiskReadQueueLength AvgDiskWriteQueueLength DiskBytesPerSec DiskReadBytesPerSec DiskWriteBytesPerSec; uint32
        AvgDiskSecPerRead AvgDiskSecPerTransfer AvgDiskSecPerWrite CurrentDiskQueueLength DiskReadsPerSec
        DiskTransfersPerSec DiskWritesPerSec FreeMegabytes""",
        "Name",
    ),
    # Windows: 64 bits since 6.0; the page has 32 in all but BytesTotalPerSec.
    "Win32_PerfFormattedData_Tcpip_NetworkInterface": (
        "Win32_PerfFormattedData",
        f"""{PERF}; uint64 BytesReceivedPerSec BytesSentPerSec BytesTotalPerSec CurrentBandwidth OutputQueueLength
        PacketsOutboundDiscarded PacketsOutboundErrors PacketsPerSec PacketsReceivedDiscarded PacketsReceivedErrors
        PacketsReceivedNonUnicastPerSec PacketsReceivedPerSec PacketsReceivedUnicastPerSec PacketsReceivedUnknown
        PacketsSentNonUnicastPerSec PacketsSentPerSec PacketsSentUnicastPerSec""",
        "Name",
    ),
    "Win32_PerfFormattedData_PerfProc_Process": (
        "Win32_PerfFormattedData",
        f"""{PERF}; uint64 ElapsedTime IODataBytesPerSec IODataOperationsPerSec IOOtherBytesPerSec
        IOOtherOperationsPerSec IOReadBytesPerSec IOReadOperationsPerSec IOWriteBytesPerSec IOWriteOperationsPerSec
        PageFileBytes PageFileBytesPeak PercentPrivilegedTime PercentProcessorTime PercentUserTime PrivateBytes
        VirtualBytes VirtualBytesPeak WorkingSet WorkingSetPeak; uint32 CreatingProcessID HandleCount IDProcess
        PageFaultsPerSec PoolNonpagedBytes PoolPagedBytes PriorityBase ThreadCount""",
        "Name",
    ),
}
"""Class -> its superclass, its properties by type, its keys."""


@pytest.mark.parametrize("name", PAGES)
def test_a_class_is_as_its_page_prints_it(name: str) -> None:
    superclass, members, keys = PAGES[name]
    class_ = shipped_class(name)
    assert (class_.superclass, {fold(key) for key in class_.keys}) == (superclass, set(map(fold, keys.split())))
    for group in members.split(";"):
        kind, *names = group.split()
        for each in names:
            type_ = class_.property(each).type
            assert type_.cim.keyword + "[]" * type_.array == kind, each


VALUES = {
    ("Win32_NTLogEvent", "EventType"): {1: "Error", 2: "Warning", 3: "Information"},
    ("Win32_IP4RouteTable", "Type"): {1: "other", 2: "invalid", 3: "direct", 4: "indirect"},
    ("Win32_IP4RouteTable", "Protocol"): {2: "local", 3: "netmgmt", 4: "icmp", 8: "rip", 13: "ospf", 14: "bgp"},
    ("Win32_Volume", "DriveType"): {2: "Removable Disk", 3: "Local Disk", 4: "Network Drive", 5: "Compact Disk"},
    ("Win32_Product", "InstallState"): {-6: "Bad Configuration", -2: "Invalid Argument", 2: "Absent", 5: "Installed"},
    ("Win32_PingStatus", "StatusCode"): {
        0: "Success",
        11002: "Destination Net Unreachable",
        11003: "Destination Host Unreachable",
        11009: "Packet Too Big",
        11010: "Request Timed Out",
        11013: "TimeToLive Expired Transit",
        11018: "Bad Destination",
        11032: "Negotiating IPSEC",
        11050: "General Failure",
    },
}


@pytest.mark.parametrize(("name", "member"), VALUES)
def test_codes_mean_what_the_page_says(name: str, member: str) -> None:
    qualifiers = shipped_class(name).property(member).qualifiers
    codes, words = qualifiers["ValueMap"].value, qualifiers["Values"].value
    assert isinstance(codes, tuple)
    assert isinstance(words, tuple)
    assert len(codes) == len(words)
    assert (
        VALUES[name, member].items() <= {int(str(code)): word for code, word in zip(codes, words, strict=True)}.items()
    )


UNITS = {
    "Win32_Volume": {"Capacity": "bytes", "FreeSpace": "bytes"},
    "Win32_PingStatus": {"ResponseTime": "milliseconds", "Timeout": "milliseconds", "BufferSize": "bytes"},
    "Win32_NTEventlogFile": {"MaxFileSize": "bytes", "FileSize": "bytes"},
    "Win32_IP4RouteTable": {"Age": "seconds"},
}


@pytest.mark.parametrize("name", UNITS)
def test_units_are_those_of_the_page(name: str) -> None:
    class_ = shipped_class(name)
    assert {each: class_.property(each).qualifiers["Units"].value for each in UNITS[name]} == UNITS[name]


def test_what_a_ping_is_asked_has_the_defaults_of_the_page() -> None:
    class_ = shipped_class("Win32_PingStatus")
    assert {each.name: each.default for each in class_.properties if each.default is not None} == {
        "BufferSize": 32,
        "NoFragmentation": False,
        "ProtocolAddress": "",
        "ProtocolAddressResolved": "",
        "RecordRoute": 0,
        "ResolveAddressNames": False,
        "SourceRoute": "",
        "SourceRouteType": 0,
        "Timeout": 1000,
        "TimestampRoute": 0,
        "TimeToLive": 80,
        "TypeofService": 0,
    }


def test_a_mount_point_is_of_a_directory_and_a_volume() -> None:
    class_ = shipped_class("Win32_MountPoint")
    found = {each.name: (each.type.cim, each.type.class_name) for each in class_.properties}
    assert found == {
        "Directory": (CimType.REFERENCE, "Win32_Directory"),
        "Volume": (CimType.REFERENCE, "Win32_Volume"),
    }
    assert set(class_.keys) == set(found)


REGISTRY, VALUE = (
    "in uint32 hDefKey, in string sSubKeyName",
    "in uint32 hDefKey, in string sSubKeyName, in string sValueName",
)
METHODS = {
    "StdRegProv": {
        "CreateKey": REGISTRY,
        "DeleteKey": REGISTRY,
        "EnumKey": f"{REGISTRY}, out string[] sNames",
        "EnumValues": f"{REGISTRY}, out string[] sNames, out sint32[] Types",
        "CheckAccess": f"{REGISTRY}, in uint32 uRequired, out boolean bGranted",
        "DeleteValue": VALUE,
        **{f"Set{kind}Value": f"{VALUE}, in string sValue" for kind in ("String", "ExpandedString")},
        **{f"Get{kind}Value": f"{VALUE}, out string sValue" for kind in ("String", "ExpandedString")},
        "SetMultiStringValue": f"{VALUE}, in string[] sValue",
        "GetMultiStringValue": f"{VALUE}, out string[] sValue",
        "SetDWORDValue": f"{VALUE}, in uint32 uValue",
        "GetDWORDValue": f"{VALUE}, out uint32 uValue",
        "SetQWORDValue": f"{VALUE}, in uint64 uValue",
        "GetQWORDValue": f"{VALUE}, out uint64 uValue",
        "SetBinaryValue": f"{VALUE}, in uint8[] uValue",
        "GetBinaryValue": f"{VALUE}, out uint8[] uValue",
    },
    "Win32_Volume": {
        "AddMountPoint": "in string Directory",
        "Chkdsk": "in boolean FixErrors, in boolean VigorousIndexCheck, in boolean SkipFolderCycle, "
        "in boolean ForceDismount, in boolean RecoverBadSectors, in boolean OkToRunAtBootUp",
        "Dismount": "in boolean Force, in boolean Permanent",
        "Format": "in string FileSystem, in boolean QuickFormat, in uint32 ClusterSize, in string Label, "
        "in boolean EnableCompression, in uint32 Version",
        "Mount": "",
        "ExcludeFromAutoChk": "in string[] Volume",
        "ScheduleAutoChk": "in string[] Volume",
    },
    "Win32_Product": {
        "Install": "in string PackageLocation, in string Options, in boolean AllUsers",
        "Reinstall": "in uint16 ReinstallMode",
        "Uninstall": "",
        "Upgrade": "in string PackageLocation, in string Options",
    },
}


@pytest.mark.parametrize("name", METHODS)
def test_methods_have_the_parameters_of_the_page(name: str) -> None:
    class_ = shipped_class(name)
    for each, expected in METHODS[name].items():
        method = class_.method(each)
        found = [
            f"{'in' if p.is_in else 'out'} {p.type.cim.keyword}{'[]' * p.type.array} {p.name}"
            for p in method.parameters
        ]
        assert ", ".join(found) == expected, each
        assert method.returns is not None
        assert method.returns.cim is CimType.UINT32
