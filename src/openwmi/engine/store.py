"""What the policy of writes asks of a transaction, and the flags that every put has.

Everything that decides about a write is a function of a Store and of what is to be written: it runs on the writer's
thread, inside a transaction, and does nothing but read and refuse.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.model import ChangeFlag, CimClass, CimInstance, Value


class Store(Protocol):
    """One namespace as a transaction sees it: with what the transaction itself has written."""

    @property
    def namespace(self) -> str:
        """With backslashes."""
        ...

    @property
    def server(self) -> str:
        """This machine's name."""
        ...

    def find(self, name: str) -> CimClass | None:
        """The class of that name, complete; None if there is none."""
        ...

    def derived(self, class_: CimClass, *, deep: bool) -> Iterator[CimClass]:
        """The classes derived from it; with `deep` all of them, each before its own."""
        ...

    def has_instances(self, class_: CimClass) -> bool:
        """Whether instances of exactly this class are stored."""
        ...

    def instance(self, class_: CimClass, keys: Mapping[str, Value]) -> CimInstance | None:
        """The stored instance of this class, or else of one derived from it, that has these keys; None if none has.

        `keys` are checked values by their declared names, and none for a singleton. What comes is an instance of its
        own class as that is now.
        """
        ...


CREATE_OR_UPDATE_FLAGS = ChangeFlag.UPDATE_ONLY | ChangeFlag.CREATE_ONLY
MODES = ChangeFlag.UPDATE_SAFE_MODE | ChangeFlag.UPDATE_FORCE_MODE


def check_flags(flags: ChangeFlag, allowed: ChangeFlag) -> None:
    """INVALID_PARAMETER for a flag that a put of this kind does not have, and for two that exclude each other.

    [MS-WMI] 3.1.4.3.6 and 3.1.4.3.12.
    """
    unknown = int(flags) & ~int(allowed)
    if unknown:
        names = ", ".join(str(each.name) for each in allowed)
        raise WbemError(WbemStatus.INVALID_PARAMETER, f"the flags 0x{unknown:X} are not known here: there are {names}")
    for pair in (CREATE_OR_UPDATE_FLAGS, MODES):
        if flags & pair == pair:
            names = " and ".join(str(each.name) for each in pair)
            raise WbemError(WbemStatus.INVALID_PARAMETER, f"{names} exclude each other: give one of them")


def check_existence(flags: ChangeFlag, exists: bool, what: str) -> None:
    """ALREADY_EXISTS, NOT_FOUND where the flags want it otherwise ([MS-WMI] 3.1.4.3.6; the SDK's SWbemObject.Put_)."""
    if exists and ChangeFlag.CREATE_ONLY in flags:
        raise WbemError(WbemStatus.ALREADY_EXISTS, f"{what} exists already: put it without CREATE_ONLY to update it")
    if not exists and ChangeFlag.UPDATE_ONLY in flags:
        raise WbemError(WbemStatus.NOT_FOUND, f"{what} does not exist: put it without UPDATE_ONLY to create it")
