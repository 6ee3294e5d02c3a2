"""IWSDDeviceHost: a device of one's own, by the header's names (wsdhost.h). A face of `openwmi.wsd.Host`.

    hr, host = WSDCreateDeviceHost("urn:uuid:…")
    host.RegisterPortType(PORT_TYPE)
    host.SetMetadata(model, device, Relationship(hosted=(Service((), (PORT_TYPE.EncodedName,), "urn:files"),)))
    host.RegisterService("urn:files", files)
    host.Start(0, ("ldap:///ou=here",), None)

A request is carried out by the stub of its operation, on a thread where it may block: it answers by SendResponse or
FaultRequest of the IWSDServiceMessaging that it is given, at once or later, from any thread. One that fails before it
has answered is a fault to whoever asked. Services that are found on their own are not here yet.
"""

from __future__ import annotations

import logging
import ssl
import time
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from openwmi.base.error import WbemError
from openwmi.base.limits import WSD_CALLBACK_THREADS
from openwmi.base.status import SEVERITY, HResult
from openwmi.blocking.com.unknown import IUnknown
from openwmi.blocking.runner import runner
from openwmi.net.http import parse_url
from openwmi.net.listener import Address
from openwmi.operation import Workers
from openwmi.soap import EndpointReference, Metadata, QName, Relationship, Section
from openwmi.soap import Service as Hosted
from openwmi.wsd import Host
from openwmi.wsdclient import constants as c
from openwmi.wsdclient.addresses import (
    IWSDAddress,
    same_where_secure,
)
from openwmi.wsdclient.calling import argument, given_up, not_here, pointer, short, wsd_method
from openwmi.wsdclient.serving import Served, is_in_stub
from openwmi.wsdclient.statuses import S_FALSE, S_OK
from openwmi.wsdclient.structures import (
    WSD_CONFIG_PARAM,
    WSD_HOST_METADATA,
    WSD_OPERATION,
    WSD_PORT_TYPE,
    WSD_THIS_DEVICE_METADATA,
    WSD_THIS_MODEL_METADATA,
    WSDXML_ELEMENT,
    WSDXML_NAME,
)

log = logging.getLogger("openwmi.wsdclient")

LATEST_INSTANCE: Final = 0xFFFFFFFF


class IWSDDeviceHostNotify(IUnknown, iid="b5bee9f9-eeda-41fe-96f7-f45e14990fb0"):
    """Derive from this to make services when somebody first asks for them."""

    def GetService(self, pszServiceId: str) -> tuple[int, Any]:
        """(hresult, ppService): the object of a service that metadata name, and that was not registered."""
        return HResult.E_NOTIMPL, None


class IWSDDeviceHost(IUnknown, iid="917fe891-3d13-4138-9809-934c8abeb12c"):
    """A device. WSDCreateDeviceHost returns it.

    Attributes:
        options_: further arguments of `openwmi.wsd.Host`, such as `interfaces`; before Start. The header has none.
    """

    def __init__(self) -> None:
        self.options_: dict[str, Any] = {}
        self.workers_ = Workers("openwmi-wsd-stub", WSD_CALLBACK_THREADS)
        self._address = ""
        self._instance = 0
        self._ports: dict[QName, WSD_PORT_TYPE] = {}
        self._metadata: Metadata | None = None
        self._objects: dict[str, Any] = {}
        self._served: dict[str, Served] = {}
        self._dynamic: set[str] = set()
        self._notify: IWSDDeviceHostNotify | None = None
        self._host: Host | None = None
        self._started = self._was_started = False

    @wsd_method()
    def Init(
        self,
        pszLocalId: str | None,
        pContext: Any = None,
        ppHostAddresses: Sequence[IWSDAddress] | None = None,
    ) -> int:
        """Says which device it is; WSDCreateDeviceHost does.

        `pszLocalId` is what it is called (urn:uuid:…), or where it listens (a URL; it is then called by a name that is
        made of that). E_INVALIDARG for NULL, and for more than one address; E_FAIL where it was said before.
        """
        argument(pszLocalId, "pszLocalId is NULL")
        short(pszLocalId, "pszLocalId")
        assert pszLocalId is not None
        argument(ppHostAddresses is None or len(ppHostAddresses) <= 1, "one address can be listened at")
        if self._address:
            raise WbemError(HResult.E_FAIL, f"the host is {self._address} already")
        if pszLocalId.lower().startswith(("http:", "https:")):
            self._listen(pszLocalId)
            self._address = uuid.uuid5(uuid.NAMESPACE_URL, pszLocalId).urn
        else:
            self._address = pszLocalId
        for address in ppHostAddresses or ():
            self._listen(address.Serialize()[1] or "")
        return S_OK

    @wsd_method()
    def Start(
        self,
        ullInstanceId: int = 0,
        pScopeList: Sequence[str] | None = None,
        pNotificationSink: IWSDDeviceHostNotify | None = None,
    ) -> int:
        """It is there, and says Hello. S_FALSE if it was already; E_ABORT without metadata; E_FAIL before Init."""
        argument(0 <= ullInstanceId <= LATEST_INSTANCE, f"an instance is a number up to {LATEST_INSTANCE}")
        self._known()
        if self._started:
            return S_FALSE
        if self._metadata is None:
            raise given_up("there is no metadata: SetMetadata says what the device is")
        self._instance = ullInstanceId or max(self._instance + 1, int(time.time()) & LATEST_INSTANCE)
        self._notify = pNotificationSink
        runner().run(self._start, tuple(pScopeList or ()))
        self._started = self._was_started = True
        return S_OK

    @wsd_method()
    def Stop(self) -> int:
        """It says Bye, and answers no more; services stay. S_FALSE if it has already; E_FAIL before Start."""
        self._known()
        if not self._was_started:
            raise WbemError(HResult.E_FAIL, "Start comes before Stop")
        if not self._started:
            return S_FALSE
        self._started = False
        assert self._host is not None
        runner().run(self._host.stop)
        return S_OK

    @wsd_method()
    def Terminate(self) -> int:
        """Lets everything go; nobody is called after this. E_FAIL before Init, before Stop, and the second time."""
        self._known()
        if self._started:
            raise WbemError(HResult.E_FAIL, "Stop comes before Terminate")
        self._wait_for(*self._served.values())
        self._address = ""
        self._objects.clear()
        self._served.clear()
        self._notify = self._host = None
        self.workers_.close()
        return S_OK

    @wsd_method()
    def RegisterPortType(self, pPortType: WSD_PORT_TYPE | None) -> int:
        """Makes operations known, for the services of that type. E_INVALIDARG for NULL; S_FALSE if they are already."""
        argument(pPortType is not None, "pPortType is NULL")
        assert pPortType is not None
        if pPortType.EncodedName in self._ports:
            return S_FALSE
        self._ports[pPortType.EncodedName] = pPortType
        return S_OK

    @wsd_method()
    def SetMetadata(
        self,
        pThisModelMetadata: WSD_THIS_MODEL_METADATA | None,
        pThisDeviceMetadata: WSD_THIS_DEVICE_METADATA | None,
        pHostMetadata: WSD_HOST_METADATA | None = None,
        pCustomMetadata: Sequence[Section] = (),
    ) -> int:
        """Says what the device is; a device that is there says Hello again.

        E_INVALIDARG for NULL, and without a manufacturer, the model's name and number, and the device's own name,
        firmware version and serial number.
        The services of `pHostMetadata` are told with the addresses where they are, whatever they say of those.
        """
        argument(pThisModelMetadata is not None, "pThisModelMetadata is NULL")
        argument(pThisDeviceMetadata is not None, "pThisDeviceMetadata is NULL")
        assert pThisModelMetadata is not None
        assert pThisDeviceMetadata is not None
        model, device = pThisModelMetadata, pThisDeviceMetadata
        for texts in (model.manufacturer, model.model_name, device.friendly_name):
            argument(any(each.text.strip() for each in texts), "Manufacturer, ModelName or FriendlyName is blank")
        for text in (model.model_number, device.firmware_version, device.serial_number):
            argument(text.strip(), "ModelNumber, FirmwareVersion or SerialNumber is blank")
        relationships = () if pHostMetadata is None else (pHostMetadata,)
        self._metadata = Metadata(pThisModelMetadata, pThisDeviceMetadata, relationships, tuple(pCustomMetadata))
        if self._started and self._host is not None:
            runner().call(self._serve)
            runner().call(self._host.update, self._told())
        return S_OK

    @wsd_method()
    def RegisterService(self, pszServiceId: str | None, pService: Any) -> int:
        """The object of a service that metadata name. E_INVALIDARG for NULL, and where there is one."""
        argument(pszServiceId, "pszServiceId is NULL")
        short(pszServiceId, "pszServiceId")
        assert pszServiceId is not None
        argument(pszServiceId not in self._objects, f"there is a service {pszServiceId}")
        self._objects[pszServiceId] = pService
        return S_OK

    @wsd_method()
    def RetireService(self, pszServiceId: str | None) -> int:
        """A service goes, also from metadata. It is not called any more once this has returned.

        E_POINTER for NULL, E_INVALIDARG for one that was not registered, E_FAIL before Init.
        """
        pointer(pszServiceId, "pszServiceId")
        self._retire(pszServiceId, dynamic=False)
        return S_OK

    @wsd_method()
    def AddDynamicService(
        self,
        pszServiceId: str | None,
        pszEndpointAddress: str | None = None,
        pPortType: WSD_PORT_TYPE | None = None,
        pPortName: WSDXML_NAME | None = None,
        pAny: WSDXML_ELEMENT | None = None,
        pService: Any = None,
    ) -> int:
        """A service that metadata do not name, such as a job: GetServiceUrl_ says where it is.

        E_POINTER for NULL; E_INVALIDARG for two types, or an id that there is; E_FAIL before Init. Before Start it is
        nowhere yet.
        """
        pointer(pszServiceId, "pszServiceId")
        short(pszServiceId, "pszServiceId")
        short(pszEndpointAddress, "pszEndpointAddress")
        assert pszServiceId is not None
        argument(pPortType is None or pPortName is None, "pPortType or pPortName, and not both")
        self._known()
        argument(pszServiceId not in self._ids(), f"there is a service {pszServiceId}")
        port = pPortType or (None if pPortName is None else self._ports.get(pPortName))
        types = () if port is None else (port.EncodedName,)
        service = Served(self, pszServiceId, types, () if port is None else port.Operations)
        if self._host is None:
            self._served[pszServiceId] = service  # Start takes it along
        else:
            runner().call(lambda: self._add(service, listed=False))
        self._objects[pszServiceId] = pService
        self._dynamic.add(pszServiceId)
        return S_OK

    @wsd_method()
    def RemoveDynamicService(self, pszServiceId: str | None) -> int:
        """The same as RetireService of such a one; E_INVALIDARG also for NULL."""
        argument(pszServiceId is not None, "pszServiceId is NULL")
        self._retire(pszServiceId, dynamic=True)
        return S_OK

    @wsd_method()
    def SetServiceDiscoverable(self, pszServiceId: str | None, fDiscoverable: bool) -> int:
        """E_NOTIMPL, but for FALSE: devices are found, and not their services (DPWS R1013).

        E_INVALIDARG for NULL, and for one that was not registered.
        """
        argument(pszServiceId, "pszServiceId is NULL")
        short(pszServiceId, "pszServiceId")
        argument(pszServiceId in self._objects, f"there is no service {pszServiceId} that was registered")
        if not fDiscoverable:
            return S_OK
        raise not_here("services are not found on their own")

    @wsd_method()
    def SignalEvent(self, pszServiceId: str | None, pBody: Any, pOperation: WSD_OPERATION | None) -> int:
        """Tells all who have subscribed to it of an event, and returns when each knows, or has lost its subscription.

        They are told at the same time: one that is slow or gone holds up this call, but none of the others.
        E_INVALIDARG for NULL, for an operation without a ResponseType, and for what is no event of the service: those
        are the operations of its port type without a RequestType. E_FAIL before Start.
        """
        argument(pszServiceId, "pszServiceId is NULL")
        short(pszServiceId, "pszServiceId")
        kind = None if pOperation is None else pOperation.ResponseType
        argument(kind is not None, "pOperation has no ResponseType")
        assert kind is not None
        if not self._started:
            raise WbemError(HResult.E_FAIL, "the host has not been started")
        served = self._served.get(pszServiceId or "")
        argument(served is not None and kind.Uri in served.events, f"{pszServiceId} sends no event {kind.Uri}")
        assert served is not None
        body = pBody if kind.Table is None else kind.Table.encode(pBody)
        runner().run(served.tell, kind.Uri, body)
        return S_OK

    # Not in the header.

    @wsd_method(1)
    def GetServiceUrl_(self, pszServiceId: str, pszHost: str = "") -> tuple[int, str | None]:
        """(hresult, ppszUrl): where a service is, at that address of this machine."""
        served = self._served.get(pszServiceId)
        if served is None or self._host is None:
            raise given_up(f"there is no service {pszServiceId}, or it is nowhere yet")
        return S_OK, self._host.url(served, pszHost)

    @property
    def where_(self) -> Address | None:
        """Where it listens, once it has started."""
        return self._host.where if self._started and self._host is not None else None

    def object_of_(self, service_id: str) -> Any:
        """The object of a service; one that was not registered is asked for, once. E_ABORT: there is none."""
        found = self._objects.get(service_id)
        if found is None and self._notify is not None:
            hr, made = self._notify.GetService(service_id)
            if made is not None and not hr & SEVERITY:
                found = self._objects.setdefault(service_id, made)
        if found is None:
            raise given_up(f"nobody has registered the service {service_id}")
        return found

    def _listen(self, url: str) -> None:
        where = parse_url(url)
        self.options_["listen"] = Address(where.host, where.port)
        if where.secure and "tls" not in self.options_:
            raise not_here(
                "HTTPS needs a certificate: WSDCreateDeviceHost2 with WSD_SECURITY_SSL_SERVER_CERT_VALIDATION"
            )

    def _known(self) -> None:
        if not self._address:
            raise WbemError(HResult.E_FAIL, "the host has not been initialized, or was terminated")

    def _ids(self) -> set[str]:
        """Of all services that there are, or will be once it has started."""
        named = () if self._metadata is None else self._metadata.hosted
        return {*self._served, *(each.service_id for each in named)}

    def _told(self) -> Metadata:
        """Without the services, which the host itself tells of."""
        assert self._metadata is not None
        host = self._metadata.host
        known = Hosted((EndpointReference(self._address),)) if host is None else host
        told = Relationship(known)
        return Metadata(self._metadata.model, self._metadata.device, (told,), self._metadata.others)

    async def _start(self, scopes: tuple[str, ...]) -> None:
        assert self._metadata is not None
        told = self._told()
        types = () if told.host is None else told.host.types
        self._host = Host(self._address, told, instance=self._instance, types=types, scopes=scopes, **self.options_)
        dynamic = [self._served[each] for each in self._dynamic]
        self._served.clear()
        self._serve()
        for served in dynamic:  # which were there before it was stopped
            self._add(served, listed=False)
        await self._host.start()

    def _serve(self) -> None:
        """The services that metadata name."""
        assert self._metadata is not None
        for hosted in self._metadata.hosted:
            if hosted.service_id not in self._served:
                kinds = [each for name in hosted.types if name in self._ports for each in self._ports[name].Operations]
                self._add(Served(self, hosted.service_id, hosted.types, kinds), listed=True)

    def _add(self, service: Served, *, listed: bool) -> None:
        assert self._host is not None
        self._host.add(service, listed=listed)
        self._served[service.service_id] = service

    def _retire(self, service_id: str | None, *, dynamic: bool) -> None:
        short(service_id, "pszServiceId")
        assert service_id is not None
        self._known()
        argument(
            service_id in self._objects and (service_id in self._dynamic) == dynamic,
            f"there is no service {service_id} that was registered",
        )
        self._objects.pop(service_id)
        self._dynamic.discard(service_id)
        if self._metadata is not None:
            kept = [
                replace(each, hosted=tuple(one for one in each.hosted if one.service_id != service_id))
                for each in self._metadata.relationships
            ]
            self._metadata = replace(self._metadata, relationships=tuple(kept))
        served = self._served.pop(service_id, None)
        if served is not None and self._host is not None:
            runner().run(self._host.retire, served)
            self._wait_for(served)

    def _wait_for(self, *services: Served) -> None:
        if is_in_stub():
            return  # it would wait for itself
        for service in services:
            runner().run(service.quiet)


@wsd_method(1)
def WSDCreateDeviceHost(pszLocalId: str | None, pContext: Any = None) -> tuple[int, IWSDDeviceHost | None]:
    """(hresult, ppDeviceHost): a device that is called `pszLocalId`. E_INVALIDARG for NULL."""
    return S_OK, _created(pszLocalId, None, ())


@wsd_method(1)
def WSDCreateDeviceHostAdvanced(
    pszLocalId: str | None, pContext: Any = None, ppHostAddresses: Sequence[IWSDAddress] | None = None
) -> tuple[int, IWSDDeviceHost | None]:
    """(hresult, ppDeviceHost): the same that listens at that address. E_INVALIDARG for two of HTTPS that differ."""
    for address in ppHostAddresses or ():
        same_where_secure(pszLocalId, address.Serialize()[1])
    return S_OK, _created(pszLocalId, ppHostAddresses, ())


@wsd_method(1)
def WSDCreateDeviceHost2(
    pszLocalId: str | None, pContext: Any = None, pConfigParams: Sequence[WSD_CONFIG_PARAM] = ()
) -> tuple[int, IWSDDeviceHost | None]:
    """(hresult, ppDeviceHost): the same with options.

    WSD_CONFIG_HOSTING_ADDRESSES takes a list of one IWSDAddress, WSD_SECURITY_SSL_SERVER_CERT_VALIDATION an
    `ssl.SSLContext` with the certificate; any other is E_NOTIMPL.
    """
    return S_OK, _created(pszLocalId, None, pConfigParams)


def _created(
    local_id: str | None, addresses: Sequence[IWSDAddress] | None, options: Sequence[WSD_CONFIG_PARAM]
) -> IWSDDeviceHost:
    host = IWSDDeviceHost()
    for option in options:
        if option.configParamType == c.WSD_CONFIG_HOSTING_ADDRESSES:
            addresses = option.pConfigData
        elif option.configParamType == c.WSD_SECURITY_SSL_SERVER_CERT_VALIDATION:
            tls: ssl.SSLContext = option.pConfigData
            host.options_["tls"] = tls
        else:
            raise not_here(f"there is no option {option.configParamType} here")
    hr = host.Init(local_id, None, addresses)
    if hr != S_OK:
        raise WbemError(hr, f"a device cannot be called {local_id!r}, or not listen there")
    return host
