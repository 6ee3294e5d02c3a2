"""Compiles MOF into the repository: parsed beside the loop, resolved and stored inside one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine.writing import remove, store
from openwmi.model import CimClass, ObjectPath
from openwmi.mof import (
    Declaration,
    DeleteClass,
    DeleteInstance,
    MofError,
    Phase,
    PutClass,
    PutInstance,
    Source,
    parse,
    resolve,
    split,
)
from openwmi.operation import CallContext, Workers
from openwmi.repository import Repository
from openwmi.repository.transaction import Transaction
from openwmi.session import MofText

Step = PutClass | PutInstance | DeleteClass | DeleteInstance
IsProvided = Callable[[str, str], bool]
"""(namespace, class) -> whether a provider has its instances."""


async def load_mof(
    repository: Repository, namespace: str, mof: MofText, is_provided: IsProvided, context: CallContext
) -> tuple[ObjectPath, ...]:
    """All that the text declares, or nothing; the paths of what was put. MofError."""
    declarations = await parse_mof(mof)
    return await repository.write(
        lambda transaction: _compile(transaction, declarations, namespace, mof, is_provided, context)
    )


async def check_mof(
    repository: Repository, namespace: str, mofs: Sequence[MofText], is_provided: IsProvided, context: CallContext
) -> tuple[WbemError, ...]:
    """What keeps these texts from being compiled, one after another: at most one problem each. Nothing is stored."""
    trial = repository.trial()
    problems = []
    for mof in mofs:
        try:
            await load_mof(trial, namespace, mof, is_provided, context)
        except WbemError as problem:
            problems.append(problem)
    trial.close()
    return tuple(problems)


async def parse_mof(mof: MofText) -> tuple[Declaration, ...]:
    """What a text declares, with all that it includes; read beside the loop. MofError."""
    parsers = Workers("openwmi-mof", 1)  # of its own: a file that is included may be one that blocks
    try:
        return await parsers.run(_parse, mof)
    finally:
        parsers.close()


def _parse(mof: MofText) -> tuple[Declaration, ...]:
    read = mof.include

    def include(named: str, where: str) -> Source:
        if read is None:
            raise WbemError(WbemStatus.NOT_SUPPORTED, "a text that is in no file can include none")
        return Source(*read(named, where))

    return tuple(parse(mof.text, mof.name, include))


def _compile(
    transaction: Transaction,
    declarations: tuple[Declaration, ...],
    namespace: str,
    mof: MofText,
    is_provided: IsProvided,
    context: CallContext,
) -> tuple[ObjectPath, ...]:
    def find(where: str, name: str) -> CimClass | None:
        if transaction.has(where):
            return transaction.namespace(where).find(name)
        # A namespace that the text itself creates: it will have the classes of the system, as any has.
        return transaction.namespace("root").find(name) if name.startswith("__") else None

    compilation = resolve(declarations, find, namespace, _servers(transaction))
    parts = (compilation,) if compilation.amendment is None else split(compilation, compilation.amendment)
    paths = []
    for step in [step for part in parts for step in part.steps]:
        try:
            path = _carry_out(transaction, step, mof, is_provided, context)
        except MofError:
            raise
        except WbemError as error:
            raise MofError(int(error.status), error.message, step.place, Phase.STORING) from error
        if path is not None:
            paths.append(path)
    return tuple(paths)


def _servers(transaction: Transaction) -> tuple[str, ...]:
    """The name that this machine has in the paths of what is stored."""
    found = transaction.namespace("root").find("__SystemClass")
    return () if found is None else (found.server,)


def _carry_out(
    transaction: Transaction, step: Step, mof: MofText, is_provided: IsProvided, context: CallContext
) -> ObjectPath | None:
    draft = transaction.namespace(step.namespace)
    if isinstance(step, PutClass):
        return store(transaction, draft, step.class_, step.flags or mof.class_flags, context)
    if isinstance(step, PutInstance):
        if is_provided(step.namespace, step.instance.class_.name):
            raise WbemError(
                WbemStatus.PROVIDER_NOT_CAPABLE,
                f"the instances of {step.instance.class_.name} belong to its provider: put them one by one",
            )
        return store(transaction, draft, step.instance, step.flags or mof.instance_flags, context)
    path = step.path if isinstance(step, DeleteInstance) else ObjectPath(None, None, step.class_name)
    try:
        remove(transaction, step.namespace, path, context)
    except WbemError as error:
        if step.must_exist or error.status is not WbemStatus.NOT_FOUND:
            raise
    return None
