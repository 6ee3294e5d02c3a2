"""Win32_ComputerSystem of this host: what the machine is, and how it stands in its network. There is one instance.

Page win32-computersystem. From the kernel, the firmware (SMBIOS types 1, 3, 11, 23, 24, 32, or a device tree), the
login manager, and the settings of Samba and SSSD. None of its methods is implemented: they would change what an
administrator has to change with the system's own tools.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property

from openwmi.engine.provider import Request
from openwmi.providers.hardware.enclosure import chassis_type, sku
from openwmi.providers.hardware.firmware import Firmware, Part
from openwmi.providers.hardware.load import Load
from openwmi.providers.hardware.machine import MOBILE, SERVERS, SLATE, has_hypervisor, machine, profile
from openwmi.providers.hardware.membership import Membership, membership
from openwmi.providers.hardware.processor import Processors, Socket, sockets
from openwmi.providers.host import Host
from openwmi.providers.reading import HostProvider, Null, Reads, Table, always

SESSIONS = "/run/systemd/sessions"
SYSTEM, CHASSIS, OEM, RESET, SECURITY, BOOT = 1, 3, 11, 23, 24, 32
_RESCUE = {
    "single",
    "s",
    "S",
    "1",
    "rescue",
    "emergency",
    "systemd.unit=rescue.target",
    "systemd.unit=emergency.target",
}


class Computer:
    """The sources that several properties share, each asked once for an answer."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.firmware = Firmware(host)

    @cached_property
    def node(self) -> str:
        return self.host.kernel.node

    @cached_property
    def sockets(self) -> list[Socket]:
        return sockets(Processors(self.host, Load()))

    @cached_property
    def system(self) -> Part:
        return self.firmware.part(SYSTEM)

    @cached_property
    def chassis(self) -> Part:
        return self.firmware.part(CHASSIS)

    @cached_property
    def membership(self) -> Membership:
        return membership(self.host)

    @cached_property
    def profile(self) -> int | None:
        return profile(self.host, chassis_type(self.chassis))

    @cached_property
    def offsets(self) -> tuple[int, int, int]:
        """Minutes east of Greenwich: now, and in the middle of this year's winter and summer."""
        now = self.host.local(self.host.now())
        year = datetime(now.year, 1, 15, tzinfo=UTC), datetime(now.year, 7, 15, tzinfo=UTC)
        january, july = (self.host.local(each.timestamp()) for each in year)
        return _minutes(now), _minutes(january), _minutes(july)


def _minutes(local: datetime) -> int:
    return int((local.utcoffset() or timedelta(0)).total_seconds()) // 60


def _summer(of: Computer) -> bool:
    """Whether the clock is at the later of the year's two times."""
    now, january, july = of.offsets
    return january != july and now == max(january, july)


def _restarts(of: Computer) -> bool | None:
    """After a crash, by itself."""
    seconds = of.host.number("/proc/sys/kernel/panic")
    return None if seconds is None else seconds != 0


def _boot(of: Computer) -> str | None:
    words = of.host.read("/proc/cmdline")
    if words is None:
        return None
    return "Fail-safe boot" if _RESCUE & set(words.split()) else "Normal boot"


def _boot_status(of: Computer) -> list[int] | None:
    return [*of.firmware.part(BOOT).structure.formatted[0x0A:]] or None


def _oem_strings(of: Computer) -> list[str] | None:
    return [*of.firmware.part(OEM).structure.strings] or None


def _security(shift: int) -> Callable[[Computer], int | None]:
    """Two bits of SMBIOS type 24."""

    def read(of: Computer) -> int | None:
        found = of.firmware.part(SECURITY).number(0x04)
        return None if found is None else found >> shift & 3

    return read


def _reset_capability(of: Computer) -> int | None:
    """Of the button, in CIM's numbers."""
    return {0: 3, 1: 4, 2: 5, 3: 2}[found] if (found := _security(0)(of)) is not None else None


def _reset(shift: int, mask: int) -> Callable[[Computer], int | None]:
    """Bits of the capabilities in SMBIOS type 23."""

    def read(of: Computer) -> int | None:
        found = of.firmware.part(RESET).number(0x04)
        return None if found is None else found >> shift & mask

    return read


def _resets(offset: int) -> Callable[[Computer], int | None]:
    """A count of SMBIOS type 23; all ones is -1, which is "unknown" to both."""

    def read(of: Computer) -> int | None:
        found = of.firmware.part(RESET).number(offset, 2)
        return -1 if found == 0xFFFF else found if found is None or found <= 0x7FFF else None

    return read


def _pause(of: Computer) -> int | None:
    """Milliseconds; the firmware counts minutes."""
    minutes = of.firmware.part(RESET).number(0x0B, 2)
    return None if minutes is None else -1 if minutes == 0xFFFF else minutes * 60_000


def _role(of: Computer) -> int | None:
    """NULL where the machine may be a workstation or a server."""
    if of.membership.controls is not None:
        return of.membership.controls or None
    if of.membership.is_member is None or not of.profile:
        return None
    return 2 * (of.profile in SERVERS) + of.membership.is_member


def _hypervisor(of: Computer) -> bool | None:
    return has_hypervisor(of.firmware, of.sockets[0].package.flags if of.sockets else None)


def _physical_memory(of: Computer) -> int | None:
    if of.host.system == "Darwin":
        import psutil  # noqa: PLC0415 - on macOS alone

        return psutil.virtual_memory().total
    return int(of.host.fields("/proc/meminfo")["MemTotal"].removesuffix(" kB")) * 1024


def _user(of: Computer) -> str | None:
    """Who is at the machine itself, as Windows writes an account."""
    for name in of.host.names(SESSIONS):
        session = of.host.assignments(f"{SESSIONS}/{name}")
        is_here = session.get("SEAT") or session.get("TTY", "").startswith("tty")
        if session.get("ACTIVE") == "1" and session.get("CLASS", "").startswith("user") and is_here:
            return f"{of.node}\\{session['USER']}"
    return None


def _suspends(of: Computer) -> bool | None:
    states = of.host.read("/sys/power/state")
    return None if states is None else bool(states.split())


def _logical(of: Computer) -> int | None:
    return sum(len(each.package.logicals) for each in of.sockets) or None


_WINDOWS = Null("it belongs to Windows")
_BOOT_INI = Null("boot.ini belongs to Windows, and to old ones")
_TOLD = Null("neither the kernel nor the firmware tells it")
_NOBODY = Null("nobody is asked for it when a system is set up")


def _kept(what: str, offset: int, name: str, tree: str = "") -> Reads[Computer]:
    other = f" or the device tree's {tree}" if tree else ""
    return Reads(
        f"SMBIOS type 1, {what}, else /sys/class/dmi/id/{name}{other}; NULL without it",
        lambda of: of.system.text(offset, name),
    )


def _chassis(what: str, offset: int) -> Reads[Computer]:
    return Reads(f"SMBIOS type 3, {what}; NULL without it", lambda of: of.chassis.number(offset))


def _hardware(what: str, shift: int) -> Reads[Computer]:
    return Reads(f"SMBIOS type 24, {what}; NULL without it", _security(shift))


TABLE: Table[Computer] = {
    "Caption": Reads("as Name", lambda of: of.node),
    "Description": Null("nobody described it"),
    "InstallDate": _TOLD,
    "Name": Reads("uname(2) nodename", lambda of: of.node),
    "Status": always("OK"),
    "CreationClassName": always("Win32_ComputerSystem"),
    "NameFormat": Null("the name was chosen, and not made after a rule"),
    "PrimaryOwnerContact": _NOBODY,
    "PrimaryOwnerName": _NOBODY,
    "Roles": Null("the words for it are those of Windows networks"),
    "InitialLoadInfo": _TOLD,
    "LastLoadInfo": _TOLD,
    "PowerManagementCapabilities": _TOLD,
    "PowerManagementSupported": Reads("/sys/power/state names a state; NULL without it", _suspends),
    "PowerState": _TOLD,
    "ResetCapability": Reads("SMBIOS type 24, Front Panel Reset Status; NULL without it", _reset_capability),
    "AdminPasswordStatus": _hardware("Administrator Password Status", 2),
    "AutomaticManagedPagefile": _WINDOWS,
    "AutomaticResetBootOption": Reads("/proc/sys/kernel/panic is not 0; NULL without it", _restarts),
    "AutomaticResetCapability": Reads(
        "SMBIOS type 23, Capabilities, bit 0; NULL without it",
        lambda of: None if (found := _reset(0, 1)(of)) is None else bool(found),
    ),
    "BootOptionOnLimit": Reads("SMBIOS type 23, Capabilities, bits 3 and 4; NULL without it", _reset(3, 3)),
    "BootOptionOnWatchDog": Reads("SMBIOS type 23, Capabilities, bits 1 and 2; NULL without it", _reset(1, 3)),
    "BootROMSupported": _TOLD,
    "BootupState": Reads("the words of /proc/cmdline; NULL without it", _boot),
    "BootStatus": Reads("SMBIOS type 32, Boot Status; NULL without it", _boot_status),
    "ChassisBootupState": _chassis("Boot-up State", 0x09),
    "ChassisSKUNumber": Reads("SMBIOS type 3, SKU Number; NULL without it", lambda of: sku(of.chassis)),
    "CurrentTimeZone": Reads("the offset of the local time", lambda of: of.offsets[0]),
    "DaylightInEffect": Reads("the offset of the local time is the greater one of the year's two", _summer),
    "DNSHostName": Reads("uname(2) nodename up to the first dot", lambda of: of.node.partition(".")[0]),
    "Domain": Reads(
        "smb.conf realm, sssd.conf or FreeIPA's default.conf; else smb.conf workgroup; NULL without them",
        lambda of: of.membership.domain or of.membership.workgroup,
    ),
    "DomainRole": Reads("PartOfDomain, and whether PCSystemType is a server; NULL where one is not known", _role),
    "EnableDaylightSavingsTime": Reads(
        "the offsets of the local time in January and July differ", lambda of: of.offsets[1] != of.offsets[2]
    ),
    "FrontPanelResetStatus": _hardware("Front Panel Reset Status", 0),
    "HypervisorPresent": Reads(
        "/sys/hypervisor, /proc/cpuinfo flags hypervisor, or the maker; NULL where they cannot say it", _hypervisor
    ),
    "InfraredSupported": _TOLD,
    "KeyboardPasswordStatus": _hardware("Keyboard Password Status", 4),
    "Manufacturer": _kept("Manufacturer", 0x04, "sys_vendor", "compatible up to the comma"),
    "Model": _kept("Product Name", 0x05, "product_name", "model"),
    "NetworkServerModeEnabled": _WINDOWS,
    "NumberOfLogicalProcessors": Reads("the processors in /proc/cpuinfo: those that are on", _logical),
    "NumberOfProcessors": Reads("/proc/cpuinfo physical id, one for each", lambda of: len(of.sockets) or None),
    "OEMLogoBitmap": _WINDOWS,
    "OEMStringArray": Reads("SMBIOS type 11, its strings; NULL without them", _oem_strings),
    "PartOfDomain": Reads(
        "smb.conf, sssd.conf and FreeIPA's default.conf; NULL if they must not be read",
        lambda of: of.membership.is_member,
    ),
    "PauseAfterReset": Reads("SMBIOS type 23, Timeout; -1 where it is not known, NULL without it", _pause),
    "PCSystemType": Reads(
        "/sys/firmware/acpi/pm_profile, else SMBIOS type 3, Type, else 2 with a battery; NULL where none says it",
        lambda of: MOBILE if of.profile == SLATE else of.profile,
    ),
    "PCSystemTypeEx": Reads("as PCSystemType, and 8 for a tablet", lambda of: of.profile),
    "PowerOnPasswordStatus": _hardware("Power-on Password Status", 6),
    "PowerSupplyState": _chassis("Power Supply State", 0x0A),
    "ResetCount": Reads("SMBIOS type 23, Reset Count; -1 where it is not known, NULL without it", _resets(0x05)),
    "ResetLimit": Reads("SMBIOS type 23, Reset Limit; -1 where it is not known, NULL without it", _resets(0x07)),
    "SupportContactDescription": _WINDOWS,
    "SystemFamily": _kept("Family", 0x1A, "product_family"),
    "SystemSKUNumber": _kept("SKU Number", 0x19, "product_sku"),
    "SystemStartupDelay": _BOOT_INI,
    "SystemStartupOptions": _BOOT_INI,
    "SystemStartupSetting": _BOOT_INI,
    "SystemType": Reads("uname(2) machine", lambda of: machine(of.host.kernel.machine).system_type),
    "ThermalState": _chassis("Thermal State", 0x0B),
    # The limit of a control group is a rule and no memory: a container says what its machine has, as on Windows.
    "TotalPhysicalMemory": Reads("/proc/meminfo MemTotal", _physical_memory),
    "UserName": Reads(
        "the active session of a person at a seat or terminal, /run/systemd/sessions; NULL without one", _user
    ),
    "WakeUpType": Reads("SMBIOS type 1, Wake-up Type; NULL without it", lambda of: of.system.number(0x18)),
    "Workgroup": Reads(
        "smb.conf workgroup, if it is not part of a domain; NULL without it", lambda of: of.membership.workgroup
    ),
}


class ComputerSystemProvider(HostProvider[Computer]):
    """The computer."""

    cim_class = "Win32_ComputerSystem"
    table = TABLE

    def samples(self, request: Request) -> Iterator[Computer]:  # noqa: ARG002 - as of any provider
        yield Computer(self.host)
