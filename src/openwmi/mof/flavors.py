"""Flavors of qualifiers: their keywords, what qualifiers have that nobody declared, and both directions of the text.

The WMI SDK's "Qualifier Flavors", and DSP0004 for the spelling of the DMTF.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from openwmi.base.case import NameMap
from openwmi.base.status import MofStatus
from openwmi.model import Flavor

_INSTANCE, _CLASS = Flavor.PROPAGATE_TO_INSTANCE, Flavor.PROPAGATE_TO_DERIVED_CLASS
_FIXED, _AMENDED = Flavor.NOT_OVERRIDABLE, Flavor.AMENDED
_NONE = Flavor(0)

# keyword -> (bits that it sets, bits that it clears). Translatable is what the DMTF calls a qualifier that is in
# people's languages, and Amended what Windows does.
KEYWORDS: Final[dict[str, tuple[Flavor, Flavor]]] = {
    "toinstance": (_INSTANCE, _NONE),
    "nottoinstance": (_NONE, _INSTANCE),
    "tosubclass": (_CLASS, _NONE),
    "nottosubclass": (_NONE, _CLASS),
    "restricted": (_NONE, _INSTANCE | _CLASS),
    "enableoverride": (_NONE, _FIXED),
    "disableoverride": (_FIXED, _NONE),
    "amended": (_AMENDED, _NONE),
    "translatable": (_AMENDED, _NONE),
}

# DSP0004 5.6.3 for what a derived class is because its parent is; Windows' own compiler knows these without their being
# declared, and hands a key and what names a provider to instances as well.
UNDECLARED: Final[NameMap[Flavor]] = NameMap(
    {
        "association": _CLASS | _FIXED,
        "indication": _CLASS | _FIXED,
        "singleton": _CLASS | _FIXED,
        "static": _CLASS | _FIXED,
        "key": _INSTANCE | _CLASS | _FIXED,
        "dynamic": _INSTANCE,
        "provider": _INSTANCE,
    }
)

# DSP0004 5.6.1: a qualifier that is declared with its type and no flavor goes down, and may be overridden.
DECLARED: Final = _CLASS


def combined(before: Flavor, keywords: Iterable[str]) -> Flavor:
    """The flavor that these keywords, in lower case, make of another one: each changes what it speaks of."""
    for keyword in keywords:
        sets, clears = KEYWORDS[keyword]
        before = (before & ~clears) | sets
    return before


def conflict(keywords: tuple[str, ...]) -> MofStatus | None:
    """The status for keywords that exclude each other; None where they do not."""
    if "enableoverride" in keywords and "disableoverride" in keywords:
        return MofStatus.INCOMPATIBLE_FLAVOR_TYPES
    if "restricted" in keywords and ("toinstance" in keywords or "tosubclass" in keywords):
        return MofStatus.INCOMPATIBLE_FLAVOR_TYPES2
    return None


def format_flavor(flavor: Flavor, before: Flavor) -> str:
    """The keywords that make `flavor` of `before`, with spaces; empty where they are equal.

    AMENDED has no keyword that takes it away; bits that have no keyword are left out.
    """
    found = []
    for bit, on, off in (
        (_INSTANCE, "ToInstance", "NotToInstance"),
        (_CLASS, "ToSubclass", "NotToSubclass"),
        (_FIXED, "DisableOverride", "EnableOverride"),
        (_AMENDED, "Amended", ""),
    ):
        if flavor & bit != before & bit:
            found.append(on if flavor & bit else off)
    return " ".join(word for word in found if word)
