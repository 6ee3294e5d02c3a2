"""Whole namespaces and whole compilations -> MOF that compiles to the same.

A text is read from its beginning: superclasses stand before derived classes, classes before their instances and before
the defaults that hold objects of them. Where the objects come from is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from typing import TypeAlias

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.model import ChangeFlag, CimClass, CimInstance, abstract_problem
from openwmi.mof.formatter import Writer, quoted
from openwmi.mof.pragmas import CLASS_FLAGS
from openwmi.mof.steps import Compilation, DeleteClass, DeleteInstance, PutClass
from openwmi.mof.tree import QualifierDeclaration
from openwmi.mof.uses import kept_to, objects_within

Stored: TypeAlias = QualifierDeclaration | CimClass | CimInstance


def format_namespace(namespace: str, objects: Iterable[Stored]) -> str:
    """MOF of what a namespace holds, from `#pragma namespace` on; the same text whatever the order of `objects`.

    Of two classes, or two declarations of a qualifier, with one name the last counts. A superclass or class that is
    not among the objects has to exist where the text is compiled. A declaration that a use in these objects
    does not keep to (another type, another scope, not amended though declared so) comes last, after all uses. An
    abstract class below one of the objects that is not abstract stands behind the flag without which nobody takes it.

    Raises:
        WbemError: NOT_SUPPORTED for what MOF cannot say, and for classes whose defaults hold objects of each other.
    """
    declared: dict[str, QualifierDeclaration] = {}
    classes: dict[str, CimClass] = {}
    instances: list[CimInstance] = []
    for each in objects:
        if isinstance(each, CimInstance):
            instances.append(each)
        elif isinstance(each, CimClass):
            classes[fold(each.name)] = each
        else:
            declared[fold(each.name)] = each
    known = [declared[name] for name in sorted(declared)]
    kept = kept_to(known, [*classes.values(), *instances])
    writer = Writer()
    parts = [_pragma(namespace)]
    parts.extend([writer.declaration(each) for each in known if fold(each.name) in kept])
    for each in _in_order(classes):
        forced = abstract_problem(each, classes.get(fold(each.superclass or ""))) is not None
        parts.extend([_flags("classflags", ChangeFlag.UPDATE_FORCE_MODE)] if forced else [])
        parts.append(writer.declaration(each))
        parts.extend([_flags("classflags", ChangeFlag.CREATE_OR_UPDATE)] if forced else [])
    written = sorted([(*_place(each), writer.declaration(each)) for each in instances])
    parts.extend([text for _, _, text in written])
    parts.extend([writer.declaration(each) for each in known if fold(each.name) not in kept])
    return "\n".join(parts)


def format_compilation(compilation: Compilation) -> str:
    """MOF of the steps, in their order, with the pragmas that say their namespaces and flags.

    Declarations of qualifiers stand first or last, as above. `autorecover` and `amendment` are of the text that was
    compiled, and are not written. NOT_SUPPORTED as above.
    """
    known = list(compilation.qualifiers.values())
    kept = kept_to(known, [*compilation.classes, *compilation.instances])
    writer = Writer()
    parts = [writer.declaration(each) for each in known if fold(each.name) in kept]
    namespace = ""
    flags = {"classflags": ChangeFlag.CREATE_OR_UPDATE, "instanceflags": ChangeFlag.CREATE_OR_UPDATE}
    for step in compilation.steps:
        if step.namespace != namespace:
            namespace = step.namespace
            writer.known.clear()
            parts.append(_pragma(namespace))
        if isinstance(step, DeleteClass):
            parts.append(_deletion("deleteclass", step.class_name, step.must_exist))
            continue
        if isinstance(step, DeleteInstance):
            parts.append(_deletion("deleteinstance", str(step.path), step.must_exist))
            continue
        kind = "classflags" if isinstance(step, PutClass) else "instanceflags"
        if step.flags != flags[kind]:
            flags[kind] = step.flags
            parts.append(_flags(kind, step.flags))
        parts.append(writer.declaration(step.class_ if isinstance(step, PutClass) else step.instance))
    parts.extend([writer.declaration(each) for each in known if fold(each.name) not in kept])
    return "\n".join(parts)


def _pragma(namespace: str) -> str:
    return f"#pragma namespace({quoted(f'{_HERE}{namespace}')})\n"


def _place(instance: CimInstance) -> tuple[str, str]:
    """What instances stand in the order of: class and path."""
    path = instance.path_
    return fold(instance.class_.name), "" if path is None else str(path.relative).lower()


def _deletion(pragma: str, target: str, must_exist: bool) -> str:
    return f"#pragma {pragma}({quoted(target)}, {'FAIL' if must_exist else 'NOFAIL'})\n"


def _flags(pragma: str, flags: ChangeFlag) -> str:
    words = [quoted(word) for word, flag in CLASS_FLAGS.items() if flags & flag]
    return f"#pragma {pragma}({', '.join(words) or quoted('')})\n"


_HERE = "\\\\.\\"


def _in_order(classes: dict[str, CimClass]) -> Iterator[CimClass]:
    """Each after those that its text needs."""
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for name in sorted(classes):
        sorter.add(name, *sorted(_needs(classes[name]) & classes.keys()))
    try:
        for name in sorter.static_order():
            yield classes[name]
    except CycleError as error:
        circle = " -> ".join([classes[name].name for name in error.args[1]])
        problem = f"no order of these classes can be compiled, since each needs the next: {circle}"
        raise WbemError(WbemStatus.NOT_SUPPORTED, problem) from None


def _needs(class_: CimClass) -> set[str]:
    """The classes, by their folded names, that must be known where a class is declared: its superclass, and those of
    the objects in its defaults.
    """
    needed = {fold(class_.superclass)} if class_.superclass else set()
    for each in objects_within(class_):
        if isinstance(each, CimClass):
            needed.update([fold(each.superclass)] if each.superclass else [])
        else:
            needed.add(fold(each.class_.name))
    return needed
