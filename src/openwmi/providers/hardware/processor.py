"""Win32_Processor of this host: of each socket that has a processor one instance. Page win32-processor.

What runs is the kernel's to say (names, cores, speeds); what is built in is the firmware's (SMBIOS types 4 and 7).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property

from openwmi.engine.provider import Request
from openwmi.providers.hardware import arm
from openwmi.providers.hardware.firmware import Firmware
from openwmi.providers.hardware.load import Load, Ticks, percentage
from openwmi.providers.hardware.machine import Machine, machine
from openwmi.providers.hardware.processors import Package, packages
from openwmi.providers.hardware.smbios import NOTHING, Structure
from openwmi.providers.host import Host
from openwmi.providers.reading import HostProvider, Null, Reads, Table, always

PROCESSOR = 4
CENTRAL = 3
_POPULATED = 0x40
_L2, _L3 = 0x1C, 0x1E


class Processors:
    """All of a host: what its sockets share in one answer."""

    def __init__(self, host: Host, load: Load) -> None:
        self.host = host
        self.firmware = Firmware(host)
        self._load = load

    @cached_property
    def node(self) -> str:
        return self.host.kernel.node

    @cached_property
    def machine(self) -> Machine:
        return machine(self.host.kernel.machine)

    @cached_property
    def ticks(self) -> Ticks:
        return self._load.look(self.host)

    @cached_property
    def structures(self) -> list[Structure]:
        """The firmware's, of the sockets that have a processor."""
        return populated(self.firmware)


class Socket:
    """One processor.

    Attributes:
        all: what it shares with the others.
        index: from 0.
        package: what the kernel knows of it.
    """

    def __init__(self, all_: Processors, index: int, package: Package) -> None:
        self.all = all_
        self.index = index
        self.package = package

    @cached_property
    def structure(self) -> Structure:
        """What the firmware knows of it; sockets are in the same order there."""
        found = self.all.structures
        return found[self.index] if self.index < len(found) else NOTHING

    def field(self, name: str) -> str | None:
        """A line of /proc/cpuinfo."""
        return self.package.fields.get(name)


def populated(firmware: Firmware) -> list[Structure]:
    """SMBIOS type 4: the central processors that are there."""
    found = firmware.structures.of(PROCESSOR)
    return [each for each in found if each.byte(0x05) == CENTRAL and (each.byte(0x18) or 0) & _POPULATED]


def sockets(all_: Processors) -> list[Socket]:
    """As the kernel counts them; as the firmware does where the kernel says nothing."""
    found = packages(all_.host) or [Package(all_.host) for _ in all_.structures]
    return [Socket(all_, index, package) for index, package in enumerate(found)]


# -------------------------------------------------------------------------------------------------- SMBIOS, type 4


def _text(offset: int) -> Callable[[Socket], str | None]:
    return lambda socket: socket.structure.text(offset)


def _number(offset: int, size: int = 1, *unknown: int) -> Callable[[Socket], int | None]:
    def read(socket: Socket) -> int | None:
        found = socket.structure.number(offset, size)
        return None if found in unknown else found

    return read


def _count(socket: Socket, offset: int, longer: int) -> int | None:
    """One of cores or threads: 0 is unknown, and one that an octet cannot hold stands elsewhere."""
    found = socket.structure.byte(offset)
    if found == 0xFF:
        found = socket.structure.word(longer) or found
    return found or None


def _family(socket: Socket) -> int | None:
    found = socket.structure.byte(0x06)
    return socket.structure.word(0x28) if found == 0xFE else found


def _voltage(socket: Socket) -> int | None:
    """Tenths of a volt; None where only what the socket would bear is known."""
    found = socket.structure.byte(0x11)
    return found & 0x7F if found is not None and found & 0x80 else None


def _voltages(socket: Socket) -> int | None:
    """The bits of what the socket bears; None where a voltage is known instead."""
    found = socket.structure.byte(0x11)
    return found & 0x07 or None if found is not None and not found & 0x80 else None


def _identifier(socket: Socket) -> str | None:
    """Windows: EDX of CPUID stands before EAX."""
    signature, features = socket.structure.number(0x08, 4), socket.structure.number(0x0C, 4)
    return None if signature is None or features is None else f"{features:08X}{signature:08X}"


def _state(socket: Socket) -> int | None:
    """Of the BIOS Setup's; without it "enabled", since the kernel runs on it."""
    found = socket.structure.byte(0x18)
    return 1 if found is None and socket.package.logicals else None if found is None else found & 0x07


def _cache(handle: int, level: int) -> Callable[[Socket], int | None]:
    """Kilobytes of all caches of a level. The kernel asks the processor, and firmware may be that of a stand-in."""

    def read(socket: Socket) -> int | None:
        told, all_of_it = socket.package.cache_kilobytes(level)
        if told and all_of_it:
            return told
        return _installed(socket.all.firmware.structures.at(socket.structure.word(handle))) or told

    return read


def _installed(cache: Structure) -> int | None:
    """DSP0134 7.8: units of 1 or 64 kilobytes; what 15 bits cannot hold stands elsewhere."""
    if cache.kind != 7:
        return None
    size = cache.word(0x09)
    if size == 0xFFFF:
        longer = cache.number(0x17, 4) or 0
        return (longer & 0x7FFFFFFF) * (64 if longer >> 31 else 1)
    return None if size is None else (size & 0x7FFF) * (64 if size >> 15 else 1)


# ---------------------------------------------------------------------------------------------------- the kernel


def _name(socket: Socket) -> str | None:
    return socket.package.name or socket.structure.text(0x10) or arm.design(socket.package.fields)


def _manufacturer(socket: Socket) -> str | None:
    return socket.field("vendor_id") or arm.maker(socket.package.fields) or socket.structure.text(0x07)


def _description(socket: Socket) -> str | None:
    """As Windows has it in the registry, of processors of x86: Intel64 Family 6 Model 140 Stepping 1."""
    parts = [socket.field(name) for name in ("cpu family", "model", "stepping")]
    if None in parts or socket.all.machine.architecture not in _X86:
        return None
    kind = "x86" if _data_width(socket) == 32 else "Intel64" if socket.field("vendor_id") == "GenuineIntel" else "AMD64"
    return "{} Family {} Model {} Stepping {}".format(kind, *parts)


def _data_width(socket: Socket) -> int | None:
    """Of the processor; a system of 32 bits may run on one of 64."""
    return 64 if "lm" in (socket.package.flags or ()) else socket.all.machine.bits


def _level(socket: Socket) -> int | None:
    found = socket.field("cpu family") or socket.field("CPU architecture") or ""
    return int(found) if re.fullmatch(r"\d{1,4}", found) else None


def _revision(socket: Socket) -> int | None:
    """The model in the high octet, the stepping in the low one, as in SYSTEM_INFO.wProcessorRevision."""
    found = int(socket.field("model") or "") << 8 | int(socket.field("stepping") or "")
    return found if found <= 0xFFFF else None


def _version(socket: Socket) -> str:
    return f"Model {int(socket.field('model') or '')}, Stepping {int(socket.field('stepping') or '')}"


def _most_megahertz(socket: Socket) -> int | None:
    return socket.package.most_megahertz() or socket.structure.word(0x14) or socket.package.megahertz()


def _has(*names: str) -> Callable[[Socket], bool | None]:
    def read(socket: Socket) -> bool | None:
        flags = socket.package.flags
        return None if flags is None else not flags.isdisjoint(names)

    return read


def _enabled_cores(socket: Socket) -> int | None:
    return _count(socket, 0x24, 0x2C) or socket.package.cores()


def _threads(socket: Socket) -> int | None:
    return _count(socket, 0x25, 0x2E) or len(socket.package.logicals) or None


_X86 = {0, 9}
_CPUINFO = "/proc/cpuinfo"
_DEVICE = Null("it is of devices with a driver")
_TOLD = Null("neither the kernel nor the firmware tells it")
_VIRTUAL = "/proc/cpuinfo flags {0}; NULL for other processors than x86"


def _smbios(field: str, read: Callable[[Socket], object]) -> Reads[Socket]:
    return Reads(f"SMBIOS type 4, {field}; NULL without it", read)


TABLE: Table[Socket] = {
    "DeviceID": Reads("the order of the sockets: CPU0, …", lambda socket: f"CPU{socket.index}"),
    "Caption": Reads("as Description", _description),
    "Description": Reads(
        "/proc/cpuinfo cpu family, model and stepping, as Windows writes them; NULL for other processors than x86",
        _description,
    ),
    "InstallDate": _TOLD,
    "Name": Reads(
        f"{_CPUINFO} model name, else SMBIOS type 4, Processor Version, else CPU part of ARM's; NULL without them",
        _name,
    ),
    "Status": always("OK"),
    "Availability": always(3),  # it runs
    "ConfigManagerErrorCode": _DEVICE,
    "ConfigManagerUserConfig": _DEVICE,
    "CreationClassName": always("Win32_Processor"),
    "PowerManagementCapabilities": _TOLD,
    "ErrorCleared": _TOLD,
    "ErrorDescription": _TOLD,
    "LastErrorCode": _TOLD,
    "PNPDeviceID": _DEVICE,
    "PowerManagementSupported": _TOLD,
    "StatusInfo": always(3),  # enabled
    "SystemCreationClassName": always("Win32_ComputerSystem"),
    "SystemName": Reads("uname(2) nodename", lambda socket: socket.all.node),
    "AddressWidth": Reads("uname(2) machine; NULL for one that is not known", lambda socket: socket.all.machine.bits),
    "CurrentClockSpeed": Reads(
        "cpufreq/scaling_cur_freq, else /proc/cpuinfo cpu MHz, of the first logical processor, else SMBIOS type 4, "
        "Current Speed; NULL without them",
        lambda socket: socket.package.megahertz() or socket.structure.word(0x16) or None,
    ),
    "DataWidth": Reads("64 with the flag lm in /proc/cpuinfo, else as AddressWidth", _data_width),
    "Family": _smbios("Processor Family or Processor Family 2", _family),
    "LoadPercentage": Reads(
        "/proc/stat, between this request and one at least a second ago; at the first, over a fifth of a second",
        lambda socket: percentage(socket.all.ticks, (each.number for each in socket.package.logicals)),
    ),
    "MaxClockSpeed": Reads(
        "cpufreq/cpuinfo_max_freq, else SMBIOS type 4, Max Speed, else as CurrentClockSpeed, where nothing scales it",
        _most_megahertz,
    ),
    "OtherFamilyDescription": Reads(
        "as Name where Family is 1, else NULL", lambda socket: _name(socket) if _family(socket) == 1 else None
    ),
    "Role": always("CPU"),
    "Stepping": Reads(f"{_CPUINFO} stepping; NULL without it", lambda socket: socket.field("stepping")),
    "UniqueId": _TOLD,
    "UpgradeMethod": _smbios("Processor Upgrade", _number(0x19)),
    "Architecture": Reads(
        "uname(2) machine; NULL for one without a number", lambda socket: socket.all.machine.architecture
    ),
    "AssetTag": _smbios("Asset Tag", _text(0x21)),
    "Characteristics": _smbios("Processor Characteristics", _number(0x26, 2)),
    "CpuStatus": Reads("SMBIOS type 4, Status; 1 without it, since it runs", _state),
    "CurrentVoltage": _smbios("Voltage, where it is one", _voltage),
    "ExtClock": _smbios("External Clock", _number(0x12, 2, 0)),
    "L2CacheSize": Reads(
        "/sys/devices/system/cpu/cpu*/cache, all together, else SMBIOS type 7, Installed Size; NULL without both",
        _cache(_L2, 2),
    ),
    "L2CacheSpeed": Null("the firmware tells nanoseconds at the most"),
    "L3CacheSize": Reads("as L2CacheSize", _cache(_L3, 3)),
    "L3CacheSpeed": Null("the firmware tells nanoseconds at the most"),
    "Level": Reads(f"{_CPUINFO} cpu family, or CPU architecture; NULL without both", _level),
    "Manufacturer": Reads(
        f"{_CPUINFO} vendor_id or CPU implementer, else SMBIOS type 4, Processor Manufacturer; NULL without them",
        _manufacturer,
    ),
    "NumberOfCores": Reads(
        f"{_CPUINFO} core id, else topology/thread_siblings_list, else SMBIOS type 4, Core Count: those that are on",
        lambda socket: socket.package.cores() or _count(socket, 0x23, 0x2A),
    ),
    "NumberOfEnabledCore": Reads("SMBIOS type 4, Core Enabled, else as NumberOfCores", _enabled_cores),
    "NumberOfLogicalProcessors": Reads(
        f"{_CPUINFO} physical id; NULL where nothing is listed", lambda socket: len(socket.package.logicals) or None
    ),
    "PartNumber": _smbios("Part Number", _text(0x22)),
    "ProcessorId": _smbios("Processor ID", _identifier),
    "ProcessorType": always(CENTRAL),
    "Revision": Reads(f"{_CPUINFO} model and stepping, an octet each; NULL without them", _revision),
    "SecondLevelAddressTranslationExtensions": Reads(_VIRTUAL.format("ept or npt"), _has("ept", "npt")),
    "SerialNumber": _smbios("Serial Number", _text(0x20)),
    "SocketDesignation": _smbios("Socket Designation", _text(0x04)),
    "ThreadCount": Reads("SMBIOS type 4, Thread Count, else as NumberOfLogicalProcessors", _threads),
    "Version": Reads(f"{_CPUINFO} model and stepping; NULL without them", _version),
    "VirtualizationFirmwareEnabled": Reads(
        f"{_VIRTUAL.format('vmx or svm')}; the kernel hides what the firmware locked", _has("vmx", "svm")
    ),
    "VMMonitorModeExtensions": Reads(_VIRTUAL.format("vmx or svm"), _has("vmx", "svm")),
    "VoltageCaps": _smbios("Voltage, where it is what the socket bears", _voltages),
}


class ProcessorProvider(HostProvider[Socket]):
    """The processors; it keeps what LoadPercentage is reckoned from."""

    cim_class = "Win32_Processor"
    table = TABLE

    def __init__(self, host: Host | None = None) -> None:
        super().__init__(host)
        self._load = Load()

    def samples(self, request: Request) -> Iterator[Socket]:  # noqa: ARG002 - as of any provider
        yield from sockets(Processors(self.host, self._load))
