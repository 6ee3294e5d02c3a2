"""MOF, the language of Windows' mofcomp (the WMI SDK's "Managed Object Format", DSP0004 annex A): text in, text out.

`parse` makes a tree of a text; `resolve` makes of the tree, and of the classes that exist, the steps to be carried out:
all of them, or a MofError with file, line, column and phase. `format` writes classes, instances and qualifiers as MOF
that compiles to the same.

What the documents leave open is decided like this:

- A qualifier that nobody declared is accepted; its type is that of its value, and its flavor the one that Windows has
  built in, or none. One that was declared must fit its type and stand within its scope.
- Each flavor of a use changes what it speaks of in the declared flavor: propagation to instances, to derived classes,
  overriding, localization.
- An unknown type is the class of an embedded object, which need not exist. So is `string` with EmbeddedInstance or
  EmbeddedObject. CIMTYPE may say what the declaration says, or the class of its object or reference.
- A parameter that goes neither in nor out goes in, as DSP0004 has it. Windows: refuses it.
- The pragmas of DSP0004 that mean nothing to Windows (locale and the like) are accepted; any other is refused.
- The text of an object, in a string, is a value wherever an object is one: DSP0004 has it so.
- `#pragma amendment` is noted. `split` makes the two parts of a compilation: one without a language, and one in it.
- An alias stands for the path of its object, which may be declared later; relative within one namespace.
- The size of an array becomes the qualifier Max.

It must not know where texts and classes come from, nor where objects go.
"""

from openwmi.mof.amendment import split
from openwmi.mof.error import MofError, Phase
from openwmi.mof.formatter import Formattable, format, to_mof  # noqa: A004 - parse and format are the verbs for text
from openwmi.mof.namespace import Stored, format_compilation, format_namespace
from openwmi.mof.parser import parse
from openwmi.mof.resolver import resolve
from openwmi.mof.source import Include, Place, Source
from openwmi.mof.steps import (
    Compilation,
    DeleteClass,
    DeleteInstance,
    FindClass,
    PutClass,
    PutInstance,
)
from openwmi.mof.tree import (
    Alias,
    Assignment,
    Char,
    ClassDeclaration,
    Declaration,
    InstanceDeclaration,
    Literal,
    MethodDeclaration,
    Pragma,
    PropertyDeclaration,
    QualifierDeclaration,
    QualifierUse,
)

__all__ = [
    "Alias",
    "Assignment",
    "Char",
    "ClassDeclaration",
    "Compilation",
    "Declaration",
    "DeleteClass",
    "DeleteInstance",
    "FindClass",
    "Formattable",
    "Include",
    "InstanceDeclaration",
    "Literal",
    "MethodDeclaration",
    "MofError",
    "Phase",
    "Place",
    "Pragma",
    "PropertyDeclaration",
    "PutClass",
    "PutInstance",
    "QualifierDeclaration",
    "QualifierUse",
    "Source",
    "Stored",
    "format",
    "format_compilation",
    "format_namespace",
    "parse",
    "resolve",
    "split",
    "to_mof",
]
