"""Notification queries: text to tree ([MS-WMI] 2.2.1.2, EVENT-WQL; the SDK's "WITHIN", "GROUP" and "HAVING Clause").

Decided where the documents are open or differ:

- WITHIN and GROUP, BY and HAVING are words in their places alone: a property may be called Group.
- An interval is 0.001 to 4294967.295 seconds, milliseconds in 32 bits: [MS-WMI] 3.1.2 prints 418937 for the upper end
  and, in parentheses, the formula that gives 4294967. What is out of range is refused, since "the server response … is
  implementation-dependent". Windows: cuts the milliseconds off to 32 bits and says nothing (notes 52 and 55).
- BY takes several properties, as the SDK has it and the grammar has not; `BY *` is MISSING_AGGREGATION_LIST, and GROUP
  without WITHIN is MISSING_GROUP_WITHIN (3.1.4.3.20).
- WHERE may be left out; whether it must not for a class of events, whoever knows classes has to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.limits import EVENT_WITHIN, EVENT_WITHIN_LEAST, QUERY_TEXT_KEPT_CHARS, QUERY_TEXTS_KEPT
from openwmi.base.status import WbemStatus
from openwmi.wql.lexer import Token
from openwmi.wql.parser import Parser, check_text
from openwmi.wql.place import invalid_query, shown
from openwmi.wql.tree import META_CLASS, EventQuery, Expression, Group
from openwmi.wql.words import name_of


def parse_event(text: str, parameters: Mapping[str, object] | None = None) -> EventQuery:
    """The notification query that `text` is; parameters as for `parse`, and as an interval, too.

    Raises:
        WbemError: INVALID_QUERY with the place, QUOTA_VIOLATION, INVALID_PARAMETER as for `parse`;
            MISSING_GROUP_WITHIN, MISSING_AGGREGATION_LIST; NOT_EVENT_CLASS for a question about classes.
    """
    check_text(text)
    if parameters or len(text) > QUERY_TEXT_KEPT_CHARS:
        return _parsed(text, parameters)
    return _kept(str(text), parameters is None)


def seconds_problem(seconds: float) -> str | None:
    """What is wrong with an interval."""
    low, high = EVENT_WITHIN_LEAST, EVENT_WITHIN
    if low <= seconds <= high:
        return None
    return f"an interval is {low} to {high} seconds, and this is {shown(repr(seconds))}"


@lru_cache(maxsize=QUERY_TEXTS_KEPT)
def _kept(text: str, without: bool) -> EventQuery:
    query = _parsed(text, None if without else {})
    return replace(query, select=replace(query.select, kept=True))


def _parsed(text: str, parameters: Mapping[str, object] | None) -> EventQuery:
    return _EventParser(text, parameters).event_query()


class _EventParser(Parser):
    """Each method reads one part of the grammar and leaves the place behind it."""

    relates = True

    def event_query(self) -> EventQuery:
        self.expect("SELECT")
        columns, class_name = self.selection()
        if fold(class_name) == META_CLASS:
            raise WbemError(WbemStatus.NOT_EVENT_CLASS, f"{META_CLASS} stands for classes, and no event is one of them")
        within = self.interval() if self.accept("WITHIN") else None
        where = self.disjunction() if self.accept("WHERE") else None
        group = self.group() if self.accept("GROUP") else None
        self.finish(_expected(within, where, group))
        return EventQuery(self.selected(columns, class_name, where), within, group)

    def group(self) -> Group:
        if self.next_is("BY"):
            problem = "GROUP BY has no interval: write GROUP WITHIN seconds BY …"
            raise WbemError(WbemStatus.MISSING_GROUP_WITHIN, problem)
        self.expect("WITHIN")
        within = self.interval()
        by = self.properties() if self.accept("BY") else ()
        return Group(within, by, self.disjunction() if self.accept("HAVING") else None)

    def properties(self) -> tuple[str, ...]:
        """What follows BY."""
        if self.next_is("*"):
            problem = "GROUP … BY * would group by all properties: name those to group by"
            raise WbemError(WbemStatus.MISSING_AGGREGATION_LIST, problem)
        found = [self.property("a property name").text]
        while self.accept(","):
            found.append(self.property("a property name").text)
        return tuple(found)

    def interval(self) -> float:
        token = self.tokens[self.at]
        wanted = "a number of seconds"
        value = self.constant(wanted) if token.kind in ("number", "parameter") else self.fail(wanted)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._unfit(token, f"expected {wanted}, found {name_of(token)}")
        problem = seconds_problem(value)
        if problem is not None:
            raise self._unfit(token, problem)
        return float(value)

    def _unfit(self, token: Token, problem: str) -> WbemError:
        return invalid_query(self.text, token.offset, problem)


def _expected(within: float | None, where: Expression | None, group: Group | None) -> str:
    """What may follow."""
    if group is not None:
        more = "AND, OR" if group.having is not None else "HAVING" if group.by else "BY, HAVING"
        return f"{more} or the end"
    if where is not None:
        return "AND, OR, GROUP or the end"
    return "WHERE, GROUP or the end" if within is not None else "WITHIN, WHERE, GROUP or the end"
