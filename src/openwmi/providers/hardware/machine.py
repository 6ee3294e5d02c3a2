"""What kind of machine it is: by the name that uname(2) has for it, by its case, and whether it is a virtual one."""

from __future__ import annotations

import re
from dataclasses import dataclass

from openwmi.providers.hardware.firmware import DEVICE_TREE, Firmware
from openwmi.providers.host import Host

PROFILE = "/sys/firmware/acpi/pm_profile"
POWER_SUPPLIES = "/sys/class/power_supply"

UNSPECIFIED, DESKTOP, MOBILE, WORKSTATION, ENTERPRISE_SERVER, SMALL_SERVER, APPLIANCE, PERFORMANCE_SERVER, SLATE = (
    range(9)
)
"""The preferred profile of ACPI (6.5, table 5.9), which Win32_ComputerSystem.PCSystemTypeEx is."""

SERVERS = {ENTERPRISE_SERVER, SMALL_SERVER, PERFORMANCE_SERVER}


@dataclass(frozen=True, slots=True)
class Machine:
    """An instruction set.

    Attributes:
        architecture: Win32_Processor's number; None where it has none.
        bits: of an address.
        system_type: Win32_ComputerSystem's words.
    """

    architecture: int | None
    bits: int | None
    system_type: str


def machine(name: str) -> Machine:
    """By the name in uname(2): x86_64, i686, aarch64, armv7l."""
    return next((found for pattern, found in _MACHINES if re.fullmatch(pattern, name.lower())), _UNKNOWN)


def profile(host: Host, chassis: int | None) -> int | None:
    """What the machine is made for: ACPI's word, else by its case, else 2 with a battery; None if nothing says it.

    Args:
        chassis: the type of the case, as SMBIOS has it.
    """
    told = host.number(PROFILE)
    if told and told <= SLATE:
        return told
    found = _CHASSIS.get(chassis or 0)
    if found is None and has_battery(host):
        return MOBILE
    # The firmware's own "unspecified" is an answer, too.
    return found if found is not None else UNSPECIFIED if told == UNSPECIFIED else None


def has_battery(host: Host) -> bool:
    """Whether it runs on one; those of mice and headsets have the scope of a device."""
    for name in host.names(POWER_SUPPLIES):
        folder = f"{POWER_SUPPLIES}/{name}"
        if host.read(f"{folder}/type") == "Battery" and host.read(f"{folder}/scope") != "Device":
            return True
    return False


def has_hypervisor(firmware: Firmware, flags: frozenset[str] | None) -> bool | None:
    """Whether it is a virtual machine: by the processor's flags, the kernel's folder of it, or the maker's name.

    Args:
        flags: of a processor; None where the processor has no word for it.
    """
    host = firmware.host
    if host.exists("/sys/hypervisor/type") or host.exists(f"{DEVICE_TREE}hypervisor"):
        return True
    if flags is not None:
        return "hypervisor" in flags
    maker = firmware.part(1).text(0x04, "sys_vendor")
    return True if maker and maker.startswith(_MAKERS) else None


_MACHINES = (
    (r"x86_64|amd64", Machine(9, 64, "x64-based PC")),
    (r"i[3-6]86|x86", Machine(0, 32, "X86-based PC")),
    # Windows: no page has the words for ARM, and it says these.
    (r"aarch64(_be)?|arm64", Machine(12, 64, "ARM64-based PC")),
    (r"arm\w*", Machine(5, 32, "ARM-based PC")),
    (r"mips64\w*", Machine(1, 64, "MIPS-based PC")),
    (r"mips\w*", Machine(1, 32, "MIPS-based PC")),
    (r"alpha", Machine(2, 64, "Alpha-based PC")),
    (r"ppc64\w*", Machine(3, 64, "Power PC")),
    (r"ppc\w*", Machine(3, 32, "Power PC")),
    (r"ia64", Machine(6, 64, "64-bit Intel PC")),
    (r"sh\d\w*", Machine(None, 32, "SH-x PC")),
    (r"riscv64|s390x|loongarch64|sparc64", Machine(None, 64, "Unknown")),
    (r"riscv32|s390", Machine(None, 32, "Unknown")),
)
_UNKNOWN = Machine(None, None, "Unknown")

# DSP0134 7.4.1; what is no machine of its own, such as a docking station, is not here.
_CHASSIS = {
    **dict.fromkeys((3, 4, 5, 6, 7, 13, 15, 16, 24, 34, 35), DESKTOP),
    **dict.fromkeys((8, 9, 10, 11, 14, 31, 32), MOBILE),
    **dict.fromkeys((17, 23, 25, 28, 29), ENTERPRISE_SERVER),
    30: SLATE,
}

_MAKERS = ("QEMU", "KVM", "KubeVirt", "OpenStack", "Amazon EC2", "VMware", "Xen", "Parallels", "Google Compute Engine")
