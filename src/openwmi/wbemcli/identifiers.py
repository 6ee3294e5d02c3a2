"""IIDs and CLSIDs by the headers' names. Those of the wire are taken from where they are declared."""

# With an underscore, so that a star takes none of them along.
from openwmi import interfaces as _interfaces
from openwmi.base import guid as _guid

IID_IUnknown = _interfaces.IUnknown.iid
IID_IClassFactory = _interfaces.IClassFactory.iid
IID_IWbemServices = _interfaces.IWbemServices.iid
IID_IWbemCallResult = _interfaces.IWbemCallResult.iid
IID_IEnumWbemClassObject = _interfaces.IEnumWbemClassObject.iid
IID_IWbemObjectSink = _interfaces.IWbemObjectSink.iid
IID_IWbemLevel1Login = _interfaces.IWbemLevel1Login.iid

IID_IWbemLocator = _guid.parse("dc12a687-737f-11cf-884d-00aa004b2e24")
IID_IWbemClassObject = _guid.parse("dc12a681-737f-11cf-884d-00aa004b2e24")
IID_IWbemQualifierSet = _guid.parse("dc12a680-737f-11cf-884d-00aa004b2e24")
IID_IWbemContext = _guid.parse("44aca674-e8fc-11d0-a07c-00c04fb68820")
IID_IWbemStatusCodeText = _guid.parse("eb87e1bc-3233-11d2-aec9-00c04fb68820")
IID_IWbemPath = _guid.parse("3bc15af2-736c-477e-9e51-238af8667dcc")
IID_IWbemPathKeyList = _guid.parse("9ae62877-7544-4bb0-aa26-a13824659ed6")
IID_IUnsecuredApartment = _guid.parse("1cfaba8c-1523-11d1-ad79-00c04fd8fdff")
IID_IErrorInfo = _guid.parse("1cf2b120-547d-101b-8e65-08002b2bd119")
IID_ISupportErrorInfo = _guid.parse("df0b3d60-548f-101b-8e65-08002b2bd119")
IID_IClientSecurity = _guid.parse("0000013d-0000-0000-c000-000000000046")

CLSID_WbemLocator = _guid.parse("4590f811-1d3a-11d0-891f-00aa004b2e24")
CLSID_WbemContext = _guid.parse("674b6698-ee92-11d0-ad71-00c04fd8fdff")
CLSID_WbemStatusCodeText = _guid.parse("eb87e1bd-3233-11d2-aec9-00c04fb68820")
CLSID_WbemDefPath = _guid.parse("cf4cc405-e2c5-4ddd-b3ce-5e7582d8c9fa")
CLSID_UnsecuredApartment = _guid.parse("49bd2028-1523-11d1-ad79-00c04fd8fdff")
CLSID_WbemLevel1Login = _guid.parse("8bc3f05e-d86b-11d0-a075-00c04fb68820")
