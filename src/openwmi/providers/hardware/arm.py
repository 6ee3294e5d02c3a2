"""The names of ARM's processors, for which /proc/cpuinfo has numbers: MIDR_EL1, as its makers document them."""

from __future__ import annotations

from collections.abc import Mapping


def maker(fields: Mapping[str, str]) -> str | None:
    """By the lines of one processor in /proc/cpuinfo; None for one that is not known, or of another kind."""
    return _MAKERS.get(fields.get("CPU implementer", "").lower())


def design(fields: Mapping[str, str]) -> str | None:
    """The name of the core, which is ARM's own: Cortex-A72. None likewise."""
    if maker(fields) != _ARM:
        return None
    return _DESIGNS.get(fields.get("CPU part", "").lower())


_ARM = "ARM"
_MAKERS = {
    "0x41": _ARM,
    "0x42": "Broadcom",
    "0x43": "Cavium",
    "0x46": "Fujitsu",
    "0x48": "HiSilicon",
    "0x4e": "NVIDIA",
    "0x50": "APM",
    "0x51": "Qualcomm",
    "0x53": "Samsung",
    "0x56": "Marvell",
    "0x61": "Apple",
    "0x69": "Intel",
    "0x6d": "Microsoft",
    "0xc0": "Ampere",
}
_DESIGNS = {
    "0xb76": "ARM1176",
    "0xc07": "Cortex-A7",
    "0xc08": "Cortex-A8",
    "0xc09": "Cortex-A9",
    "0xc0f": "Cortex-A15",
    "0xd03": "Cortex-A53",
    "0xd04": "Cortex-A35",
    "0xd05": "Cortex-A55",
    "0xd07": "Cortex-A57",
    "0xd08": "Cortex-A72",
    "0xd09": "Cortex-A73",
    "0xd0a": "Cortex-A75",
    "0xd0b": "Cortex-A76",
    "0xd0c": "Neoverse-N1",
    "0xd0d": "Cortex-A77",
    "0xd40": "Neoverse-V1",
    "0xd41": "Cortex-A78",
    "0xd49": "Neoverse-N2",
    "0xd4f": "Neoverse-V2",
}
