"""ASSOCIATORS OF and REFERENCES OF with SchemaOnly: classes that may be linked, by what association classes declare.

From the SDK's page "Schema Associations". What it leaves open is decided like this:

- An association class is one that declares a reference to the source class or to an ancestor of it, abstract or not, or
  one that inherits such a reference.
- REFERENCES OF gives each such class once. ASSOCIATORS OF gives the classes to which its other references are declared,
  each once for each association class: "Schema association queries may return duplicate objects", as those that derive
  from one another often do.
- The class that is given is the one that the association declares, and none derived from it; ResultClass must be it, or
  one of its ancestors.
- `object ref` may refer to any class; with ClassRef, to those that this qualifier lists and what derives from them.

Which instances there are is not known here.
"""

from __future__ import annotations

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine.associations.roles import Classes, facts_of
from openwmi.model import CimClass
from openwmi.wql import AssociatorsOf, ReferencesOf


def schema_associations(query: AssociatorsOf | ReferencesOf, classes: Classes) -> list[CimClass]:
    """The classes that a query with SchemaOnly asks for, in the order of the schema. NOT_FOUND for its source class."""
    source = classes.find(query.path.class_name)
    if source is None:
        raise WbemError(WbemStatus.NOT_FOUND, f"there is no class {query.path.class_name} to find associations of")
    lineage = facts_of(source).lineage
    if isinstance(query, ReferencesOf):
        return [
            each
            for each in classes.derived(None, deep=True)
            if _near(each, lineage, query.role) and _fits(each, query.result_class, query.required_qualifier)
        ]
    found: list[CimClass] = []
    for each in classes.derived(None, deep=True):
        if _fits(each, query.assoc_class, query.required_assoc_qualifier):
            ends = (classes.find(name) for name in _far(each, lineage, query))
            found += [end for end in ends if end and _fits(end, query.result_class, query.required_qualifier)]
    return found


def _near(class_: CimClass, lineage: frozenset[str], role: str | None) -> list[int]:
    """The places of the references by which a class may refer to the source."""
    wanted = None if role is None else fold(role)
    return [
        each.position
        for each in facts_of(class_).roles
        if (wanted is None or each.name == wanted) and each.may_name(lineage)
    ]


def _far(class_: CimClass, lineage: frozenset[str], query: AssociatorsOf) -> dict[str, None]:
    """The names of the classes that it may link with the source, each once."""
    near = _near(class_, lineage, query.role)
    wanted = None if query.result_role is None else fold(query.result_role)
    return {
        name: None
        for each in facts_of(class_).roles
        if (wanted is None or each.name == wanted) and any(place != each.position for place in near)
        for name in each.class_names
    }


def _fits(class_: CimClass, wanted: str | None, qualifier: str | None) -> bool:
    """Whether it is or derives from the class `wanted`, and has the qualifier."""
    if wanted is not None and fold(wanted) not in facts_of(class_).lineage:
        return False
    return qualifier is None or qualifier in class_.qualifiers
