"""wsdclient.h and its neighbours, name for name."""

from openwmi.wsdclient.asyncresult import IWSDAsyncResult as IWSDAsyncResult
from openwmi.wsdclient.callbacks import IWSDAsyncCallback as IWSDAsyncCallback
from openwmi.wsdclient.constants import *  # noqa: F403 - many names, each of which is wanted
from openwmi.wsdclient.endpointproxy import IWSDEndpointProxy as IWSDEndpointProxy
from openwmi.wsdclient.endpointproxy import end_operation as end_operation
from openwmi.wsdclient.statuses import *  # noqa: F403 - the same
from openwmi.wsdclient.structures import WSD_OPERATION as WSD_OPERATION
from openwmi.wsdclient.structures import WSDXML_TYPE as WSDXML_TYPE
