"""ASSOCIATORS OF and REFERENCES OF: text to tree and back ([MS-WMI] 2.2.1.1; the SDK's pages of these names).

The conditions stand in any order, each at most once, with nothing but space between them. What the documents exclude is
refused, from trees that were built by hand as well:

- ClassDefsOnly with ResultClass ("mutually exclusive. Using them together causes an invalid query error");
- ClassDefsOnly with SchemaOnly ("Schema Associations"; the syntax that it calls complete has no KeysOnly, either);
- SchemaOnly for the path of an instance (the same page, and SWbemServices.AssociatorsOf).

A parameter in the braces is a value: of a key (`{Win32_Service.Name=:name}`), or the path as a whole (`{:path}`). It is
put into the path that was parsed without it, and never into its text.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final, TypeAlias

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.model import KeyValue, ObjectPath
from openwmi.wql.lexer import PARAMETER, STRING, Token, is_name, tokenize
from openwmi.wql.place import invalid_query, shown
from openwmi.wql.tree import AssociatorsOf, ReferencesOf
from openwmi.wql.words import Words

Association: TypeAlias = AssociatorsOf | ReferencesOf

# Keyword -> attribute, and what stands behind the equals sign. In the order of the grammar, in which they are written.
_VALUES: Final = {
    "AssocClass": ("assoc_class", "a class name"),
    "RequiredAssocQualifier": ("required_assoc_qualifier", "a qualifier name"),
    "RequiredQualifier": ("required_qualifier", "a qualifier name"),
    "ResultClass": ("result_class", "a class name"),
    "ResultRole": ("result_role", "a property name"),
    "Role": ("role", "a property name"),
}
_FLAGS: Final = {"KeysOnly": "keys_only", "ClassDefsOnly": "class_defs_only", "SchemaOnly": "schema_only"}
_OF_ASSOCIATORS: Final = frozenset({"AssocClass", "RequiredAssocQualifier", "ResultRole"})
_SPELLING: Final = {keyword.upper(): keyword for keyword in (*_VALUES, *_FLAGS)}

# A parameter stands behind an equals sign, where a path has nothing that begins with a colon.
_PIECE: Final = re.compile(rf"(?:{STRING})|=(?P<parameter>{PARAMETER.pattern})?|.", re.VERBOSE | re.DOTALL)

_EXCLUSIVE: Final = (("ClassDefsOnly", "ResultClass"), ("ClassDefsOnly", "SchemaOnly"), ("KeysOnly", "SchemaOnly"))


def parse_association(words: Words) -> Association:
    """The statement at the place of `words`, which is behind it afterwards."""
    kind: type[Association] = AssociatorsOf if words.accept("ASSOCIATORS") else ReferencesOf
    if kind is ReferencesOf:
        words.expect("REFERENCES")
    words.expect("OF")
    path = _path(words)
    values: dict[str, str] = {}
    flags: dict[str, bool] = {}
    given: list[str] = []
    if words.accept("WHERE"):
        while not given or words.tokens[words.at].kind != "end":
            offset = words.tokens[words.at].offset
            keyword = _keyword(words, kind, given)
            given.append(keyword)
            if problem := _conflict(given, path):
                raise invalid_query(words.text, offset, problem)
            if keyword in _FLAGS:
                flags[_FLAGS[keyword]] = True
            else:
                attribute, wanted = _VALUES[keyword]
                words.expect("=", after=f", the only operator that {keyword} has")
                values[attribute] = words.name(f"{wanted}, without quotes").text
    elif words.tokens[words.at].kind != "end":
        words.fail("WHERE or the end")
    return kind(path, **values, **flags, text=words.text)  # type: ignore[arg-type]  # the tables name str and bool apart


def format_association(query: Association) -> str:
    """The text of the statement. INVALID_QUERY for what cannot be written, or is excluded."""
    conditions: list[str] = []
    given: list[str] = []
    for keyword, (attribute, wanted) in _VALUES.items():
        value = getattr(query, attribute, None)
        if value is not None:
            if not is_name(value):
                raise WbemError(WbemStatus.INVALID_QUERY, f"'{shown(value)}' cannot be {wanted} in a query")
            given.append(keyword)
            conditions.append(f"{keyword} = {value}")
    for keyword, attribute in _FLAGS.items():
        if getattr(query, attribute):
            given.append(keyword)
            conditions.append(keyword)
    if problem := _conflict(given, query.path):
        raise WbemError(WbemStatus.INVALID_QUERY, problem)
    verb = "ASSOCIATORS" if isinstance(query, AssociatorsOf) else "REFERENCES"
    text = f"{verb} OF {_braced(query.path)}"
    return f"{text} WHERE {' '.join(conditions)}" if conditions else text


def _path(words: Words) -> ObjectPath:
    token = words.tokens[words.at]
    if token.kind != "object":
        words.fail("an object path in braces")
    words.at += 1
    inside = token.text[1:-1]
    path = inside.strip()
    start = token.offset + 1 + inside.index(path)
    if not path:
        raise invalid_query(words.text, token.offset, "expected an object path in the braces, found nothing")
    if PARAMETER.fullmatch(path):
        return _bound_path(words, Token("parameter", path, start))
    holes: dict[int, Token] = {}
    try:
        found = ObjectPath.parse(_filled(path, start, holes))
    except WbemError as error:
        raise invalid_query(words.text, start, shown(error.message, whole=True)) from None
    keys = list(found.keys or ())
    for index, hole in holes.items():
        keys[index] = keys[index][0], _bound_key(words, hole)
    return replace(found, keys=tuple(keys)) if holes else found


def _bound_path(words: Words, token: Token) -> ObjectPath:
    """The path that a parameter is, as a whole."""
    value = words.parameter(token)
    if not isinstance(value, str):
        raise _unfit(token, "is no object path: give it as text or as an ObjectPath")
    try:
        return ObjectPath.parse(value)
    except WbemError as error:
        raise _unfit(token, f"is no object path: {shown(error.message, whole=True)}") from None


def _filled(path: str, start: int, holes: dict[int, Token]) -> str:
    """The path with something as long in place of each parameter, which becomes one of the `holes`, by its key."""
    parts: list[str] = []
    equals = 0
    for match in _PIECE.finditer(path):
        name = match["parameter"]
        if name:
            holes[equals] = Token("parameter", name, start + match.start("parameter"))
        parts.append(f'="{"…" * (len(name) - 2)}"' if name else match[0])
        equals += match[0].startswith("=")
    return "".join(parts)


def _bound_key(words: Words, token: Token) -> KeyValue:
    value = words.parameter(token)
    if isinstance(value, float) or value is None:
        raise _unfit(token, "is no value of a key in a path: these are text, integers and booleans")
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 64:
        raise _unfit(token, "is no value of a key in a path: no integer of CIM is as large")
    return value


def _unfit(token: Token, problem: str) -> WbemError:
    return WbemError(WbemStatus.INVALID_PARAMETER, f"the parameter {shown(token.text)} {problem}")


def _braced(path: ObjectPath) -> str:
    """A path made by hand may have names that none has."""
    text = f"{{{path}}}"
    try:
        if tokenize(text)[0].text == text and ObjectPath.parse(text[1:-1]) == path:
            return text
    except WbemError:
        pass
    raise WbemError(WbemStatus.INVALID_QUERY, f"'{shown(str(path))}' is no object path that a query can name")


def _keyword(words: Words, kind: type[Association], given: list[str]) -> str:
    """Of the next condition."""
    keyword = _SPELLING.get(words.tokens[words.at].text.upper())
    if keyword is not None and keyword in given:
        words.fail(f"each condition once ({keyword} was given)")
    if keyword is None or (kind is ReferencesOf and keyword in _OF_ASSOCIATORS):
        known = [word for word in (*_VALUES, *_FLAGS) if kind is AssociatorsOf or word not in _OF_ASSOCIATORS]
        left = " ".join(word for word in known if word not in given)
        words.fail(f"{'another condition or the end' if given else 'a condition'}, of {left}")
    words.at += 1
    return keyword


def _conflict(given: list[str], path: ObjectPath) -> str | None:
    """What is wrong with these conditions together."""
    for one, other in _EXCLUSIVE:
        if one in given and other in given:
            return f"{one} and {other} exclude each other"
    if "SchemaOnly" in given and not path.is_class:
        return f"SchemaOnly asks about a class, and {shown(str(path))} is the path of an instance"
    return None
