"""An object that stands as text within a string: so DSP0004 7.13 has the values of EmbeddedInstance and EmbeddedObject.

What the object is of is not looked up here.
"""

from __future__ import annotations

from openwmi.base.status import MofStatus
from openwmi.mof.members import Members
from openwmi.mof.source import Source
from openwmi.mof.tree import ClassDeclaration, InstanceDeclaration


def parse_object(text: str) -> InstanceDeclaration | ClassDeclaration:
    """The one object that `text` declares, with or without a semicolon.

    MofError, with a place in this text, for anything else.
    """
    reader = Members(Source("", text))
    found = reader.embedded()
    if found is None:
        reader.fail(MofStatus.UNRECOGNIZED_TOKEN, "'instance of', class or '['")
    reader.accept(";")
    if reader.kinds[reader.at] != "end":
        reader.fail(MofStatus.UNRECOGNIZED_TOKEN, "the end of the text, since one object is a value")
    return found
