"""wbemcli.h, name for name: for who ports C++ to Python, or thinks in what MSDN says.

    from openwmi.wbemcli import *

    hr, services = IWbemLocator().ConnectServer(r"root\\cimv2")
    hr, enumerator = services.ExecQuery("WQL", "SELECT Name FROM Win32_Process", WBEM_FLAG_FORWARD_ONLY)
    while True:
        hr, objects, returned = enumerator.Next(WBEM_INFINITE, 1)
        if not returned:
            break
        hr, name, cimtype, flavor = objects[0].Get("Name")

A method returns its HRESULT, or a tuple of it and the out parameters in the header's order; those that were not set are
None. It raises nothing for an HRESULT: look at SUCCEEDED(hr), and at GetErrorInfo for what a failure says of itself.
HRESULTs and constants are unsigned ints. Everything blocks, and may be called from any thread.

    constants, statuses, identifiers, pathconstants     the names of the headers, with their values
    classobject, qualifierset, context                  objects, on copies of their own (draft, classdraft, …)
    variant                                             the VARIANT conventions, for who wants them
    path, pathkeys                                      wmiutils.h: paths in parts
    locator, services, callresult, enumerator, sink     the calls; out: which out parameters are wanted
    calls, starting, origin                             how a call is made in each mode; where its results come from
    errorinfo, statuscodetext, com                      what failed; CoCreateInstance and its like
    unknown, calling, failure                           what all faces have in common
"""

from typing import TYPE_CHECKING

from openwmi.blocking.com.failure import hresult as hresult
from openwmi.blocking.com.out import OUT as OUT
from openwmi.blocking.com.unknown import IUnknown as IUnknown

# The names of the headers are what this package is for.
from openwmi.wbemcli.classobject import IWbemClassObject as IWbemClassObject
from openwmi.wbemcli.com import CLSCTX_INPROC_SERVER as CLSCTX_INPROC_SERVER
from openwmi.wbemcli.com import COAUTHIDENTITY as COAUTHIDENTITY
from openwmi.wbemcli.com import COINIT_APARTMENTTHREADED as COINIT_APARTMENTTHREADED
from openwmi.wbemcli.com import COINIT_MULTITHREADED as COINIT_MULTITHREADED
from openwmi.wbemcli.com import EOAC_NONE as EOAC_NONE
from openwmi.wbemcli.com import RPC_C_AUTHN_LEVEL_CALL as RPC_C_AUTHN_LEVEL_CALL
from openwmi.wbemcli.com import RPC_C_AUTHN_LEVEL_DEFAULT as RPC_C_AUTHN_LEVEL_DEFAULT
from openwmi.wbemcli.com import RPC_C_AUTHN_LEVEL_PKT as RPC_C_AUTHN_LEVEL_PKT
from openwmi.wbemcli.com import RPC_C_AUTHN_LEVEL_PKT_INTEGRITY as RPC_C_AUTHN_LEVEL_PKT_INTEGRITY
from openwmi.wbemcli.com import RPC_C_AUTHN_LEVEL_PKT_PRIVACY as RPC_C_AUTHN_LEVEL_PKT_PRIVACY
from openwmi.wbemcli.com import RPC_C_AUTHN_WINNT as RPC_C_AUTHN_WINNT
from openwmi.wbemcli.com import RPC_C_AUTHZ_NONE as RPC_C_AUTHZ_NONE
from openwmi.wbemcli.com import RPC_C_IMP_LEVEL_DELEGATE as RPC_C_IMP_LEVEL_DELEGATE
from openwmi.wbemcli.com import RPC_C_IMP_LEVEL_IDENTIFY as RPC_C_IMP_LEVEL_IDENTIFY
from openwmi.wbemcli.com import RPC_C_IMP_LEVEL_IMPERSONATE as RPC_C_IMP_LEVEL_IMPERSONATE
from openwmi.wbemcli.com import CoCreateInstance as CoCreateInstance
from openwmi.wbemcli.com import CoInitialize as CoInitialize
from openwmi.wbemcli.com import CoInitializeEx as CoInitializeEx
from openwmi.wbemcli.com import CoInitializeSecurity as CoInitializeSecurity
from openwmi.wbemcli.com import CoSetProxyBlanket as CoSetProxyBlanket
from openwmi.wbemcli.com import CoUninitialize as CoUninitialize
from openwmi.wbemcli.com import IUnsecuredApartment as IUnsecuredApartment
from openwmi.wbemcli.constants import *  # noqa: F403 - many names, each of which is wanted
from openwmi.wbemcli.context import IWbemContext as IWbemContext
from openwmi.wbemcli.enumerator import IEnumWbemClassObject as IEnumWbemClassObject
from openwmi.wbemcli.errorinfo import GetErrorInfo as GetErrorInfo
from openwmi.wbemcli.errorinfo import IErrorInfo as IErrorInfo
from openwmi.wbemcli.errorinfo import SetErrorInfo as SetErrorInfo
from openwmi.wbemcli.identifiers import *  # noqa: F403 - the same
from openwmi.wbemcli.locator import IWbemLocator as IWbemLocator
from openwmi.wbemcli.path import IWbemPath as IWbemPath
from openwmi.wbemcli.pathconstants import *  # noqa: F403 - the same
from openwmi.wbemcli.pathkeys import IWbemPathKeyList as IWbemPathKeyList
from openwmi.wbemcli.qualifierset import IWbemQualifierSet as IWbemQualifierSet
from openwmi.wbemcli.services import IWbemCallResult as IWbemCallResult
from openwmi.wbemcli.services import IWbemServices as IWbemServices
from openwmi.wbemcli.sink import IWbemObjectSink as IWbemObjectSink
from openwmi.wbemcli.statuscodetext import IWbemStatusCodeText as IWbemStatusCodeText
from openwmi.wbemcli.statuses import *  # noqa: F403 - the same
from openwmi.wbemcli.variant import VARIANT as VARIANT
from openwmi.wbemcli.variant import from_variant as from_variant
from openwmi.wbemcli.variant import to_variant as to_variant

if not TYPE_CHECKING:  # a type checker can follow the stars above, and not this
    # What a star takes along: not the modules.
    __all__ = [
        name
        for name, value in globals().items()
        if not name.startswith("_") and not hasattr(value, "__spec__") and name != "TYPE_CHECKING"
    ]
