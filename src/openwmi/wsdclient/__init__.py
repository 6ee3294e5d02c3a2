"""wsdclient.h and its neighbours, name for name: for who ports WSDAPI programs, or thinks in what MSDN says.

    from openwmi.wsdclient import *

    hr, device = WSDCreateDeviceProxy("urn:uuid:…", "urn:uuid:…")
    hr, service = device.GetServiceProxyById("http://…/files")
    hr, endpoint = service.GetEndpointProxy()
    hr, result = endpoint.SendTwoWayRequestAsync(body, OPERATION, state, callback)      what Begin<Op> does
    hr, files = end_operation(endpoint, result)                                         what End<Op> does

A method returns its HRESULT, or a tuple of it and the out parameters in the header's order; those that were not set are
None. It raises nothing for an HRESULT: look at SUCCEEDED(hr). HRESULTs and constants are unsigned ints. What is not in
the headers ends in an underscore. Everything may be called from any thread.

    constants, statuses, structures     the names of the headers, with their values
    asyncresult, callbacks, events      IWSDAsyncResult, how it calls back, and what it says became of a call
    endpointproxy, proxies              a device, and what its messages are sent to
    serviceproxies, eventing            its services, and their events
    devicehost, serving                 a device of one's own, and its services
    faults, security                    how it says no, and who asks it
    discovery, publisher                devices that come and go; announcing them oneself
    addresses, attachments              addresses and parameters of messages; what travels beside them
    context                             names and elements of XML, and URIs, as C++ makes them
    calling                             how a method is written, and on which thread it is carried out

Compact signatures and what Windows' tracing does are not here: E_NOTIMPL.
"""

from typing import TYPE_CHECKING

# The names of the headers are what this package is for.
from openwmi.blocking.com.unknown import IUnknown as IUnknown
from openwmi.operation import WaitHandle as WaitHandle
from openwmi.wsdclient.addresses import IWSDAddress as IWSDAddress
from openwmi.wsdclient.addresses import IWSDHttpAddress as IWSDHttpAddress
from openwmi.wsdclient.addresses import IWSDHttpMessageParameters as IWSDHttpMessageParameters
from openwmi.wsdclient.addresses import IWSDMessageParameters as IWSDMessageParameters
from openwmi.wsdclient.addresses import IWSDTransportAddress as IWSDTransportAddress
from openwmi.wsdclient.addresses import IWSDUdpAddress as IWSDUdpAddress
from openwmi.wsdclient.addresses import IWSDUdpMessageParameters as IWSDUdpMessageParameters
from openwmi.wsdclient.addresses import WSDCreateHttpAddress as WSDCreateHttpAddress
from openwmi.wsdclient.addresses import WSDCreateHttpMessageParameters as WSDCreateHttpMessageParameters
from openwmi.wsdclient.addresses import WSDCreateUdpAddress as WSDCreateUdpAddress
from openwmi.wsdclient.addresses import WSDCreateUdpMessageParameters as WSDCreateUdpMessageParameters
from openwmi.wsdclient.addresses import WSDUdpRetransmitParams as WSDUdpRetransmitParams
from openwmi.wsdclient.attachments import IWSDAttachment as IWSDAttachment
from openwmi.wsdclient.attachments import IWSDInboundAttachment as IWSDInboundAttachment
from openwmi.wsdclient.attachments import IWSDOutboundAttachment as IWSDOutboundAttachment
from openwmi.wsdclient.attachments import WSDCreateOutboundAttachment as WSDCreateOutboundAttachment
from openwmi.wsdclient.callbacks import IWSDAsyncCallback as IWSDAsyncCallback
from openwmi.wsdclient.constants import *  # noqa: F403 - many names, each of which is wanted
from openwmi.wsdclient.context import WSD_XMLCONTEXT_NUM_LAYERS as WSD_XMLCONTEXT_NUM_LAYERS
from openwmi.wsdclient.context import WSDXML_NAMESPACE as WSDXML_NAMESPACE
from openwmi.wsdclient.context import IWSDXMLContext as IWSDXMLContext
from openwmi.wsdclient.context import WSDUriDecode as WSDUriDecode
from openwmi.wsdclient.context import WSDUriEncode as WSDUriEncode
from openwmi.wsdclient.context import WSDXMLBuildAnyForSingleElement as WSDXMLBuildAnyForSingleElement
from openwmi.wsdclient.context import WSDXMLCreateContext as WSDXMLCreateContext
from openwmi.wsdclient.context import WSDXMLGetNameFromBuiltinNamespace as WSDXMLGetNameFromBuiltinNamespace
from openwmi.wsdclient.context import WSDXMLGetValueFromAny as WSDXMLGetValueFromAny
from openwmi.wsdclient.devicehost import IWSDDeviceHost as IWSDDeviceHost
from openwmi.wsdclient.devicehost import IWSDDeviceHostNotify as IWSDDeviceHostNotify
from openwmi.wsdclient.devicehost import WSDCreateDeviceHost as WSDCreateDeviceHost
from openwmi.wsdclient.devicehost import WSDCreateDeviceHost2 as WSDCreateDeviceHost2
from openwmi.wsdclient.devicehost import WSDCreateDeviceHostAdvanced as WSDCreateDeviceHostAdvanced
from openwmi.wsdclient.discovery import IWSDiscoveredService as IWSDiscoveredService
from openwmi.wsdclient.discovery import IWSDiscoveryProvider as IWSDiscoveryProvider
from openwmi.wsdclient.discovery import IWSDiscoveryProviderNotify as IWSDiscoveryProviderNotify
from openwmi.wsdclient.discovery import WSDCreateDiscoveryProvider as WSDCreateDiscoveryProvider
from openwmi.wsdclient.discovery import WSDCreateDiscoveryProvider2 as WSDCreateDiscoveryProvider2
from openwmi.wsdclient.endpointproxy import IWSDAsyncResult as IWSDAsyncResult
from openwmi.wsdclient.endpointproxy import IWSDEndpointProxy as IWSDEndpointProxy
from openwmi.wsdclient.endpointproxy import end_operation as end_operation
from openwmi.wsdclient.eventing import IWSDEventingStatus as IWSDEventingStatus
from openwmi.wsdclient.faults import WSDGenerateFault as WSDGenerateFault
from openwmi.wsdclient.faults import WSDGenerateFaultEx as WSDGenerateFaultEx
from openwmi.wsdclient.proxies import IWSDDeviceProxy as IWSDDeviceProxy
from openwmi.wsdclient.proxies import WSDCreateDeviceProxy as WSDCreateDeviceProxy
from openwmi.wsdclient.proxies import WSDCreateDeviceProxy2 as WSDCreateDeviceProxy2
from openwmi.wsdclient.proxies import WSDCreateDeviceProxyAdvanced as WSDCreateDeviceProxyAdvanced
from openwmi.wsdclient.publisher import IWSDiscoveryPublisher as IWSDiscoveryPublisher
from openwmi.wsdclient.publisher import IWSDiscoveryPublisherNotify as IWSDiscoveryPublisherNotify
from openwmi.wsdclient.publisher import IWSDScopeMatchingRule as IWSDScopeMatchingRule
from openwmi.wsdclient.publisher import WSDCreateDiscoveryPublisher as WSDCreateDiscoveryPublisher
from openwmi.wsdclient.publisher import WSDCreateDiscoveryPublisher2 as WSDCreateDiscoveryPublisher2
from openwmi.wsdclient.security import IWSDHttpAuthParameters as IWSDHttpAuthParameters
from openwmi.wsdclient.security import IWSDSSLClientCertificate as IWSDSSLClientCertificate
from openwmi.wsdclient.serviceproxies import IWSDMetadataExchange as IWSDMetadataExchange
from openwmi.wsdclient.serviceproxies import IWSDServiceProxy as IWSDServiceProxy
from openwmi.wsdclient.serviceproxies import IWSDServiceProxyEventing as IWSDServiceProxyEventing
from openwmi.wsdclient.serving import IWSDServiceMessaging as IWSDServiceMessaging
from openwmi.wsdclient.statuses import *  # noqa: F403 - the same
from openwmi.wsdclient.structures import WSD_APP_SEQUENCE as WSD_APP_SEQUENCE
from openwmi.wsdclient.structures import WSD_CONFIG_PARAM as WSD_CONFIG_PARAM
from openwmi.wsdclient.structures import WSD_ENDPOINT_REFERENCE as WSD_ENDPOINT_REFERENCE
from openwmi.wsdclient.structures import WSD_EVENT as WSD_EVENT
from openwmi.wsdclient.structures import WSD_EVENTING_EXPIRES as WSD_EVENTING_EXPIRES
from openwmi.wsdclient.structures import WSD_HANDLER_CONTEXT as WSD_HANDLER_CONTEXT
from openwmi.wsdclient.structures import WSD_HOST_METADATA as WSD_HOST_METADATA
from openwmi.wsdclient.structures import WSD_LOCALIZED_STRING as WSD_LOCALIZED_STRING
from openwmi.wsdclient.structures import WSD_METADATA_SECTION as WSD_METADATA_SECTION
from openwmi.wsdclient.structures import WSD_OPERATION as WSD_OPERATION
from openwmi.wsdclient.structures import WSD_PORT_TYPE as WSD_PORT_TYPE
from openwmi.wsdclient.structures import WSD_SERVICE_METADATA as WSD_SERVICE_METADATA
from openwmi.wsdclient.structures import WSD_SOAP_FAULT as WSD_SOAP_FAULT
from openwmi.wsdclient.structures import WSD_SOAP_HEADER as WSD_SOAP_HEADER
from openwmi.wsdclient.structures import WSD_SOAP_MESSAGE as WSD_SOAP_MESSAGE
from openwmi.wsdclient.structures import WSD_SYNCHRONOUS_RESPONSE_CONTEXT as WSD_SYNCHRONOUS_RESPONSE_CONTEXT
from openwmi.wsdclient.structures import WSD_THIS_DEVICE_METADATA as WSD_THIS_DEVICE_METADATA
from openwmi.wsdclient.structures import WSD_THIS_MODEL_METADATA as WSD_THIS_MODEL_METADATA
from openwmi.wsdclient.structures import WSDXML_ELEMENT as WSDXML_ELEMENT
from openwmi.wsdclient.structures import WSDXML_NAME as WSDXML_NAME
from openwmi.wsdclient.structures import WSDXML_TYPE as WSDXML_TYPE
from openwmi.wsdclient.structures import WSDFreeLinkedMemory as WSDFreeLinkedMemory

if not TYPE_CHECKING:  # a type checker can follow the stars above, and not this
    # What a star takes along: not the modules.
    __all__ = [
        name
        for name, value in globals().items()
        if not name.startswith("_") and not hasattr(value, "__spec__") and name != "TYPE_CHECKING"
    ]
