"""What system calls say of a host and no file does; a fixture gives it in JSON."""

from __future__ import annotations

import os
import resource
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Kernel:
    """As uname(2), sysconf(3), getrlimit(2) and geteuid(2) give it.

    Attributes:
        node: the host's name as the kernel has it.
        release: of the kernel, `6.1.0-18-amd64`.
        version: of the kernel: when and how it was built.
        machine: what it runs on, `x86_64`.
        system: `Linux` or `Darwin`.
        page_size: octets of a page of memory.
        ticks: how many of the units in which /proc counts time make a second.
        uid: whose rights this process has.
        memory_limit: how many octets of address space a process of ours may have; None where it is not limited.
    """

    node: str
    release: str
    version: str = ""
    machine: str = "x86_64"
    system: str = "Linux"
    page_size: int = 4096
    ticks: int = 100
    uid: int = 0
    memory_limit: int | None = None

    @classmethod
    def of_this_machine(cls) -> Self:
        names = os.uname()
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        return cls(
            names.nodename,
            names.release,
            names.version,
            names.machine,
            names.sysname,
            os.sysconf("SC_PAGE_SIZE"),
            os.sysconf("SC_CLK_TCK"),
            os.geteuid(),
            None if hard == resource.RLIM_INFINITY else hard,
        )

    @classmethod
    def of_recording(cls, recorded: Mapping[str, Any]) -> Self:
        """From JSON, with the names of the attributes."""
        return cls(**recorded)
