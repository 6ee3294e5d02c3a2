"""A namespace as one call sees it: classes that are found or refused by name, and the sources of their instances."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from openwmi.base.error import WbemError
from openwmi.base.limits import CLASS_NAME_CHARS
from openwmi.base.status import WbemStatus
from openwmi.engine.hosting import ProviderHost
from openwmi.engine.sources import Source, Sources
from openwmi.model import CimClass, nearest
from openwmi.operation import CallContext
from openwmi.repository import Reader, Repository

Hosts = Callable[[str], Mapping[str, ProviderHost]]
"""The providers of a namespace, by the folded names of their classes."""


class View:
    """See the module.

    Attributes:
        reader: what the repository has.
        sources: who has the instances of which class.
        context: who calls.
    """

    __slots__ = ("_hosts", "_repository", "context", "reader", "sources")

    def __init__(self, repository: Repository, hosts: Hosts, namespace: str, context: CallContext) -> None:
        """INVALID_NAMESPACE, and what the repository cannot be read for."""
        self._repository = repository
        self._hosts = hosts
        self.context = context
        self.reader: Reader = repository.reader(namespace)
        self.sources = Sources(self.reader, hosts(namespace), repository.namespaces, context)

    @property
    def namespace(self) -> str:
        return self.reader.namespace

    @property
    def server(self) -> str:
        return self.reader.server

    def within(self, namespace: str) -> View:
        """Another namespace. INVALID_NAMESPACE."""
        return View(self._repository, self._hosts, namespace, self.context)

    def find(self, name: str, status: WbemStatus) -> CimClass:
        """The class of that name, or an error of `status` that names the nearest one. QUOTA_VIOLATION."""
        class_ = self.reader.find(name)
        if class_ is not None:
            return class_
        if len(name) > CLASS_NAME_CHARS:  # [MS-WMI] 3.1.4.3.10, strSuperClass
            raise WbemError(
                WbemStatus.QUOTA_VIOLATION, f"a class name of {len(name)} characters; {CLASS_NAME_CHARS} are allowed"
            )
        near = nearest(name, self.reader.schema.names())
        hint = f": did you mean {near}?" if near else ""
        raise WbemError(status, f"{self.namespace} has no class {name}{hint}")

    def sources_of(self, class_: CimClass, *, deep: bool) -> Iterator[tuple[CimClass, Source]]:
        """The class itself if it has instances to give, and with `deep` those below it that have, with their sources.

        PROVIDER_NOT_FOUND if the class itself is dynamic and nobody provides it.
        """
        own = self.sources.of(class_)
        if own is not None:
            yield class_, own
        if deep:
            yield from self.sources.below(class_)
