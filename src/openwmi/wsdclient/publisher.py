"""IWSDiscoveryPublisher: devices that a program announces itself, and answers for (wsddisco.h).

A face of the device's side of discovery (`openwmi.wsd.Target`), one for each address that is published. So answers have
its rules: on the link alone, once for each message, at a random moment, not much longer than what asked. Numbers of
messages, and what tells one session from another, are its own, whatever a program gives.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from random import SystemRandom
from typing import Any, Final

from openwmi.base.error import WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.limits import DISCOVERY_EVENTS
from openwmi.blocking.com.unknown import IUnknown
from openwmi.blocking.runner import runner
from openwmi.net.datagram import Datagram, DatagramNetwork
from openwmi.net.http import parse_url
from openwmi.net.interfaces import Interface
from openwmi.operation import Delivery, Operation, ResultSet, Sink
from openwmi.wsd import Announced, Rule, Target
from openwmi.wsd.courier import Courier
from openwmi.wsd.messages import Probe, Resolve, decode_discovery
from openwmi.wsd.outbox import Outgoing
from openwmi.wsdclient.addresses import IWSDMessageParameters, IWSDUdpAddress, IWSDUdpMessageParameters
from openwmi.wsdclient.asyncresult import held
from openwmi.wsdclient.calling import argument, given_up, not_here, pointer, short, versions_of, wsd_method
from openwmi.wsdclient.context import IWSDXMLContext
from openwmi.wsdclient.statuses import E_FAIL, ERROR_NO_CALLBACK_ACTIVE, HRESULT_FROM_WIN32, S_OK
from openwmi.wsdclient.structures import WSD_CONFIG_PARAM, WSD_SOAP_MESSAGE, WSDXML_ELEMENT, WSDXML_NAME

LARGEST: Final = 0xFFFFFFFF
BYE_SECONDS: Final = 2.0
"""How long those that were published may go on saying Bye when nobody listens any more."""

Types = Sequence[WSDXML_NAME] | None
Uris = Sequence[str] | None
Xml = WSDXML_ELEMENT | None


class IWSDScopeMatchingRule(IUnknown, iid="fcafe424-fef5-481a-bd9f-33ce0574256f"):
    """Derive from this to have scopes compared by a rule of your own. It is called on the event loop: do not block."""

    def GetScopeRule(self) -> tuple[int, str]:
        """(hresult, ppszScopeMatchingRule): the URI of the rule."""
        return S_OK, ""

    def MatchScopes(self, pszScope1: str, pszScope2: str) -> tuple[int, bool]:
        """(hresult, pfMatch): whether the scope that is looked for matches that of a device."""
        return S_OK, False


class IWSDiscoveryPublisherNotify(IUnknown, iid="e67651b0-337a-4b3c-9758-733388568251"):
    """Derive from this to hear of those who look for devices. What is returned is ignored."""

    def ProbeHandler(self, pSoap: WSD_SOAP_MESSAGE, pMessageParameters: IWSDMessageParameters) -> Any:
        """Somebody looks for devices: MatchProbe answers."""
        return S_OK

    def ResolveHandler(self, pSoap: WSD_SOAP_MESSAGE, pMessageParameters: IWSDMessageParameters) -> Any:
        """Somebody asks where a device is: MatchResolve answers."""
        return S_OK


class Question(IWSDUdpMessageParameters):
    """How a Probe or a Resolve came; MatchProbe and MatchResolve are given it, and so know whom they answer."""

    def __init__(self, datagram: Datagram) -> None:
        remote = IWSDUdpAddress()
        remote.SetSockaddr((datagram.source.host, datagram.source.port))
        super().__init__(None, remote)
        self.datagram_ = datagram


class _Devices:
    """Those that are published, as one machine of discovery; on the loop's thread."""

    def __init__(self) -> None:
        self.targets: dict[tuple[str, int], Target] = {}
        self.rules: dict[str, Rule] = {}
        self.asked: deque[tuple[WSD_SOAP_MESSAGE, Question]] = deque(maxlen=DISCOVERY_EVENTS)
        self.wake = asyncio.Event()
        self.interfaces: Sequence[Interface] = ()
        self.courier = Courier(self, self.received)

    def received(self, datagram: Datagram, now: float) -> None:
        try:
            message = decode_discovery(datagram.data)
        except RemoteProtocolError:
            return
        if isinstance(message.content, Probe | Resolve):
            self.asked.append((WSD_SOAP_MESSAGE(message.headers, message.content), Question(datagram)))
            self.wake.set()

    def interfaces_changed(self, interfaces: Sequence[Interface], now: float) -> None:
        self.interfaces = interfaces
        for target in self.targets.values():
            target.interfaces_changed(interfaces, now)

    def due(self, now: float) -> list[Outgoing]:
        return [outgoing for target in self.targets.values() for outgoing in target.due(now)]

    def deadline(self) -> float | None:
        times = [time for target in self.targets.values() if (time := target.deadline()) is not None]
        return min(times, default=None)

    def publish(self, device: Announced, instance: int) -> None:
        key = device.address, instance
        now = self.courier.now()
        target = self.targets.get(key)
        if target is None:
            self.unpublish(device.address)
            target = self.targets[key] = self._target(device, instance)
        if target.running:
            version = max(device.metadata_version - 1, target.device.metadata_version)
            target.device = replace(target.device, metadata_version=version)
            target.update(device, now)  # which counts on from there: a version never goes back
        else:
            target.device = device
            target.start(self.interfaces, now)
        self.courier.turn()

    def unpublish(self, address: str) -> None:
        for (name, _), target in self.targets.items():
            if name == address:
                target.stop(self.courier.now())
        self.courier.turn()

    def answer(self, device: Announced, instance: int, datagram: Datagram) -> None:
        key = device.address, instance
        now = self.courier.now()
        target = self.targets.get(key)
        if target is None:
            target = self.targets[key] = self._target(device, instance)
        target.device = device
        if not target.running:
            target.start((), now)  # which tells nobody
        target.receive(datagram, now)
        self.courier.turn()

    def _target(self, device: Announced, instance: int) -> Target:
        return Target(device, instance_id=instance, chance=SystemRandom(), rules=self.rules)


class _Relay(Sink[tuple[WSD_SOAP_MESSAGE, Question]]):
    """Tells all sinks, on a thread of their own."""

    def __init__(self, sinks: list[IWSDiscoveryPublisherNotify]) -> None:
        self._sinks = sinks

    def indicate(self, objects: Sequence[tuple[WSD_SOAP_MESSAGE, Question]]) -> None:
        for message, question in objects:
            for sink in list(self._sinks):
                handler = sink.ProbeHandler if isinstance(message.Body, Probe) else sink.ResolveHandler
                handler(message, question)


class IWSDiscoveryPublisher(IUnknown, iid="ae01e1a8-3ff9-4148-8116-057cc616fe13"):
    """WSDCreateDiscoveryPublisher returns it.

    Attributes:
        network_: another than this machine's; before the first sink. The header has no such thing.
    """

    def __init__(self, context: IWSDXMLContext | None = None) -> None:
        self.network_: DatagramNetwork | None = None
        self._versions: tuple[int, ...] | None = None
        self._sinks: list[IWSDiscoveryPublisherNotify] = []
        self._stopped = False
        self._devices: _Devices | None = None
        self._delivery: Delivery[Any] | None = None
        self._rules: dict[str, Rule] = {}
        self._context = IWSDXMLContext() if context is None else context

    @wsd_method()
    def SetAddressFamily(self, dwAddressFamily: int) -> int:
        """By which versions of IP: see `versions_of`. Once, and before the first sink: else E_ABORT."""
        versions = versions_of(dwAddressFamily, self._versions)
        if self._devices is not None:
            raise given_up("SetAddressFamily comes before RegisterNotificationSink")
        from openwmi.net.udp import UdpNetwork  # noqa: PLC0415 - who has a network of their own need not load it

        self._versions = versions
        self.network_ = UdpNetwork(versions)
        return S_OK

    @wsd_method()
    def RegisterNotificationSink(self, pSink: IWSDiscoveryPublisherNotify | None) -> int:
        """One more sink; with the first the publisher starts. E_INVALIDARG for NULL."""
        argument(pSink is not None, "pSink is NULL")
        assert pSink is not None
        if self._devices is None:
            runner().run(self._start)
            self._stopped = False
        pSink.AddRef()
        self._sinks.append(pSink)
        return S_OK

    @wsd_method()
    def UnRegisterNotificationSink(self, pSink: IWSDiscoveryPublisherNotify | None) -> int:
        """A sink hears no more; with the last one the publisher stops, and what was published says Bye.

        E_INVALIDARG for NULL, E_FAIL for one that was not registered.
        """
        argument(pSink is not None, "pSink is NULL")
        assert pSink is not None
        if pSink not in self._sinks:
            raise WbemError(E_FAIL, "that sink was not registered")
        self._sinks.remove(pSink)
        pSink.Release()
        if not self._sinks:
            self._stopped = True
            runner().run(self._stop)
        return S_OK

    @wsd_method()
    def Publish(
        self,
        pszId: str | None,
        ullMetadataVersion: int,
        ullInstanceId: int,
        ullMessageNumber: int,
        pszSessionId: str | None = None,
        pTypesList: Types = None,
        pScopesList: Uris = None,
        pXAddrsList: Uris = None,
    ) -> int:
        """A device is there: Hello. E_INVALIDARG for NULL, and what is too long or too large.

        E_ABORT before the first sink, Windows' ERROR_NO_CALLBACK_ACTIVE after the last one.
        """
        device = _device(pszId, ullMetadataVersion, ullInstanceId, pTypesList, pScopesList, pXAddrsList)
        _sequence(ullMessageNumber, pszSessionId)
        if self._stopped:
            raise WbemError(HRESULT_FROM_WIN32(ERROR_NO_CALLBACK_ACTIVE), "no sink is registered any more")
        runner().call(self._known().publish, device, ullInstanceId)
        return S_OK

    @wsd_method()
    def UnPublish(
        self,
        pszId: str | None,
        ullInstanceId: int,
        ullMessageNumber: int,
        pszSessionId: str | None = None,
        pAny: Xml = None,
    ) -> int:
        """A device goes: Bye. E_ABORT without a sink; else as above; E_NOTIMPL with an extension."""
        argument(pszId, "pszId is NULL")
        short(pszId, "pszId")
        _sequence(ullMessageNumber, pszSessionId, ullInstanceId)
        _plain(pAny)
        runner().call(self._known().unpublish, pszId or "")
        return S_OK

    @wsd_method()
    def MatchProbe(
        self,
        pProbeMessage: WSD_SOAP_MESSAGE | None,
        pMessageParameters: IWSDMessageParameters | None,
        pszId: str | None,
        ullMetadataVersion: int,
        ullInstanceId: int,
        ullMessageNumber: int,
        pszSessionId: str | None = None,
        pTypesList: Types = None,
        pScopesList: Uris = None,
        pXAddrsList: Uris = None,
    ) -> int:
        """Answers a Probe that a ProbeHandler was told of, if that device is meant. S_OK whether it is or not.

        E_INVALIDARG as of Publish, and without a message; E_ABORT without a sink.
        """
        _sequence(ullMessageNumber, pszSessionId)
        device = _device(pszId, ullMetadataVersion, ullInstanceId, pTypesList, pScopesList, pXAddrsList)
        self._answer(pProbeMessage, pMessageParameters, device, ullInstanceId)
        return S_OK

    @wsd_method()
    def MatchResolve(
        self,
        pResolveMessage: WSD_SOAP_MESSAGE | None,
        pMessageParameters: IWSDMessageParameters | None,
        pszId: str | None,
        ullMetadataVersion: int,
        ullInstanceId: int,
        ullMessageNumber: int,
        pszSessionId: str | None = None,
        pTypesList: Types = None,
        pScopesList: Uris = None,
        pXAddrsList: Uris = None,
    ) -> int:
        """The same of a Resolve that a ResolveHandler was told of. E_INVALIDARG also without pXAddrsList."""
        _sequence(ullMessageNumber, pszSessionId)
        argument(pXAddrsList, "pXAddrsList is NULL: a Resolve asks for them")
        device = _device(pszId, ullMetadataVersion, ullInstanceId, pTypesList, pScopesList, pXAddrsList)
        self._answer(pResolveMessage, pMessageParameters, device, ullInstanceId)
        return S_OK

    @wsd_method()
    def PublishEx(
        self,
        pszId: str | None,
        ullMetadataVersion: int,
        ullInstanceId: int,
        ullMessageNumber: int,
        pszSessionId: str | None = None,
        pTypesList: Types = None,
        pScopesList: Uris = None,
        pXAddrsList: Uris = None,
        pHeaderAny: Xml = None,
        pReferenceParameterAny: Xml = None,
        pPolicyAny: Xml = None,
        pEndpointReferenceAny: Xml = None,
        pAny: Xml = None,
    ) -> int:
        """As Publish; E_NOTIMPL with any extension; pPolicyAny is not used."""
        _plain(pHeaderAny, pReferenceParameterAny, pEndpointReferenceAny, pAny)
        return self.Publish(
            pszId,
            ullMetadataVersion,
            ullInstanceId,
            ullMessageNumber,
            pszSessionId,
            pTypesList,
            pScopesList,
            pXAddrsList,
        )

    @wsd_method()
    def MatchProbeEx(
        self,
        pProbeMessage: WSD_SOAP_MESSAGE | None,
        pMessageParameters: IWSDMessageParameters | None,
        pszId: str | None,
        ullMetadataVersion: int,
        ullInstanceId: int,
        ullMessageNumber: int,
        pszSessionId: str | None = None,
        pTypesList: Types = None,
        pScopesList: Uris = None,
        pXAddrsList: Uris = None,
        pHeaderAny: Xml = None,
        pReferenceParameterAny: Xml = None,
        pPolicyAny: Xml = None,
        pEndpointReferenceAny: Xml = None,
        pAny: Xml = None,
    ) -> int:
        """As MatchProbe; E_NOTIMPL with any extension; pPolicyAny is not used."""
        _sequence(ullMessageNumber, pszSessionId)
        _plain(pHeaderAny, pReferenceParameterAny, pEndpointReferenceAny, pAny)
        device = _device(pszId, ullMetadataVersion, ullInstanceId, pTypesList, pScopesList, pXAddrsList)
        self._answer(pProbeMessage, pMessageParameters, device, ullInstanceId)
        return S_OK

    @wsd_method()
    def MatchResolveEx(
        self,
        pResolveMessage: WSD_SOAP_MESSAGE | None,
        pMessageParameters: IWSDMessageParameters | None,
        pszId: str | None,
        ullMetadataVersion: int,
        ullInstanceId: int,
        ullMessageNumber: int,
        pszSessionId: str | None = None,
        pTypesList: Types = None,
        pScopesList: Uris = None,
        pXAddrsList: Uris = None,
        pHeaderAny: Xml = None,
        pReferenceParameterAny: Xml = None,
        pPolicyAny: Xml = None,
        pEndpointReferenceAny: Xml = None,
        pAny: Xml = None,
    ) -> int:
        """As MatchResolve; E_NOTIMPL with any extension; pPolicyAny is not used."""
        _sequence(ullMessageNumber, pszSessionId)
        argument(pXAddrsList, "pXAddrsList is NULL: a Resolve asks for them")
        _plain(pHeaderAny, pReferenceParameterAny, pEndpointReferenceAny, pAny)
        device = _device(pszId, ullMetadataVersion, ullInstanceId, pTypesList, pScopesList, pXAddrsList)
        self._answer(pResolveMessage, pMessageParameters, device, ullInstanceId)
        return S_OK

    @wsd_method()
    def RegisterScopeMatchingRule(self, pScopeMatchingRule: IWSDScopeMatchingRule | None) -> int:
        """One more rule for scopes. E_INVALIDARG for NULL, and where there is one of that URI."""
        uri, rule = self._rule(pScopeMatchingRule)
        argument(uri not in self._rules, f"there is a rule {uri}")

        def matches(wanted: str, scope: str) -> bool:
            return bool(rule.MatchScopes(wanted, scope)[1])

        self._rules[uri] = matches
        return S_OK

    @wsd_method()
    def UnRegisterScopeMatchingRule(self, pScopeMatchingRule: IWSDScopeMatchingRule | None) -> int:
        """A rule is not known any more. E_INVALIDARG for NULL, and for one that was not."""
        uri, _ = self._rule(pScopeMatchingRule)
        argument(uri in self._rules, f"there is no rule {uri}")
        del self._rules[uri]
        return S_OK

    @wsd_method(1)
    def GetXMLContext(self) -> tuple[int, IWSDXMLContext | None]:
        """(hresult, ppContext). E_ABORT without a sink."""
        self._known()
        return S_OK, held(self._context)

    def _known(self) -> _Devices:
        if self._devices is None:
            raise given_up("the publisher has not been started: RegisterNotificationSink does")
        return self._devices

    def _rule(self, rule: IWSDScopeMatchingRule | None) -> tuple[str, IWSDScopeMatchingRule]:
        argument(rule is not None, "pScopeMatchingRule is NULL")
        assert rule is not None
        _, uri = rule.GetScopeRule()
        return uri, rule

    def _answer(
        self,
        message: WSD_SOAP_MESSAGE | None,
        parameters: IWSDMessageParameters | None,
        device: Announced,
        instance: int,
    ) -> None:
        argument(message is not None, "the message is NULL")
        devices = self._known()
        pointer(parameters, "pMessageParameters")
        argument(isinstance(parameters, Question), "pMessageParameters is what came with the message")
        assert isinstance(parameters, Question)
        runner().call(devices.answer, device, instance, parameters.datagram_)

    async def _start(self) -> None:
        devices = _Devices()
        devices.rules = self._rules  # the same, so that later ones count
        devices.interfaces = await devices.courier.open(self.network_, None, group=True)

        async def work(results: ResultSet[tuple[WSD_SOAP_MESSAGE, Question]]) -> None:
            results.begin()
            while True:
                await devices.wake.wait()
                devices.wake.clear()
                asked = list(devices.asked)
                devices.asked.clear()
                await results.put(asked)

        operation: Operation[tuple[WSD_SOAP_MESSAGE, Question]] = Operation.start(work, "publish")
        self._devices, self._delivery = devices, operation.deliver(_Relay(self._sinks))

    async def _stop(self) -> None:
        devices, self._devices = self._devices, None
        delivery, self._delivery = self._delivery, None
        if delivery is not None:
            delivery.cancel()
        if devices is not None:
            for address, _ in list(devices.targets):
                devices.unpublish(address)
            await devices.courier.emptied(BYE_SECONDS)
            devices.courier.close()


def _device(address: str | None, version: int, instance: int, types: Types, scopes: Uris, xaddrs: Uris) -> Announced:
    """What is told of a device. Of its addresses the first says by which scheme, port and path: the host is ours."""
    argument(address, "pszId is NULL")
    short(address, "pszId")
    assert address is not None
    for number in (version, instance):
        argument(0 <= number <= LARGEST, f"{number} is larger than WS-Discovery allows")
    where = parse_url(xaddrs[0]) if xaddrs else None
    named = Announced(address, tuple(types or ()), tuple(scopes or ()), version)
    if where is None:
        return named
    scheme = "https" if where.secure else "http"
    return replace(named, scheme=scheme, port=where.port, path=where.target)


def _sequence(number: int, session: str | None, instance: int = 0) -> None:
    """What a program says of a message's place among others. It counts for nothing here, and has its bounds."""
    short(session, "pszSessionId")
    argument(0 <= number <= LARGEST and 0 <= instance <= LARGEST, "that is larger than WS-Discovery allows")


def _plain(*extensions: Xml) -> None:
    if any(each is not None for each in extensions):
        raise not_here("a message of discovery has no extensions here")


@wsd_method(1)
def WSDCreateDiscoveryPublisher(pContext: IWSDXMLContext | None = None) -> tuple[int, IWSDiscoveryPublisher | None]:
    """(hresult, ppPublisher)."""
    return S_OK, IWSDiscoveryPublisher(pContext)


@wsd_method(1)
def WSDCreateDiscoveryPublisher2(
    pContext: IWSDXMLContext | None = None, pConfigParams: Sequence[WSD_CONFIG_PARAM] = ()
) -> tuple[int, IWSDiscoveryPublisher | None]:
    """(hresult, ppPublisher): options are E_NOTIMPL."""
    if pConfigParams:
        raise not_here("discovery has no options here")
    return S_OK, IWSDiscoveryPublisher(pContext)
