"""ClassOfOrigin and MethodOrigin ([MS-WMIO] 2.2.35, 2.2.45): which class of the chain declared a property or method.

The text counts from the first name of the DerivationList, which is the nearest ancestor. Windows: the index counts from
the topmost class, as the document's own MyClass2 shows (Id of Base is 0, Data1 of MyClass is 1, what is local is 2).
"""

from collections.abc import Sequence

from openwmi.base.case import fold


def chain(name: str, derivation: Sequence[str]) -> list[str]:
    """The names from the topmost class down to the class itself; `derivation` begins with the nearest ancestor."""
    return [*reversed(derivation), name]


def encode(names: Sequence[str], origin: str) -> tuple[int, bool]:
    """The index, and whether the declaration is inherited. An origin that is not said is the class itself."""
    last = len(names) - 1
    if not origin or fold(origin) == fold(names[last]):
        return last, False
    for index, name in enumerate(names):
        if fold(name) == fold(origin):
            return index, True
    return 0, True  # a projected class may have lost its ancestors


def decode(names: Sequence[str], index: int, *, inherited: bool) -> str:
    """The name of the class; empty if it is inherited from nobody that is known."""
    last = len(names) - 1
    if not inherited:
        return names[last]
    return names[index] if index < last else ""
