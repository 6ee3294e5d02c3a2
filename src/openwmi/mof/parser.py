"""Text to tree, the whole: declarations in their order, pragmas, and the texts that they include.

DSP0004 annex A, and the WMI SDK's "Preprocessor Commands". It looks no class up and reads no file: an include is asked
of whoever calls.
"""

from __future__ import annotations

from openwmi.base.error import WbemError
from openwmi.base.limits import MOF_INCLUDE_DEPTH, MOF_INCLUDES
from openwmi.base.status import MofStatus, WbemStatus
from openwmi.model import CimType, Flavor, Type
from openwmi.mof.error import MofError, Phase
from openwmi.mof.flavors import DECLARED, KEYWORDS, combined
from openwmi.mof.members import TYPES, Members
from openwmi.mof.source import Include, Source
from openwmi.mof.tree import Declaration, Literal, Pragma, QualifierDeclaration

# What Windows has (the SDK's "#pragma") and what DSP0004 7.11 adds, which means nothing to it.
PRAGMAS = frozenset(
    "amendment autorecover classflags deleteclass deleteinstance include instanceflags namespace "
    "instancelocale locale nonlocal nonlocaltype source sourcetype".split()
)
_SYNTAX = {
    "amendment": MofStatus.INVALID_AMENDMENT_SYNTAX,
    "classflags": MofStatus.INVALID_FLAGS_SYNTAX,
    "deleteclass": MofStatus.INVALID_DELETECLASS_SYNTAX,
    "deleteinstance": MofStatus.INVALID_DELETEINSTANCE_SYNTAX,
    "include": MofStatus.ERROR_INVALID_INCLUDE_FILE,
    "instanceflags": MofStatus.INVALID_FLAGS_SYNTAX,
    "namespace": MofStatus.INVALID_NAMESPACE_SYNTAX,
}


def parse(text: str, name: str = "", include: Include | None = None) -> tuple[Declaration, ...]:
    """What `text` declares, with what it includes in the place of the include.

    Args:
        text: MOF; a byte order mark in front is none of it.
        name: of the text, for messages and for `include`.
        include: (what an include names, the name of the text that it stands in) -> the Source to read there. None
            refuses includes.

    Raises:
        MofError: the first fault, with its place, what was expected and what was found; its phase is PARSING.
            QUOTA_VIOLATION where something nests too deep.
    """
    return tuple(_Parser(Source(name, text.removeprefix("\ufeff")), _Includes(include)).declarations())


class _Includes:
    """The texts that are being read, one within the other."""

    def __init__(self, include: Include | None) -> None:
        self.include = include
        self.open: list[str] = []
        self.count = 0


class _Parser(Members):
    def __init__(self, source: Source, includes: _Includes) -> None:
        super().__init__(source)
        self.includes = includes

    def declarations(self) -> list[Declaration]:
        found: list[Declaration] = []
        while self.kinds[self.at] != "end":
            if self.kinds[self.at] == "directive":
                self.directive(found)
            else:
                found.append(self.declaration())
        return found

    def declaration(self) -> Declaration:
        at = self.offset
        found: Declaration
        qualifiers = self.qualifiers()
        word = self.word()
        if word == "class":
            found = self.class_(qualifiers, at)
        elif word == "instance":
            found = self.instance(qualifiers, at)
        elif word == "qualifier" and not qualifiers:
            found = self.qualifier_declaration(at)
        elif word in ("typedef", "enum", "enumeration", "structure"):
            self.refuse(MofStatus.TYPEDEF_NOT_SUPPORTED, MofStatus.TYPEDEF_NOT_SUPPORTED.text, at)
        else:
            expected = "class or instance of" if qualifiers else "class, instance of, qualifier, '[' or #pragma"
            self.fail(MofStatus.UNRECOGNIZED_TOKEN, expected)
        self.expect(";", MofStatus.EXPECTED_SEMI, "';' after the declaration")
        return found

    # ------------------------------------------------------------------------------------------------------ qualifiers

    def qualifier_declaration(self, at: int) -> QualifierDeclaration:
        self.at += 1
        name = self.name(MofStatus.EXPECTED_QUALIFIER_NAME, "the name of a qualifier")
        self.expect(":", MofStatus.INVALID_QUALIFIER_SYNTAX)
        if self.word() in KEYWORDS:  # Windows: flavors and nothing else
            keywords = self.flavors(MofStatus.INVALID_QUALIFIER_SYNTAX)
            return QualifierDeclaration(self.source, name, None, None, (), combined(Flavor(0), keywords), at)
        type_ = TYPES.get(self.word())
        if type_ is None or type_.cim is CimType.OBJECT:
            self.fail(MofStatus.INVALID_QUALIFIER_SYNTAX, "the type of the qualifier, or a flavor")
        self.at += 1
        if self.accept("["):
            type_ = Type(type_.cim, True)
            if not self.accept("]"):
                self.size()
                self.expect("]", MofStatus.EXPECTED_CLOSE_BRACKET)
        default: Literal = None
        if self.accept("="):
            default = self.array() if self.texts[self.at] == "{" else self.constant()
        scopes, flavor = self.scopes_and_flavors()
        return QualifierDeclaration(self.source, name, type_, default, scopes, flavor, at)

    def scopes_and_flavors(self) -> tuple[tuple[str, ...], Flavor]:
        """`, Scope(…), Flavor(…)`, in either order, or Windows' `, Scope(a | b), flavor`."""
        scopes: list[str] = []
        flavor = DECLARED
        while self.accept(","):
            word = self.word()
            if word == "scope":
                self.at += 1
                self.expect("(", MofStatus.EXPECTED_OPEN_PAREN)
                while True:
                    scopes.append(self.name(MofStatus.INVALID_QUALIFIER_SYNTAX, "a scope").lower())
                    if not self.accept(",") and not self.accept("|"):
                        break
                self.expect(")", MofStatus.EXPECTED_CLOSE_PAREN)
            elif word == "flavor":
                self.at += 1
                self.expect("(", MofStatus.EXPECTED_OPEN_PAREN)
                flavor = combined(flavor, self.flavors(MofStatus.INVALID_QUALIFIER_SYNTAX, separated=True))
                self.expect(")", MofStatus.EXPECTED_CLOSE_PAREN)
            elif word in KEYWORDS:
                flavor = combined(flavor, self.flavors(MofStatus.INVALID_QUALIFIER_SYNTAX))
            else:
                self.fail(MofStatus.INVALID_QUALIFIER_SYNTAX, "Scope(…) or Flavor(…)")
        return () if "any" in scopes else tuple(scopes), flavor

    # --------------------------------------------------------------------------------------------------------- pragmas

    def directive(self, found: list[Declaration]) -> None:
        """`#pragma name(arguments)` or `#include(name)`; a pragma is added to `found`, or what was included."""
        at = self.offset
        command = self.texts[self.at][1:].strip().lower()
        if command not in ("pragma", "include"):
            self.fail(MofStatus.UNRECOGNIZED_TOKEN, "#pragma or #include")
        self.at += 1
        name = command
        if command == "pragma":
            name = self.word()
            if name not in PRAGMAS:
                known = ", ".join(sorted(PRAGMAS))
                self.fail(MofStatus.INVALID_PRAGMA, f"one of {known} after #pragma")
            self.at += 1
        arguments = self.arguments(_SYNTAX.get(name, MofStatus.INVALID_PRAGMA), name)
        if name == "include":
            found.extend(self.included(arguments, at))
        else:
            found.append(Pragma(self.source, name, arguments, at))

    def arguments(self, status: MofStatus, name: str) -> tuple[str, ...]:
        """Strings and words in parentheses. Only autorecover has none; Windows takes an include without parentheses."""
        if self.texts[self.at] != "(":
            if name == "autorecover":
                return ()
            if name == "include" and self.kinds[self.at] == "string":
                return (self.string(),)
            self.fail(MofStatus.EXPECTED_OPEN_PAREN, f"'(' after {name}")
        self.at += 1
        found: list[str] = []
        while not self.accept(")"):
            if self.kinds[self.at] == "name":
                found.append(self.name(status, "a word"))
            else:
                found.append(self.string(status, "a string or ')'"))
            if not self.accept(","):
                self.expect(")", MofStatus.EXPECTED_CLOSE_PAREN, "',' or ')'")
                break
        if not found and name != "autorecover":
            self.refuse(status, f"#pragma {name} needs an argument", self.offset)
        return tuple(found)

    def included(self, arguments: tuple[str, ...], at: int) -> list[Declaration]:
        includes = self.includes
        if includes.include is None or len(arguments) != 1:
            problem = "one file in quotes was expected" if len(arguments) != 1 else "nothing can be included here"
            self.refuse(MofStatus.ERROR_INVALID_INCLUDE_FILE, problem, at)
        includes.count += 1
        if len(includes.open) >= MOF_INCLUDE_DEPTH or includes.count > MOF_INCLUDES:
            problem = f"includes nest more than {MOF_INCLUDE_DEPTH} deep, or are more than {MOF_INCLUDES}"
            self.refuse(WbemStatus.QUOTA_VIOLATION, problem, at)
        try:
            source = includes.include(arguments[0], self.source.name)
        except (OSError, UnicodeError, WbemError) as error:
            problem = f"{arguments[0]!r} cannot be included: {error}"
            place = self.source.place(at)
            raise MofError(MofStatus.ERROR_INVALID_INCLUDE_FILE, problem, place, Phase.PARSING) from error
        if source.name in (*includes.open, self.source.name):
            self.refuse(MofStatus.ERROR_INVALID_INCLUDE_FILE, f"{arguments[0]!r} includes itself", at)
        includes.open.append(self.source.name)
        source = Source(source.name, source.text.removeprefix("\ufeff"))
        found = _Parser(source, includes).declarations()
        includes.open.pop()
        return found
