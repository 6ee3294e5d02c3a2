"""IWSDiscoveryProvider: devices as they come, go, and answer (wsddisco.h). A face of `find`, `resolve` and `watch`.

A sink hears on a thread of its own, one callback of a search after the other; several searches, and those who come and
go, side by side, as Windows has it.
"""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from random import SystemRandom
from typing import Any
from uuid import UUID

from openwmi.base.error import WbemError
from openwmi.base.limits import DISCOVERY_EVENTS
from openwmi.base.status import HResult, WbemStatus
from openwmi.blocking.com.unknown import IUnknown
from openwmi.blocking.runner import runner
from openwmi.net.datagram import Datagram, DatagramNetwork
from openwmi.operation import Delivery, Operation, ResultSet, Sink
from openwmi.soap import PROFILES, EndpointReference
from openwmi.wsd import Client, Device, Event, Gone, find, resolve
from openwmi.wsd.courier import Courier
from openwmi.wsd.metadata import probe_at
from openwmi.wsdclient.asyncresult import held
from openwmi.wsdclient.calling import argument, given_up, pointer, short, versions_of, wsd_method
from openwmi.wsdclient.context import IWSDXMLContext
from openwmi.wsdclient.statuses import S_FALSE, S_OK, hresult
from openwmi.wsdclient.structures import WSD_ENDPOINT_REFERENCE, WSDXML_ELEMENT, WSDXML_NAME


class IWSDiscoveredService(IUnknown, iid="4bad8a3b-b374-4420-9632-aac945b374aa"):
    """A device that was heard of. (The header speaks of services; DPWS lets devices alone be found.)"""

    def __init__(self, device: Device, tag: str | None = None) -> None:
        self.device_ = device
        self._tag = tag

    @wsd_method(1)
    def GetEndpointReference(self) -> tuple[int, WSD_ENDPOINT_REFERENCE | None]:
        """(hresult, ppEndpointReference): what it is called."""
        return S_OK, EndpointReference(self.device_.address)

    @wsd_method(1)
    def GetTypes(self) -> tuple[int, tuple[WSDXML_NAME, ...] | None]:
        """(hresult, ppTypesList)."""
        return S_OK, self.device_.types

    @wsd_method(1)
    def GetScopes(self) -> tuple[int, tuple[str, ...] | None]:
        """(hresult, ppScopesList)."""
        return S_OK, self.device_.scopes

    @wsd_method(1)
    def GetXAddrs(self) -> tuple[int, tuple[str, ...] | None]:
        """(hresult, ppXAddrsList): where it listens, as it says."""
        return S_OK, self.device_.xaddrs

    @wsd_method(1)
    def GetMetadataVersion(self) -> tuple[int, int | None]:
        """(hresult, pullMetadataVersion)."""
        return S_OK, self.device_.metadata_version

    @wsd_method(2)
    def GetExtendedDiscoXML(self) -> tuple[int, WSDXML_ELEMENT | None, WSDXML_ELEMENT | None]:
        """(hresult, ppHeaderAny, ppBodyAny): the first element beyond WS-Discovery of each; None where there is none.

        `device_` has them all.
        """
        headers, extensions = self.device_.headers, self.device_.extensions
        return S_OK, headers[0] if headers else None, extensions[0] if extensions else None

    @wsd_method(1)
    def GetProbeResolveTag(self) -> tuple[int, str | None]:
        """(hresult, ppszTag): of the search that it answered; None for one that came by itself."""
        return S_OK, self._tag

    @wsd_method(1)
    def GetRemoteTransportAddress(self) -> tuple[int, str | None]:
        """(hresult, ppszRemoteTransportAddress): who told."""
        return S_OK, str(self.device_.source)

    @wsd_method(1)
    def GetLocalTransportAddress(self) -> tuple[int, None]:
        """(hresult, ppszLocalTransportAddress): None, "not available": the interface is known, its address not."""
        return S_OK, None

    @wsd_method(1)
    def GetLocalInterfaceGUID(self) -> tuple[int, UUID | None]:
        """(hresult, pGuid): of the interface where it was heard: always the same for one name."""
        return S_OK, uuid.uuid5(uuid.NAMESPACE_DNS, self.device_.interface)

    @wsd_method(1)
    def GetInstanceId(self) -> tuple[int, int | None]:
        """(hresult, pullInstanceId): of the device's last message that says it; 0 where none does."""
        return S_OK, self.device_.instance or 0


class IWSDiscoveryProviderNotify(IUnknown, iid="73ee3ced-b6e6-4329-a546-3e8ad46563d2"):
    """Derive from this, and override what you want to hear of. What is returned is ignored."""

    def Add(self, pService: IWSDiscoveredService) -> Any:
        """A device came, changed, or answered a search."""
        return S_OK

    def Remove(self, pService: IWSDiscoveredService) -> Any:
        """A device said Bye."""
        return S_OK

    def SearchFailed(self, hr: int, pszTag: str | None) -> Any:
        """A search has ended, and nobody answered (S_FALSE), or it could not be made."""
        return S_OK

    def SearchComplete(self, pszTag: str | None) -> Any:
        """A search has ended, and somebody answered."""
        return S_OK


class _Inside(threading.local):
    callback = False


_inside = _Inside()


class _Relay(Sink[Any]):
    """What one search, or those who come and go, tell a sink."""

    def __init__(self, sink: IWSDiscoveryProviderNotify, tag: str | None, *, search: bool) -> None:
        self.sink: IWSDiscoveryProviderNotify | None = sink
        self._tag = tag
        self._search = search
        self._found = False

    def indicate(self, objects: Sequence[Any]) -> None:
        for each in objects:
            device = each if isinstance(each, Device) else each.device
            self._found = True
            self._call("Remove" if isinstance(each, Gone) else "Add", IWSDiscoveredService(device, self._tag))

    def set_status(self, status: Any, error: WbemError | None) -> None:
        if not self._search:
            return
        if self._found:
            self._call("SearchComplete", self._tag)
        else:
            missing = error is None or error.status == WbemStatus.NOT_FOUND
            self._call("SearchFailed", S_FALSE if missing or error is None else hresult(error), self._tag)

    def _call(self, name: str, *arguments: Any) -> None:
        sink = self.sink
        if sink is None:  # it was detached meanwhile
            return
        _inside.callback = True
        try:
            getattr(sink, name)(*arguments)
        finally:
            _inside.callback = False


class IWSDiscoveryProvider(IUnknown, iid="8ffc8e55-f0eb-480f-88b7-b435dd281d45"):
    """WSDCreateDiscoveryProvider returns it.

    Attributes:
        network_: another than this machine's; before Attach. The header has no such thing.
        seconds_: how long a search lasts; None is the ten seconds of DPWS.
    """

    def __init__(self, context: IWSDXMLContext | None = None) -> None:
        self.network_: DatagramNetwork | None = None
        self._versions: tuple[int, ...] | None = None
        self.seconds_: float | None = None
        self._sink: IWSDiscoveryProviderNotify | None = None
        self._under_way: dict[Delivery[Any], _Relay] = {}
        self._context = IWSDXMLContext() if context is None else context

    @wsd_method()
    def SetAddressFamily(self, dwAddressFamily: int) -> int:
        """By which versions of IP devices are looked for: see `versions_of`. Once, and before Attach: else E_ABORT."""
        versions = versions_of(dwAddressFamily, self._versions)
        if self._sink is not None:
            raise given_up("SetAddressFamily comes before Attach")
        from openwmi.net.udp import UdpNetwork  # noqa: PLC0415 - who has a network of their own need not load it

        self._versions = versions
        self.network_ = UdpNetwork(versions)
        return S_OK

    @wsd_method()
    def Attach(self, pSink: IWSDiscoveryProviderNotify | None) -> int:
        """A sink hears of devices that come and go from here on. E_POINTER for NULL; E_ABORT where there is one."""
        pointer(pSink, "pSink")
        assert pSink is not None
        if self._sink is not None:
            raise given_up("a sink is attached already")
        pSink.AddRef()
        self._sink = pSink
        try:
            self._begin(lambda: _listening(self.network_), None, search=False)
        except BaseException:
            self._sink = None
            pSink.Release()
            raise
        return S_OK

    @wsd_method()
    def Detach(self) -> int:
        """The sink hears no more; returns when no callback runs. E_ABORT where there is none.

        From within a callback it does not wait for that one.
        """
        sink, self._sink = self._attached(), None
        runner().call(self._cut)
        if not _inside.callback:
            runner().run(self._over)
        sink.Release()
        return S_OK

    @wsd_method()
    def SearchById(self, pszId: str | None, pszTag: str | None = None) -> int:
        """Asks where the device is that is called so (Resolve). E_INVALIDARG for NULL and what is too long."""
        argument(pszId, "pszId is NULL")
        short(pszId, "pszId")
        assert pszId is not None
        self._search(lambda: resolve(pszId, timeout=self.seconds_, network=self.network_), pszTag)
        return S_OK

    @wsd_method()
    def SearchByAddress(self, pszAddress: str | None, pszTag: str | None = None) -> int:
        """Asks who is at that address of HTTP (a directed Probe). E_INVALIDARG for NULL and what is too long."""
        argument(pszAddress, "pszAddress is NULL")
        short(pszAddress, "pszAddress")
        assert pszAddress is not None
        self._search(lambda: _at(pszAddress, self.seconds_), pszTag)
        return S_OK

    @wsd_method()
    def SearchByType(
        self,
        pTypesList: Sequence[WSDXML_NAME] | None = None,
        pScopesList: Sequence[str] | None = None,
        pszMatchBy: str | None = None,
        pszTag: str | None = None,
    ) -> int:
        """Asks who is of those types and in those scopes (Probe). E_INVALIDARG for a rule without scopes."""
        short(pszMatchBy, "pszMatchBy")
        argument(pszMatchBy is None or pScopesList, "pszMatchBy is for scopes, and there are none")
        types, scopes = tuple(pTypesList or ()), tuple(pScopesList or ())
        self._search(
            lambda: find(types, scopes, match_by=pszMatchBy or "", timeout=self.seconds_, network=self.network_),
            pszTag,
        )
        return S_OK

    @wsd_method(1)
    def GetXMLContext(self) -> tuple[int, IWSDXMLContext | None]:
        """(hresult, ppContext)."""
        return S_OK, held(self._context)

    def _attached(self) -> IWSDiscoveryProviderNotify:
        if self._sink is None:
            raise given_up("no sink is attached: Attach comes first")
        return self._sink

    def _search(self, start: Callable[[], Operation[Any]], tag: str | None) -> None:
        short(tag, "pszTag")
        self._attached()
        self._begin(start, tag, search=True)

    def _begin(self, start: Callable[[], Operation[Any]], tag: str | None, *, search: bool) -> None:
        relay = _Relay(self._attached(), tag, search=search)

        async def begin() -> None:
            operation = start()
            if not search:
                await operation.started()
            self._under_way[operation.deliver(relay)] = relay
            for delivery in [each for each in self._under_way if each.final_status_sent]:
                del self._under_way[delivery]

        runner().run(begin)

    def _cut(self) -> None:
        for delivery, relay in self._under_way.items():
            relay.sink = None
            delivery.cancel()

    async def _over(self) -> None:
        deliveries, self._under_way = list(self._under_way), {}
        for delivery in deliveries:
            await delivery


def _listening(network: DatagramNetwork | None) -> Operation[Event]:
    """Who comes, changes and goes; nobody is asked."""

    async def work(results: ResultSet[Event]) -> None:
        loop = asyncio.get_running_loop()
        client = Client(SystemRandom(), PROFILES)
        heard: deque[Event] = deque(maxlen=DISCOVERY_EVENTS)  # a sink that is too slow misses the oldest
        wake = asyncio.Event()

        def received(datagram: Datagram, now: float) -> None:
            heard.extend(client.receive(datagram, now))
            wake.set()

        courier = Courier(client, received)
        client.interfaces_changed(await courier.open(network, None, group=True), loop.time())
        try:
            results.begin()
            while True:
                await wake.wait()
                wake.clear()
                events = list(heard)
                heard.clear()
                await results.put(events)
        finally:
            courier.close()

    return Operation.start(work, "listen")


def _at(url: str, seconds: float | None) -> Operation[Device]:
    def work(profile: Any) -> Coroutine[Any, Any, list[Device]]:
        return probe_at(url, profile=profile) if seconds is None else probe_at(url, profile=profile, timeout=seconds)

    async def ask(results: ResultSet[Device]) -> None:
        results.begin()
        failure: WbemError | None = None
        for profile in PROFILES:
            try:
                found = await work(profile)
            except WbemError as error:  # it may speak the other one
                failure = failure or error
            else:
                await results.put(found)
                if found:
                    return
        if failure is not None:
            raise failure

    return Operation.start(ask, f"probe {url}")


@wsd_method(1)
def WSDCreateDiscoveryProvider(pContext: IWSDXMLContext | None = None) -> tuple[int, IWSDiscoveryProvider | None]:
    """(hresult, ppProvider)."""
    return S_OK, IWSDiscoveryProvider(pContext)


@wsd_method(1)
def WSDCreateDiscoveryProvider2(
    pContext: IWSDXMLContext | None = None, pConfigParams: Sequence[Any] = ()
) -> tuple[int, IWSDiscoveryProvider | None]:
    """(hresult, ppProvider): options are E_NOTIMPL."""
    if pConfigParams:
        raise WbemError(HResult.E_NOTIMPL, "discovery has no options here")
    return S_OK, IWSDiscoveryProvider(pContext)
