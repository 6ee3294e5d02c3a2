"""What header-faithful faces have in common, whichever header it is: wbemcli.h and wsdclient.h.

unknown     IUnknown, which all of them are
calling     a method's body raises, its caller gets an HRESULT
failure     which HRESULT, and this thread's last failure
out         how Python says what C++ says with the address of a variable, or NULL
"""
