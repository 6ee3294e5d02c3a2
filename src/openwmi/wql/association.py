"""ASSOCIATORS OF and REFERENCES OF: text to tree and back ([MS-WMI] 2.2.1.1; the SDK's pages of these names).

The conditions stand in any order, each at most once, with nothing but space between them. What the documents exclude is
refused, from trees that were built by hand as well:

- ClassDefsOnly with ResultClass ("mutually exclusive. Using them together causes an invalid query error");
- ClassDefsOnly with SchemaOnly ("Schema Associations"; the syntax that it calls complete has no KeysOnly, either);
- SchemaOnly for the path of an instance (the same page, and SWbemServices.AssociatorsOf).
"""

from __future__ import annotations

from typing import Final, TypeAlias

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.model import ObjectPath
from openwmi.wql.lexer import is_name, tokenize
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
    if not path:
        raise invalid_query(words.text, token.offset, "expected an object path in the braces, found nothing")
    try:
        return ObjectPath.parse(path)
    except WbemError as error:
        start = token.offset + 1 + inside.index(path)
        raise invalid_query(words.text, start, shown(error.message, whole=True)) from None


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
