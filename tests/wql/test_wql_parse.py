"""Text to tree and back: what a query means, what is refused, and that nothing but WbemError comes out of any text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from operator import add
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.limits import QUERY_CHARS, QUERY_DEPTH, QUERY_NUMBER_CHARS
from openwmi.base.status import WbemStatus
from openwmi.model import CimDateTime, CimInterval, ObjectPath
from openwmi.wql import (
    And,
    AssociatorsOf,
    Comparison,
    Expression,
    Isa,
    IsNull,
    Not,
    Operator,
    Or,
    Query,
    ReferencesOf,
    SchemaQuery,
    Select,
    format,  # noqa: A004
    parse,
    parse_select,
)
from openwmi.wql.association import Association
from openwmi.wql.lexer import RESERVED, tokenize

A_IS_1 = Comparison("a", Operator.EQUAL, 1)
B_IS_2 = Comparison("b", Operator.EQUAL, 2)
C_IS_3 = Comparison("c", Operator.EQUAL, 3)
DISK = ObjectPath.parse('Win32_LogicalDisk.DeviceID="C:"')


def where(condition: str, **parameters: object) -> Expression | None:
    return parse_select(f"SELECT * FROM X WHERE {condition}", parameters or None).where


def refused(text: str, parameters: dict[str, object] | None = None) -> WbemError:
    with pytest.raises(WbemError) as caught:
        parse_select(text, parameters)
    return caught.value


def test_a_tree_has_the_names_as_they_were_written() -> None:
    assert parse_select("select Name, __path from Win32_Process") == Select(("Name", "__path"), "Win32_Process")
    assert parse_select("SELECT * FROM X") == Select(None, "X")


@pytest.mark.parametrize(
    ("condition", "tree"),
    [
        ("a = 1 AND b = 2 OR c = 3", Or((And((A_IS_1, B_IS_2)), C_IS_3))),
        ("a = 1 OR b = 2 AND c = 3", Or((A_IS_1, And((B_IS_2, C_IS_3))))),
        ("(a = 1 OR b = 2) AND c = 3", And((Or((A_IS_1, B_IS_2)), C_IS_3))),
        ("NOT a = 1 AND b = 2", And((Not(A_IS_1), B_IS_2))),
        ("NOT (a = 1 AND b = 2)", Not(And((A_IS_1, B_IS_2)))),
        ("a = 1 AND b = 2 AND c = 3", And((A_IS_1, B_IS_2, C_IS_3))),
        ("(((a = 1)))", A_IS_1),
        ("1 = a", A_IS_1),
        ("1 < a", Comparison("a", Operator.GREATER, 1)),
        ("1 >= a", Comparison("a", Operator.LESS_OR_EQUAL, 1)),
        ("a IS NULL", IsNull("a")),
        ("a != NULL", Not(IsNull("a"))),
        ("NULL <> a", Not(IsNull("a"))),
        ("a NOT LIKE 'x%'", Not(Comparison("a", Operator.LIKE, "x%"))),
        ("Inner.Deeper.a = 1", Comparison("Inner.Deeper.a", Operator.EQUAL, 1)),
        ("a ISA X", Isa("a", "X")),
        ("NOT a.b isa 'X'", Not(Isa("a.b", "X"))),
        ("isa = 1", Comparison("isa", Operator.EQUAL, 1)),
        ("__class = Win32_X", Comparison("__class", Operator.EQUAL, "Win32_X")),
    ],
)
def test_conditions(condition: str, tree: Expression) -> None:
    assert where(condition) == tree


@pytest.mark.parametrize(
    ("constant", "value"),
    [
        ("-0x10", -16),
        ("007", 7),
        ("+1", 1),
        ("1.", 1.0),
        (".5", 0.5),
        ("-1.25E-2", -0.0125),
        ("1e3", 1000.0),
        ("TRUE", True),
        ("faLse", False),
        (r'"a\\b\"c\'d"', "a\\b\"c'd"),
        ("'\n\u20ac'", "\n\u20ac"),
        ("''", ""),
    ],
)
def test_constants(constant: str, value: object) -> None:
    node = where(f"a = {constant}")
    assert isinstance(node, Comparison)
    assert node.constant == value
    assert type(node.constant) is type(value)


def test_a_tree_remembers_where_its_names_stand_and_compares_without() -> None:
    query = parse_select("SELECT  a, b FROM X WHERE 1 = c")
    assert query.offsets == (8, 11)
    assert isinstance(query.where, Comparison)
    assert query.where.offset == 30
    assert query == parse_select(format(query))


def test_a_question_about_classes() -> None:
    query = parse('SELECT * FROM Meta_Class WHERE __this ISA "X"')
    assert query == SchemaQuery(Isa("__this", "X"))
    assert isinstance(query, SchemaQuery)
    assert isinstance(query.where, Isa)
    assert query.where.offset == 31
    assert parse("SELECT * FROM meta_class") == SchemaQuery()


def test_associations() -> None:
    text = 'ASSOCIATORS OF {Win32_LogicalDisk="C:"} WHERE AssocClass = A ResultRole = R KeysOnly'
    path = ObjectPath(None, None, "Win32_LogicalDisk", ((None, "C:"),))
    assert parse(text) == AssociatorsOf(path, assoc_class="A", result_role="R", keys_only=True)
    assert parse(text.replace("AssocClass = A ResultRole = R ", "").replace("ASSOCIATORS", "references")) == (
        ReferencesOf(path, keys_only=True)
    )


@pytest.mark.parametrize("text", ["SELECT * FROM meta_class", "ASSOCIATORS OF {a=1}"])
def test_where_only_instances_of_a_class_will_do(text: str) -> None:
    error = refused(text)
    assert error.status is WbemStatus.INVALID_QUERY
    assert error.message.startswith("column 1: expected a SELECT that asks for the instances of a class, in: ")


@pytest.mark.parametrize("text", ["ASSOCIATORS OF " + "{" * 16_000, "REFERENCES OF {" + "'\"" * 8000])
def test_braces_that_do_not_end_are_read_once(text: str) -> None:
    assert "a brace that is not closed" in refused(text).message


# Parameters


def test_the_class_of_isa_may_be_a_parameter() -> None:
    assert where("a ISA :p", p="X") == Isa("a", "X")
    for value in ("X' OR", 5, None, "from"):
        assert "expected a class name, found ':p'" in refused("SELECT * FROM X WHERE a ISA :p", {"p": value}).message


def test_a_path_may_be_a_parameter() -> None:
    for path in (DISK, str(DISK)):
        assert parse("REFERENCES OF {:p}", {"p": path}) == ReferencesOf(DISK)
    assert refused("REFERENCES OF {X}", {"p": "X"}).status is WbemStatus.INVALID_PARAMETER


def test_parameters_are_values_and_never_text() -> None:
    nasty = "x' OR 1=1 --"
    assert where("a = :p AND b LIKE :q", p=nasty, q="%") == And(
        (Comparison("a", Operator.EQUAL, nasty), Comparison("b", Operator.LIKE, "%"))
    )


@pytest.mark.parametrize(
    ("value", "constant"),
    [
        (5, 5),
        (True, True),
        (WbemStatus.FALSE, 1),
        (2.5, 2.5),
        (datetime(2024, 1, 31, 12, tzinfo=UTC), "20240131120000.000000+000"),
        (timedelta(days=1), "00000001000000.000000:000"),
        (CimDateTime.parse("20240131120000.000000+060"), "20240131120000.000000+060"),
        (CimInterval.parse("00000001000000.000000:000"), "00000001000000.000000:000"),
        (ObjectPath.parse('X.k="v"'), 'X.k="v"'),
    ],
)
def test_values_of_parameters(value: object, constant: object) -> None:
    assert where("a = :p", p=value) == Comparison("a", Operator.EQUAL, constant)  # type: ignore[arg-type] # of object


def test_none_is_null() -> None:
    assert where("a = :p", p=None) == IsNull("a")
    assert where("a <> :p", p=None) == Not(IsNull("a"))
    assert refused("SELECT * FROM X WHERE a < :p", {"p": None}).status is WbemStatus.INVALID_QUERY


def test_a_parameter_may_be_used_twice() -> None:
    assert where("a = :p OR :p = b", p=1) == Or((A_IS_1, Comparison("b", Operator.EQUAL, 1)))


@pytest.mark.parametrize(
    ("condition", "parameters", "status", "message"),
    [
        ("a = :p", None, WbemStatus.INVALID_QUERY, "column 27: the parameter :p has no value"),
        ("a = :p", {"q": 1}, WbemStatus.INVALID_PARAMETER, "the parameter :p has no value; given: q"),
        ("a = :P", {"p": 1}, WbemStatus.INVALID_PARAMETER, "the parameter :P has no value; given: p"),
        ("a = 1", {"q": 1}, WbemStatus.INVALID_PARAMETER, "the query has no parameter :q"),
        ("a = :p", {"p": []}, WbemStatus.INVALID_PARAMETER, "the parameter :p is a value of type list"),
        ("a = :p", {"p": float("nan")}, WbemStatus.INVALID_PARAMETER, "the parameter :p is a value of type float"),
        ("a = :p", {"p": 10**QUERY_NUMBER_CHARS}, WbemStatus.INVALID_PARAMETER, "not enormous"),
        ("a = :p", {"p": datetime(2024, 1, 31)}, WbemStatus.INVALID_PARAMETER, "a datetime without an offset"),  # noqa: DTZ001 - the point of it
        (":p = 1", {"p": 1}, WbemStatus.INVALID_QUERY, "expected a property name, found '1'"),
        ("a LIKE :p", {"p": 1}, WbemStatus.INVALID_QUERY, "expected a pattern in quotes, found ':p'"),
        ("a :p 1", {"p": "="}, WbemStatus.INVALID_QUERY, "expected an operator, found ':p'"),
        ("a = :1", {"p": "="}, WbemStatus.INVALID_QUERY, "found ':'"),
    ],
)
def test_parameters_that_do_not_fit(
    condition: str, parameters: dict[str, object] | None, status: WbemStatus, message: str
) -> None:
    error = refused(f"SELECT * FROM X WHERE {condition}", parameters)
    assert error.status is status
    assert message in error.message


def test_a_parameter_cannot_be_a_name() -> None:
    assert "expected a class name, found ':p'" in refused("SELECT * FROM :p", {"p": "X"}).message


# Limits


def test_an_empty_query_is_an_invalid_parameter() -> None:
    """Windows: this status is for an empty query alone."""
    assert refused("").status is WbemStatus.INVALID_PARAMETER
    assert refused(" ").status is WbemStatus.INVALID_QUERY


@pytest.mark.parametrize("text", [None, 5, b"SELECT * FROM C"])
def test_what_is_no_text_is_an_invalid_parameter(text: Any) -> None:
    with pytest.raises(WbemError) as raised:
        parse_select(text)
    assert raised.value.status == WbemStatus.INVALID_PARAMETER


def test_a_query_may_be_as_long_as_the_limit_and_no_longer() -> None:
    text = "SELECT * FROM X WHERE a = '%'"
    fitting = text.replace("%", "x" * (QUERY_CHARS - len(text) + 1))
    assert len(fitting) == QUERY_CHARS
    assert parse_select(fitting).class_name == "X"
    assert refused(fitting + " ").status is WbemStatus.QUOTA_VIOLATION


@pytest.mark.parametrize(("before", "after"), [("(", ")"), ("NOT ", ""), ("NOT (", ")")])
def test_a_query_may_be_as_deep_as_the_limit_and_no_deeper(before: str, after: str) -> None:
    levels = QUERY_DEPTH // 2 if before == "NOT (" else QUERY_DEPTH
    fitting = parse_select(f"SELECT * FROM X WHERE {before * levels}a = 1{after * levels}")
    assert parse_select(format(fitting)) == fitting
    deeper = refused(f"SELECT * FROM X WHERE {before * (levels + 1)}a = 1{after * (levels + 1)}")
    assert deeper.status is WbemStatus.QUOTA_VIOLATION


def test_not_like_is_as_deep_as_not() -> None:
    level = "a = 1 AND (b = 2 OR "
    fitting = where(level * (QUERY_DEPTH - 1) + "c NOT LIKE 'x'" + ")" * (QUERY_DEPTH - 1))
    assert parse_select(format(Select(None, "X", fitting))).where == fitting
    deeper = refused("SELECT * FROM X WHERE " + level * QUERY_DEPTH + "c NOT LIKE 'x'" + ")" * QUERY_DEPTH)
    assert deeper.status is WbemStatus.QUOTA_VIOLATION


def test_depth_is_counted_per_branch() -> None:
    branch = "(" * 60 + "a = 1" + ")" * 60
    assert where(" OR ".join([branch] * 3)) == Or((A_IS_1,) * 3)


def test_a_tree_built_by_hand_may_not_be_deeper_either() -> None:
    tree: Expression = A_IS_1
    for _ in range(5000):
        tree = Not(tree)
    with pytest.raises(WbemError) as caught:
        format(Select(None, "X", tree))
    assert caught.value.status is WbemStatus.QUOTA_VIOLATION


@pytest.mark.parametrize(
    "text", ["9" * 16_000, "0x" + "f" * 16_000, "." + "9" * 16_000, "1e" + "9" * 16_000, "0" * 16_000]
)
def test_enormous_numbers_are_refused(text: str) -> None:
    assert "is no number, or too large" in refused(f"SELECT * FROM X WHERE a = {text}").message


def test_the_largest_numbers_can_be_written_again() -> None:
    for constant in ("9" * (QUERY_NUMBER_CHARS - 1), "-" + "9" * (QUERY_NUMBER_CHARS - 1), "0x" + "f" * 300):
        query = parse_select(f"SELECT * FROM X WHERE a = {constant}")
        assert parse_select(format(query)) == query


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM X WHERE " + " AND ".join(["a = 1"] * 1600),
        "SELECT * FROM X WHERE " + "a = 1 OR " * 1800 + "a = 1",
        "SELECT " + ", ".join(["a"] * 5000) + " FROM X",
    ],
)
def test_long_flat_queries_are_no_problem(text: str) -> None:
    query = parse_select(text)
    assert format(query) == text
    assert parse_select(format(query)) == query


def test_quotes_that_do_not_end_are_read_once() -> None:
    assert len(tokenize('"' + '\\"' * 8000)) == 2
    assert "a string that does not end" in refused("SELECT * FROM X WHERE a = '" + "\\'" * 8000).message


# Places in messages


def test_a_message_shows_the_place_in_a_long_line() -> None:
    error = refused("SELECT " + ", ".join(["Property"] * 50) + " FORM X WHERE Y = 1")
    assert error.message.startswith("column 507: expected FROM, or a comma, found 'FORM', in: …")
    assert "FORM X WHERE" in error.message
    assert len(error.message) < 160


def test_a_message_shows_only_the_line_in_question() -> None:
    error = refused("SELECT *\nFROM X\r\n WHERE a ? 1\nAND b = 2")
    assert error.message == "line 3, column 10: expected an operator, found '?', in:  WHERE a ? 1"


def test_a_message_has_no_control_characters() -> None:
    error = refused("SELECT \x1b[2J \x07 FROM X")
    assert error.message.isprintable()


def test_errors_of_a_tree_built_by_hand_have_no_place() -> None:
    for tree in (
        Select(("a b",), "X"),
        Select((), "X"),
        Select(None, "x; y"),
        Select(None, "from"),
        Select(None, "X", Comparison("a", Operator.EQUAL, float("inf"))),
        Select(None, "X", Comparison("a", Operator.EQUAL, 10**QUERY_NUMBER_CHARS)),
        Select(None, "X", Comparison("a", Operator.LIKE, 5)),
        Select(None, "X", IsNull("a = 1 OR b")),
        Select(None, "X", IsNull("a..b")),
        Select(None, "a.b"),
        Select(None, "Meta_Class"),
        Select(None, "X", Isa("a", "b.c")),
        AssociatorsOf(DISK, role="a b"),
        AssociatorsOf(DISK, schema_only=True),
        ReferencesOf(DISK, result_class="X", class_defs_only=True),
        ReferencesOf(ObjectPath(None, None, "X} WHERE {")),
        ReferencesOf(ObjectPath(None, None, 'X="a"', ((None, 1),))),
    ):
        with pytest.raises(WbemError) as caught:
            format(tree)
        assert caught.value.status is WbemStatus.INVALID_QUERY


# Properties

words_of_names = st.from_regex(r"[A-Za-z_\u0080-\uffff][A-Za-z_0-9\u0080-\uffff]{0,8}", fullmatch=True)
names = words_of_names.filter(lambda name: name.upper() not in RESERVED and fold(name) != "meta_class")
properties = names | st.lists(words_of_names, min_size=2, max_size=3).map(".".join)
constants = (
    st.text(max_size=20)
    | st.integers()
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([10**30, -(10**300), "'", '"', "\\", "\\\\'", "NULL", ":p"])
)
order = st.sampled_from([operator for operator in Operator if operator is not Operator.LIKE])
leaves: st.SearchStrategy[Expression] = (
    st.builds(Comparison, properties, order, constants)
    | st.builds(Comparison, properties, st.just(Operator.LIKE), st.text(max_size=10))
    | st.builds(IsNull, properties)
    | st.builds(Isa, properties, names)
)


def _several(terms: st.SearchStrategy[Expression]) -> st.SearchStrategy[tuple[Expression, ...]]:
    return st.lists(terms, min_size=2, max_size=4).map(tuple)


expressions = st.recursive(
    leaves,
    lambda inner: st.builds(And, _several(inner)) | st.builds(Or, _several(inner)) | st.builds(Not, inner),
    max_leaves=12,
)
selects = st.builds(
    Select, st.none() | st.lists(properties, min_size=1, max_size=4).map(tuple), names, st.none() | expressions
)
key_values = st.text(max_size=10) | st.integers(-(2**63), 2**64 - 1) | st.booleans()
key_names = st.sampled_from(["K", "Name", "DeviceID", "Äöü"])
keys = st.dictionaries(key_names, key_values, min_size=1, max_size=3).map(lambda given: tuple(given.items()))
class_paths = st.builds(
    ObjectPath, st.none(), st.sampled_from([None, r"root\cimv2"]), st.sampled_from(["Class", "__C1"])
)
paths = (
    st.builds(ObjectPath, st.sampled_from([None, "srv", "."]), st.just("root"), st.just("Class"), keys)
    | st.builds(lambda value: ObjectPath(None, None, "Class", ((None, value),)), key_values)
    | st.just(ObjectPath(None, None, "Class", None, singleton=True))
    | class_paths
)
either = st.booleans()
name_or_none = st.none() | names
of_results = {"role": name_or_none, "required_qualifier": name_or_none}
of_associators = {"assoc_class": name_or_none, "result_role": name_or_none, "required_assoc_qualifier": name_or_none}
definitions = st.builds(lambda alone: {"class_defs_only": True, "keys_only": alone}, either)
others = st.fixed_dictionaries({"result_class": name_or_none, "keys_only": either})


def _associations(made: type[Association], conditions: dict[str, Any]) -> st.SearchStrategy[Association]:
    """Without what excludes each other."""
    rest = st.fixed_dictionaries(conditions)
    data = st.tuples(paths, rest, definitions | others)
    schema = st.tuples(
        class_paths, rest, st.fixed_dictionaries({"result_class": name_or_none, "schema_only": st.just(True)})
    )
    return (data | schema).map(lambda parts: made(parts[0], **parts[1], **parts[2]))


associations = _associations(ReferencesOf, of_results) | _associations(AssociatorsOf, of_results | of_associators)
queries: st.SearchStrategy[Query] = selects | st.builds(SchemaQuery, st.none() | expressions) | associations


@given(queries)
@settings(max_examples=200)
@example(Select(None, "X", Not(Not(IsNull("a")))))
@example(Select(None, "X", Comparison("a", Operator.EQUAL, -0.0)))
def test_what_is_formatted_parses_to_the_same(query: Query) -> None:
    again = parse(format(query))
    assert again == query
    assert repr(again) == repr(query)  # 1 and TRUE are equal, and look different
    assert format(again) == format(query)


@given(st.builds(lambda given: ObjectPath("srv", "root", "Class", given), keys))
def test_values_of_keys_may_be_parameters(path: ObjectPath) -> None:
    parameters = {f"p{at}": value for at, (_, value) in enumerate(path.keys or ())}
    written = ",".join(f"{name}=:p{at}" for at, (name, _) in enumerate(path.keys or ()))
    found = parse(rf"REFERENCES OF {{\\srv\root:Class.{written}}}", parameters)
    assert isinstance(found, ReferencesOf)
    assert found.path.keys == path.keys
    assert parse(format(found)) == found


words = st.sampled_from(
    [
        *"SELECT * FROM X WHERE a b , = <> < > ( ) AND OR NOT LIKE IS ISA NULL TRUE __CLASS 1 -1 0x1 1.5 . ; [".split(),
        *"ASSOCIATORS REFERENCES OF {a=1} {a} { } {:p} {a=:p} meta_class __this Role KeysOnly SchemaOnly a.b".split(),
        *("'x'", '"y"', "'%'", ":p", "'", '"', "\\"),
    ]
)


starts = st.sampled_from(
    [
        "",
        "ASSOCIATORS OF {a} WHERE ",
        "REFERENCES OF {a=:p,",
        "REFERENCES OF {",
        "SELECT * FROM meta_class WHERE ",
    ]
)


@given(st.builds(add, starts, st.lists(words, max_size=20).map(" ".join) | st.text(max_size=50)))
def test_junk_raises_nothing_but_wbem_error(text: str) -> None:
    for junk in (text, f"SELECT * FROM X WHERE {text}"):
        try:
            query = parse(junk, {"p": 1} if ":p" in junk else None)
        except WbemError as error:
            assert error.message.isprintable()
        else:
            assert parse(format(query)) == query


@given(queries, st.data())
def test_a_query_cut_anywhere_raises_nothing_but_wbem_error(query: Query, data: st.DataObject) -> None:
    text = format(query)
    cut = data.draw(st.integers(0, len(text)))
    for part in (text[:cut], text[cut:]):
        try:
            parse(part)
        except WbemError as error:
            assert error.status in (WbemStatus.INVALID_QUERY, WbemStatus.INVALID_PARAMETER)
