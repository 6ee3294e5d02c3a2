"""WQL, the query language of WMI ([MS-WMI] 2.2.1; the SDK's "Querying with WQL"): text, tree, and functions made of it.

`parse` and `format` turn text into a tree and back: a Select, a SchemaQuery, AssociatorsOf or ReferencesOf;
`parse_event` does so for a notification query, an EventQuery, and `class_scope` tells which classes it is about.
`compile_filter` and `compile_row_filter` make of a Select and a class one function that picks what matches;
`compile_class_filter` does so for the classes that a SchemaQuery asks for. `plan` tells whoever fetches instances what
not to fetch, by which keys to look, and what to show; `class_lookup` whoever has the classes which of them not to read.
`prototype` is the class of the results. What was made of a text without parameters is kept for the next time.

What the documents leave open is decided like this:

- NULL: a comparison with a property that is NULL is unknown; NOT unknown is unknown, unknown AND FALSE is FALSE,
  unknown OR TRUE is TRUE; only objects for which WHERE is TRUE match. `= NULL` and `<> NULL` mean IS [NOT] NULL.
- What has no order is unknown as well: a real that is not a number is neither less nor greater than any, nor is a date
  with `*` in place of digits. A date and an interval are neither equal nor unequal.
- Text compares without regard to case, in order as well; so do characters and the texts in references, which compare as
  paths: what only one of the two states (server, namespace) does not tell them apart.
- Strings have the escapes `\\\\ \\" \\'` and no others, in LIKE too (Windows refuses "PCI\\%"); see `openwmi.wql.like`.
- A constant takes the type of the property: '3' is a number beside a number. One that the type cannot hold compares as
  what it is.
- Arrays have no comparison ("WQL does not support queries of array datatypes"), but they can be NULL.
- `Inner.Name` is a property of an embedded object, as deep as one likes. What is in an object that is NULL is NULL.
  What its class does not have, or cannot compare like that, matches nothing and is no error. In the select list it
  stands for the whole embedded object (the SDK would have all of it NULL but the property).
- A notification query compares properties with each other, too, where the second one is in an embedded object:
  `TargetInstance.State <> PreviousInstance.State`. The second one takes the type of the first, as a constant does.
- ISA takes a class with quotes or without. No class of that name need exist. `__this` is there in schema queries alone:
  in a data query `__CLASS` says what an instance is.
- System properties are text like others: `__PATH = "…"` wants the path as WMI writes it, but for case.
- Of dates the WMI format is read, and none of those that the SDK lists beside it: they mean another day in each locale.
- There are no comments. `:name` is no WQL but ours: a value that the caller binds, in place of a constant, of a key's
  value in the braces of ASSOCIATORS OF and REFERENCES OF, or of all that stands in them.

It must not know where objects come from, nor of any wire or file.
"""

from openwmi.wql.bounds import Bounds
from openwmi.wql.compiler import (
    ClassFilter,
    InstanceFilter,
    RowFilter,
    compile_class_filter,
    compile_filter,
    compile_row_filter,
)
from openwmi.wql.event import parse_event
from openwmi.wql.formatter import format  # noqa: A004 - parse and format are the two verbs for text
from openwmi.wql.keep import keeping
from openwmi.wql.lookup import key_filter
from openwmi.wql.parser import parse, parse_select
from openwmi.wql.plan import Plan, plan, prototype, selected
from openwmi.wql.scope import ALL_CLASSES, ClassScope, class_lookup
from openwmi.wql.tree import (
    And,
    AssociatorsOf,
    Comparison,
    Constant,
    EventQuery,
    Expression,
    Group,
    Isa,
    IsNull,
    Not,
    Operator,
    Or,
    Query,
    ReferencesOf,
    Relation,
    SchemaQuery,
    Select,
)
from openwmi.wql.watch import check_inner_names, class_scope

__all__ = [
    "ALL_CLASSES",
    "And",
    "AssociatorsOf",
    "Bounds",
    "ClassFilter",
    "ClassScope",
    "Comparison",
    "Constant",
    "EventQuery",
    "Expression",
    "Group",
    "InstanceFilter",
    "IsNull",
    "Isa",
    "Not",
    "Operator",
    "Or",
    "Plan",
    "Query",
    "ReferencesOf",
    "Relation",
    "RowFilter",
    "SchemaQuery",
    "Select",
    "check_inner_names",
    "class_lookup",
    "class_scope",
    "compile_class_filter",
    "compile_filter",
    "compile_row_filter",
    "format",
    "keeping",
    "key_filter",
    "parse",
    "parse_event",
    "parse_select",
    "plan",
    "prototype",
    "selected",
]
