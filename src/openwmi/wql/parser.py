"""Text to tree: recursive descent over [MS-WMI] 2.2.1.1, DATA-WQL. It knows words and order, and no class but one:
meta_class, which makes a question about classes out of one about instances.

Precedence is NOT, then AND, then OR. Parameters (`:name`) take the place of constants and are bound as values: a value
never becomes text that is parsed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.limits import QUERY_CHARS, QUERY_DEPTH, QUERY_TEXT_KEPT_CHARS, QUERY_TEXTS_KEPT
from openwmi.base.status import WbemStatus
from openwmi.wql.association import parse_association
from openwmi.wql.lexer import Token, bad_escape, is_name, number, unescape
from openwmi.wql.place import invalid_query, shown
from openwmi.wql.tree import (
    META_CLASS,
    And,
    Comparison,
    Constant,
    Expression,
    Isa,
    IsNull,
    Not,
    Operator,
    Or,
    Query,
    Relation,
    SchemaQuery,
    Select,
)
from openwmi.wql.words import Words, name_of

_OPERATORS = {operator.value: operator for operator in Operator} | {"!=": Operator.UNEQUAL}
_MIRRORED = {
    Operator.EQUAL: Operator.EQUAL,
    Operator.UNEQUAL: Operator.UNEQUAL,
    Operator.LESS: Operator.GREATER,
    Operator.GREATER: Operator.LESS,
    Operator.LESS_OR_EQUAL: Operator.GREATER_OR_EQUAL,
    Operator.GREATER_OR_EQUAL: Operator.LESS_OR_EQUAL,
}
_A_CONSTANT = "a constant (text stands in quotes)"


def parse(text: str, parameters: Mapping[str, object] | None = None) -> Query:
    """The query that `text` is.

    Args:
        text: one statement.
        parameters: a value for each `:name` in the text, and for nothing else: str, int, float, bool, None (NULL),
            CimDateTime, CimInterval, ObjectPath, an aware datetime or a timedelta. In the braces of ASSOCIATORS OF and
            REFERENCES OF one may be the value of a key, or stand for the whole path.

    Raises:
        WbemError: INVALID_QUERY for what is not WQL, with its place; QUOTA_VIOLATION beyond QUERY_CHARS or
            QUERY_DEPTH; INVALID_PARAMETER for what is no text or empty, and for parameters that are missing, unused or
            of a type that no property has.
    """
    check_text(text)
    if parameters or len(text) > QUERY_TEXT_KEPT_CHARS:
        return _parsed(text, parameters)
    return _kept(str(text), parameters is None)


def parse_select(text: str, parameters: Mapping[str, object] | None = None) -> Select:
    """The same where only a question about instances of a class will do. INVALID_QUERY for any other statement."""
    query = parse(text, parameters)
    if not isinstance(query, Select):
        raise invalid_query(text, 0, "expected a SELECT that asks for the instances of a class")
    return query


def check_text(text: object) -> None:
    """INVALID_PARAMETER for what is no text or empty, QUOTA_VIOLATION for what is too long."""
    if not isinstance(text, str):  # a caller may lack a type checker
        raise WbemError(WbemStatus.INVALID_PARAMETER, f"a query is a text, and this is {text!r}")
    if len(text) > QUERY_CHARS:
        raise WbemError(WbemStatus.QUOTA_VIOLATION, f"the query has {len(text)} characters; {QUERY_CHARS} are allowed")
    if not text:  # Windows: tells this from a query that is wrong
        raise WbemError(WbemStatus.INVALID_PARAMETER, "the query is empty")


@lru_cache(maxsize=QUERY_TEXTS_KEPT)
def _kept(text: str, without: bool) -> Query:
    query = _parsed(text, None if without else {})
    return replace(query, kept=True) if isinstance(query, Select | SchemaQuery) else query


def _parsed(text: str, parameters: Mapping[str, object] | None) -> Query:
    parser = Parser(text, parameters)
    query = parser.query()
    has_where = isinstance(query, Select | SchemaQuery) and query.where is not None
    parser.finish("AND, OR or the end" if has_where else "WHERE or the end")
    return query


class Parser(Words):
    """Each method reads one part of the grammar and leaves the place behind it.

    Attributes:
        depth: how many parentheses and NOTs are open.
        relates: whether a property may be compared with one of an embedded object, and not with constants alone.
    """

    relates = False

    def __init__(self, text: str, parameters: Mapping[str, object] | None) -> None:
        super().__init__(text, parameters)
        self.depth = 0

    def query(self) -> Query:
        if self.next_is("ASSOCIATORS", "REFERENCES"):
            return parse_association(self)
        self.expect("SELECT", after=", ASSOCIATORS OF or REFERENCES OF")
        columns, class_name = self.selection()
        is_schema = fold(class_name) == META_CLASS
        if is_schema and columns is not None:
            raise invalid_query(self.text, columns[0].offset, f"{META_CLASS} gives whole classes: expected * alone")
        where = self.disjunction() if self.accept("WHERE") else None
        if is_schema:
            return SchemaQuery(where, self.text)
        return self.selected(columns, class_name, where)

    def selection(self) -> tuple[list[Token] | None, str]:
        """What follows SELECT: the select list, None for `*`, and the class."""
        columns: list[Token] | None = None
        if not self.accept("*"):
            columns = [self.property("a property name or *")]
            while self.accept(","):
                columns.append(self.property("a property name"))
        self.expect("FROM", after=None if columns is None else ", or a comma")
        return columns, self.name("a class name").text

    def selected(self, columns: list[Token] | None, class_name: str, where: Expression | None) -> Select:
        """The tree of what was read."""
        if columns is None:
            return Select(None, class_name, where, self.text)
        names, offsets = tuple(c.text for c in columns), tuple(c.offset for c in columns)
        return Select(names, class_name, where, self.text, offsets)

    def finish(self, wanted: str) -> None:
        """Nothing may be left over: no words but what is `wanted`, and no parameters."""
        if self.tokens[self.at].kind != "end":
            self.fail(wanted)
        if unused := self.unused():
            raise WbemError(
                WbemStatus.INVALID_PARAMETER, f"the query has no parameter :{shown(unused[0])}: it was given a value"
            )

    def disjunction(self) -> Expression:
        alternatives: list[Expression] = []
        while True:
            terms = [self.term()]
            while self.accept("AND"):
                terms.append(self.term())
            alternatives.append(And(tuple(terms)) if len(terms) > 1 else terms[0])
            if not self.accept("OR"):
                return Or(tuple(alternatives)) if len(alternatives) > 1 else alternatives[0]

    def term(self) -> Expression:
        outside = self.depth
        negations = 0
        while self.accept("NOT"):
            negations += 1
            self.deeper()
        if self.accept("("):
            self.deeper()
            term = self.disjunction()
            self.expect(")", after=", AND or OR")
        else:
            term = self.comparison()
        self.depth = outside
        for _ in range(negations):
            term = Not(term)
        return term

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > QUERY_DEPTH:
            raise WbemError(
                WbemStatus.QUOTA_VIOLATION, f"parentheses and NOT nest more than {QUERY_DEPTH} deep in the query"
            )

    def comparison(self) -> Expression:
        start = self.tokens[self.at]
        if start.kind != "name" or start.text.upper() in ("NULL", "TRUE", "FALSE"):
            return self.constant_first()
        column = self.property("a property name, a constant, NOT or (")
        if self.accept("ISA"):
            return self.isa(column)
        if self.accept("IS"):
            negated = self.accept("NOT")
            self.expect("NULL")
            return _null(column, negated=negated)
        if self.accept("NOT"):
            self.expect("LIKE")
            self.deeper()
            return Not(self.compared(column, Operator.LIKE))
        operator = Operator.LIKE if self.accept("LIKE") else self.operator("an operator")
        return self.compared(column, operator)

    def compared(self, column: Token, operator: Operator) -> Expression:
        """What follows `property operator`."""
        word = self.tokens[self.at]
        equality = operator in (Operator.EQUAL, Operator.UNEQUAL)
        if equality and fold(column.text) == "__class" and is_name(word.text):
            self.at += 1  # the grammar has a CLASS-NAME here, without quotes; the SDK has them
            return Comparison(column.text, operator, word.text, column.offset)
        if self.relates and word.kind == "name" and "." in word.text and operator is not Operator.LIKE:
            return Relation(column.text, operator, self.property(_A_CONSTANT).text, column.offset)
        constant = self.constant()
        if constant is None:
            return self.null(column, operator, word)
        if operator is Operator.LIKE and not isinstance(constant, str):
            raise invalid_query(self.text, word.offset, f"expected a pattern in quotes, found {name_of(word)}")
        return Comparison(column.text, operator, constant, column.offset)

    def constant_first(self) -> Expression:
        """`constant operator property`, which means the same as the other way round."""
        start = self.tokens[self.at]
        constant = self.constant("a property name, a constant, NOT or (")
        if self.next_is("LIKE", "NOT", "IS", "ISA"):
            self.fail("an operator: LIKE, IS and ISA have the property on their left")
        operator = _MIRRORED[self.operator("an operator")]
        column = self.property("a property name")
        if constant is None:
            return self.null(column, operator, start)
        return Comparison(column.text, operator, constant, column.offset)

    def isa(self, column: Token) -> Expression:
        """What follows `property ISA`: the SDK has quotes around the class, the grammar has none."""
        word = self.tokens[self.at]
        if word.kind == "name":
            return Isa(column.text, self.name("a class name").text, column.offset)
        class_name = self.constant("a class name")
        if not isinstance(class_name, str) or not is_name(class_name):
            raise invalid_query(self.text, word.offset, f"expected a class name, found {name_of(word)}")
        return Isa(column.text, class_name, column.offset)

    def null(self, column: Token, operator: Operator, word: Token) -> Expression:
        """A comparison with NULL; only equality has a meaning there."""
        if operator not in (Operator.EQUAL, Operator.UNEQUAL):
            raise invalid_query(
                self.text, word.offset, f"NULL can be compared by =, <> and IS, not by {operator.value}"
            )
        return _null(column, negated=operator is Operator.UNEQUAL)

    def constant(self, wanted: str = _A_CONSTANT) -> Constant | None:
        """The value of the next word; None is NULL."""
        token = self.tokens[self.at]
        self.at += 1
        match token.kind, token.text.upper():
            case "string", _:
                bad = bad_escape(token)
                if bad is not None:
                    problem = f"{name_of(bad)} is no escape: a backslash is written \\\\, a quote \\\" or \\'"
                    raise invalid_query(self.text, bad.offset, problem)
                return unescape(token)
            case "number", _:
                value = number(token.text)
                if value is None:
                    raise invalid_query(self.text, token.offset, f"{name_of(token)} is no number, or too large")
                return value
            case "name", "TRUE" | "FALSE" as word:
                return word == "TRUE"
            case "name", "NULL":
                return None
            case "parameter", _:
                return self.parameter(token)
        self.at -= 1
        return self.fail(wanted)

    def operator(self, wanted: str) -> Operator:
        token = self.tokens[self.at]
        if token.kind != "operator":
            self.fail(wanted)
        self.at += 1
        return _OPERATORS[token.text]


def _null(column: Token, *, negated: bool) -> Expression:
    test = IsNull(column.text, column.offset)
    return Not(test) if negated else test
