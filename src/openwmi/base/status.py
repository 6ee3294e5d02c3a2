"""Statuses: WBEMSTATUS ([MS-WMI] 2.2.11), the HRESULTs in use ([MS-ERREF] 2.1.1) and those of the MOF compiler (the WMI
SDK's "WMI Error Constants"), each with its text.

A status with the severity bit (0x80000000) is a failure; the others are successes that may carry meaning (FALSE,
TIMEDOUT). `openwmi.base.error` turns failures into exceptions and back.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Self, TypeAlias

SEVERITY = 0x80000000


class _Status(IntEnum):
    """An unsigned 32-bit status with a text for people."""

    text: str

    def __new__(cls, value: int, text: str) -> Self:
        member = int.__new__(cls, value)
        member._value_ = value
        member.text = text
        return member

    @property
    def failed(self) -> bool:
        return bool(self & SEVERITY)

    @property
    def symbol(self) -> str:
        """The name in Microsoft's headers, such as `WBEM_E_NOT_FOUND`."""
        raise AssertionError("each enumeration says how its header spells it")


class WbemStatus(_Status):
    """[MS-WMI] 2.2.11, whole, and below the line the statuses of the SDK that a server may send as well."""

    NO_ERROR = 0x00000000, "the call succeeded"
    FALSE = 0x00000001, "fewer objects than asked for: there are no more"
    TIMEDOUT = 0x00040004, "not finished yet: the time that the caller gave is over; it may ask again"
    PARTIAL_RESULTS = 0x00040010, "some of the objects or properties could not be returned"
    NEW_STYLE = 0x000400FF, "the receiver understands ObjectArray encoding"
    FAILED = 0x80041001, "the call failed for a reason that has no status of its own"
    NOT_FOUND = 0x80041002, "the object does not exist"
    ACCESS_DENIED = 0x80041003, "the caller has no right to do this"
    PROVIDER_FAILURE = 0x80041004, "the provider of the class failed"
    TYPE_MISMATCH = 0x80041005, "a value is not of the type that its property or parameter declares"
    OUT_OF_MEMORY = 0x80041006, "there was not enough memory"
    INVALID_CONTEXT = 0x80041007, "the context object lacks a value that the call needs"
    INVALID_PARAMETER = 0x80041008, "a parameter is not valid, or a flag is not allowed here"
    NOT_AVAILABLE = 0x80041009, "the resource is not available"
    CRITICAL_ERROR = 0x8004100A, "the service met a failure from which it cannot recover"
    NOT_SUPPORTED = 0x8004100C, "this operation is not supported"
    INVALID_SUPERCLASS = 0x8004100D, "the superclass does not exist"
    INVALID_NAMESPACE = 0x8004100E, "the namespace does not exist"
    INVALID_OBJECT = 0x8004100F, "the object lacks something that it must have"
    INVALID_CLASS = 0x80041010, "the class does not exist, or its name is not valid"
    PROVIDER_NOT_FOUND = 0x80041011, "the class names a provider that is not registered"
    INVALID_PROVIDER_REGISTRATION = 0x80041012, "the registration of the provider is not valid"
    PROVIDER_LOAD_FAILURE = 0x80041013, "the provider could not be loaded"
    INITIALIZATION_FAILURE = 0x80041014, "a component could not be initialized"
    TRANSPORT_FAILURE = 0x80041015, "the network or the connection failed"
    INVALID_OPERATION = 0x80041016, "this operation is not valid here"
    INVALID_QUERY = 0x80041017, "the query is not valid for this class"
    INVALID_QUERY_TYPE = 0x80041018, "the query language is not supported: it is WQL"
    ALREADY_EXISTS = 0x80041019, "the object exists already"
    UNEXPECTED = 0x8004101D, "something happened that should be impossible"
    INCOMPLETE_CLASS = 0x80041020, "the class definition is not complete"
    PROVIDER_NOT_CAPABLE = 0x80041024, "the provider of the class cannot do this"
    CLASS_HAS_CHILDREN = 0x80041025, "the class has derived classes"
    CLASS_HAS_INSTANCES = 0x80041026, "the class has instances"
    ILLEGAL_NULL = 0x80041028, "NULL was given for a property that must have a value"
    INVALID_CIM_TYPE = 0x8004102D, "there is no such CIM type"
    INVALID_METHOD = 0x8004102E, "the class has no such method"
    INVALID_METHOD_PARAMETERS = 0x8004102F, "the parameters do not fit the method"
    INVALID_PROPERTY = 0x80041031, "there is no such property"
    CALL_CANCELLED = 0x80041032, "the call was cancelled"
    SHUTTING_DOWN = 0x80041033, "the service is shutting down"
    INVALID_OBJECT_PATH = 0x8004103A, "the object path is not well formed"
    OUT_OF_DISK_SPACE = 0x8004103B, "there is not enough room on the disk"
    UNSUPPORTED_PUT_EXTENSION = 0x8004103D, "the provider does not support this kind of partial update"
    SERVER_TOO_BUSY = 0x80041045, "the service has too many calls under way: try again later"
    METHOD_NOT_IMPLEMENTED = 0x80041055, "the method is declared but not implemented"
    METHOD_DISABLED = 0x80041056, "the method is disabled"
    UNPARSABLE_QUERY = 0x80041058, "the query is not well formed"
    NOT_EVENT_CLASS = 0x80041059, "the query asks for events, and the class is not an event class"
    MISSING_GROUP_WITHIN = 0x8004105A, "GROUP needs WITHIN"
    MISSING_AGGREGATION_LIST = 0x8004105B, "GROUP … BY needs a list of properties that can be grouped by"
    PROPERTY_NOT_AN_OBJECT = 0x8004105C, "the property is not an embedded object"
    AGGREGATING_BY_OBJECT = 0x8004105D, "an embedded object cannot be grouped by, only a property of it"
    BACKUP_RESTORE_WINMGMT_RUNNING = 0x80041060, "the repository is in use"
    QUEUE_OVERFLOW = 0x80041061, "events came faster than they were read, and some were dropped"
    PRIVILEGE_NOT_HELD = 0x80041062, "the caller lacks a privilege"
    INVALID_OPERATOR = 0x80041063, "the operator does not fit the type of the property"
    CANNOT_BE_ABSTRACT = 0x80041065, "the class cannot be abstract, since its superclass is not"
    AMENDED_OBJECT = 0x80041066, "an amended object can only be written with WBEM_FLAG_USE_AMENDED_QUALIFIERS"
    QUOTA_VIOLATION = 0x8004106C, "a limit of the service was passed"
    VETO_PUT = 0x8004107A, "the provider refused the update"
    PROVIDER_SUSPENDED = 0x80041081, "the provider is suspended"
    ENCRYPTED_CONNECTION_REQUIRED = 0x80041087, "the namespace is only served over an encrypted connection"
    PROVIDER_TIMED_OUT = 0x80041088, "the provider did not answer in time"
    NO_KEY = 0x80041089, "a key property has no value"
    PROVIDER_DISABLED = 0x8004108A, "the provider is disabled"
    REGISTRATION_TOO_BROAD = 0x80042001, "the registration covers more than the provider can answer for"
    REGISTRATION_TOO_PRECISE = 0x80042002, "events of this class are found by polling: the query needs WITHIN"
    # Not in [MS-WMI] 2.2.11: from the SDK's list of WMI error constants.
    OVERRIDE_NOT_ALLOWED = 0x8004101A, "a qualifier that cannot be overridden would get another value"
    CANNOT_BE_KEY = 0x8004101F, "the property cannot be a key"
    CANNOT_BE_SINGLETON = 0x8004102C, "the class cannot be a singleton"
    PROPAGATED_METHOD = 0x80041034, "a method of the superclass is declared again with another signature"
    INVALID_QUALIFIER = 0x80041042, "the qualifier does not belong there"
    CIRCULAR_REFERENCE = 0x80041047, "a class would be derived from itself"
    TOO_MANY_PROPERTIES = 0x80041051, "a class cannot have that many properties"
    TIMED_OUT = 0x80041069, "the call did not end in time"

    @property
    def symbol(self) -> str:
        return f"WBEM_{'E' if self.failed else 'S'}_{self.name}"


class HResult(_Status):
    """The HRESULTs of COM, RPC and Windows that occur in these protocols."""

    S_OK = 0x00000000, "success"
    E_NOTIMPL = 0x80004001, "not implemented"
    E_NOINTERFACE = 0x80004002, "the object has no such interface"
    E_POINTER = 0x80004003, "a pointer is NULL that must not be"
    E_ABORT = 0x80004004, "the call was given up"
    E_FAIL = 0x80004005, "unspecified failure"
    E_UNEXPECTED = 0x8000FFFF, "catastrophic failure"
    RPC_E_CANTCALLOUT_ININPUTSYNCCALL = 0x8001010D, "an outgoing call cannot be made from here"
    RPC_E_SERVERFAULT = 0x80010105, "the server failed while it carried out the call"
    RPC_E_DISCONNECTED = 0x80010108, "the object is no longer there"
    RPC_E_VERSION_MISMATCH = 0x80010110, "the COM versions do not fit"
    RPC_E_INVALID_HEADER = 0x80010111, "the ORPC header is not valid"
    RPC_E_INVALID_EXTENSION = 0x80010112, "an ORPC extension is not valid"
    RPC_E_INVALID_IPID = 0x80010113, "the interface pointer identifier is not known"
    RPC_E_INVALID_OBJECT = 0x80010114, "the object is not known"
    RPC_E_INVALID_OXID = 0x80070776, "the object exporter identifier is not known"
    RPC_E_INVALID_OID = 0x80070777, "the object identifier is not known"
    RPC_E_INVALID_SET = 0x80070778, "the ping set is not known"
    REGDB_E_CLASSNOTREG = 0x80040154, "the class is not registered"
    CO_E_OBJNOTREG = 0x800401FB, "the object is not registered"
    CO_E_OBJNOTCONNECTED = 0x800401FD, "the object is not connected"
    E_ACCESSDENIED = 0x80070005, "access is denied"
    E_OUTOFMEMORY = 0x8007000E, "out of memory"
    E_INVALIDARG = 0x80070057, "an argument is not valid"
    RPC_S_SERVER_UNAVAILABLE = 0x800706BA, "the RPC server is not available"
    RPC_S_CALL_FAILED = 0x800706BE, "the remote procedure call failed"
    RPC_S_SEC_PKG_ERROR = 0x80070721, "a security package error occurred"
    RPC_E_CHANGED_MODE = 0x80010106, "the thread was set up with another concurrency model"
    RPC_E_TOO_LATE = 0x80010119, "the security of the process has been set up already"
    CLASS_E_NOAGGREGATION = 0x80040110, "the class cannot be part of another object"

    @property
    def symbol(self) -> str:
        return self.name


class LocalStatus(_Status):
    """[MS-WMI] 8: statuses that only a program meets that works on objects itself, and some that nobody returns.

    Of those in that list WbemStatus has the ones that a server may send as well. The last ones are of wbemprov.h.
    """

    ALREADY_EXISTS = 0x00040001, "the object existed already, and was not made again"
    RESET_TO_DEFAULT = 0x00040002, "an override is gone: what was inherited counts again"
    DIFFERENT = 0x00040003, "the objects are not the same"
    NO_MORE_DATA = 0x00040005, "the enumeration is at its end"
    OPERATION_CANCELLED = 0x00040006, "the operation was cancelled"
    PENDING = 0x00040007, "the operation goes on, and there is no result yet"
    DUPLICATE_OBJECTS = 0x00040008, "the enumeration has an object more than once"
    ACCESS_DENIED = 0x00040009, "some of it is not there, since the caller may not see it"
    SOURCE_NOT_AVAILABLE = 0x00040017, "one of the sources was not available"
    INVALID_STREAM = 0x8004100B, "the octets of an object are damaged"
    PROPAGATED_QUALIFIER = 0x8004101B, "the qualifier is inherited, and can only be deleted where it was set"
    PROPAGATED_PROPERTY = 0x8004101C, "the property is inherited, and can only be deleted where it was declared"
    ILLEGAL_OPERATION = 0x8004101E, "only a class can do this, and the object is an instance"
    INVALID_SYNTAX = 0x80041021, "the query is not well formed"
    NONDECORATED_OBJECT = 0x80041022, "the object does not know where it is"
    READ_ONLY = 0x80041023, "the property is read-only"
    QUERY_NOT_IMPLEMENTED = 0x80041027, "this query is not supported"
    INVALID_QUALIFIER_TYPE = 0x80041029, "a qualifier cannot have a value of this type"
    INVALID_PROPERTY_TYPE = 0x8004102A, "the type of the property is not known, or there is none"
    VALUE_OUT_OF_RANGE = 0x8004102B, "the value is out of the range of its type"
    SYSTEM_PROPERTY = 0x80041030, "a system property has no qualifiers and cannot be deleted"
    UNSUPPORTED_PARAMETER = 0x80041035, "a parameter is not supported, or too complex: try a simpler one"
    MISSING_PARAMETER_ID = 0x80041036, "a parameter of the method has no ID"
    INVALID_PARAMETER_ID = 0x80041037, "the ID of a parameter is no number from 0 on"
    NONCONSECUTIVE_PARAMETER_IDS = 0x80041038, "the IDs of the parameters are not 0, 1, 2 and so on, each of them once"
    PARAMETER_ID_ON_RETVAL = 0x80041039, "ReturnValue has an ID, as if it were a parameter"
    BUFFER_TOO_SMALL = 0x8004103C, "the buffer is too small"
    UNKNOWN_OBJECT_TYPE = 0x8004103E, "the octets hold an object of an unknown kind"
    UNKNOWN_PACKET_TYPE = 0x8004103F, "the octets are a packet of an unknown kind"
    MARSHAL_VERSION_MISMATCH = 0x80041040, "the packet has a version that is not supported"
    MARSHAL_INVALID_SIGNATURE = 0x80041041, "the packet does not begin as packets do"
    INVALID_DUPLICATE_PARAMETER = 0x80041043, "a parameter that goes in and out is declared differently in each"
    TOO_MUCH_DATA = 0x80041044, "there is too much data"
    INVALID_FLAVOR = 0x80041046, "there is no such flavor, or it does not belong there"
    UNSUPPORTED_CLASS_UPDATE = 0x80041048, "the class cannot be updated in this way"
    CANNOT_CHANGE_KEY_INHERITANCE = 0x80041049, "a key cannot change while instances or derived classes use it"
    CANNOT_CHANGE_INDEX_INHERITANCE = 0x80041050, "an index cannot change while instances or derived classes use it"
    UPDATE_TYPE_MISMATCH = 0x80041052, "a derived class has the property with another type"
    UPDATE_OVERRIDE_NOT_ALLOWED = 0x80041053, "a derived class overrides a qualifier that cannot be overridden"
    UPDATE_PROPAGATED_METHOD = 0x80041054, "a derived class has the method with another signature"
    REFRESHER_BUSY = 0x80041057, "the refresher is at work for somebody else"
    UNINTERPRETABLE_PROVIDER_QUERY = 0x8004105F, "the query of an event provider does not say which classes it serves"
    LOCAL_CREDENTIALS = 0x80041064, "a user and a password were given for a connection within this machine"
    CLIENT_TOO_SLOW = 0x80041067, "the client did not read its objects in time"
    NULL_SECURITY_DESCRIPTOR = 0x80041068, "the security descriptor is NULL"
    INVALID_ASSOCIATION = 0x8004106A, "the association is not valid"
    AMBIGUOUS_OPERATION = 0x8004106B, "it is not clear what is meant"
    RESERVED_001 = 0x8004106D, "reserved; a transaction was in conflict with another one"
    RESERVED_002 = 0x8004106E, "reserved; a transaction was rolled back"
    UNSUPPORTED_LOCALE = 0x8004106F, "the locale is not supported"
    HANDLE_OUT_OF_DATE = 0x80041070, "the handle is of an older version of the class"
    CONNECTION_FAILED = 0x80041071, "the connection to a database failed"
    INVALID_HANDLE_REQUEST = 0x80041072, "the property cannot be reached by a handle"
    PROPERTY_NAME_TOO_WIDE = 0x80041073, "the name of a property is too long"
    CLASS_NAME_TOO_WIDE = 0x80041074, "the name of a class is too long"
    METHOD_NAME_TOO_WIDE = 0x80041075, "the name of a method is too long"
    QUALIFIER_NAME_TOO_WIDE = 0x80041076, "the name of a qualifier is too long"
    RERUN_COMMAND = 0x80041077, "a database was in deadlock: try again"
    DATABASE_VER_MISMATCH = 0x80041078, "the repository is of another version"
    VETO_DELETE = 0x80041079, "the provider refused the deletion"
    INVALID_LOCALE = 0x80041080, "there is no such locale"
    SYNCHRONIZATION_REQUIRED = 0x80041082, "the object has to be stored and read again before this"
    NO_SCHEMA = 0x80041083, "there is no schema"
    PROVIDER_ALREADY_REGISTERED = 0x80041084, "the provider is registered already"
    PROVIDER_NOT_REGISTERED = 0x80041085, "the provider is not registered"
    FATAL_TRANSPORT_ERROR = 0x80041086, "the connection failed and cannot be used any more"
    LIMITED_SERVICE = 0x00043001, "the provider can do only a part of what is usual"
    INDIRECTLY_UPDATED = 0x00043002, "the object was updated through another one"
    SUBJECT_TO_SDS = 0x00043003, "the security descriptor of each event says who may see it"
    RETRY_LATER = 0x80043001, "not now: try again later"
    RESOURCE_CONTENTION = 0x80043002, "somebody else holds what is needed"

    @property
    def symbol(self) -> str:
        return f"WBEM_{'E' if self.failed else 'S'}_{self.name}"


class MofStatus(_Status):
    """What the MOF compiler finds wrong with a text: the SDK's list of WMI error constants.

    Windows: the page gives EXPECTED_PROPERTY_NAME the number of the one before it; wbemcli.h counts on.
    """

    EXPECTED_QUALIFIER_NAME = 0x80044001, "a qualifier name was expected"
    EXPECTED_SEMI = 0x80044002, "a semicolon or an equals sign was expected"
    EXPECTED_OPEN_BRACE = 0x80044003, "an opening brace was expected"
    EXPECTED_CLOSE_BRACE = 0x80044004, "a closing brace is missing, or an element of an array is not valid"
    EXPECTED_CLOSE_BRACKET = 0x80044005, "a closing bracket was expected"
    EXPECTED_CLOSE_PAREN = 0x80044006, "a closing parenthesis was expected"
    ILLEGAL_CONSTANT_VALUE = 0x80044007, "a constant is not valid: a number out of range, or text without quotes"
    EXPECTED_TYPE_IDENTIFIER = 0x80044008, "a type was expected"
    EXPECTED_OPEN_PAREN = 0x80044009, "an opening parenthesis was expected"
    UNRECOGNIZED_TOKEN = 0x8004400A, "something stands there that has no meaning"
    UNRECOGNIZED_TYPE = 0x8004400B, "there is no such type"
    EXPECTED_PROPERTY_NAME = 0x8004400C, "the name of a property or method was expected"
    TYPEDEF_NOT_SUPPORTED = 0x8004400D, "typedefs and enumerated types are not supported"
    UNEXPECTED_ALIAS = 0x8004400E, "only a reference can have an alias for its value"
    UNEXPECTED_ARRAY_INIT = 0x8004400F, "only an array, which is declared with [], has values in braces"
    INVALID_AMENDMENT_SYNTAX = 0x80044010, "the amendment is not well formed"
    INVALID_DUPLICATE_AMENDMENT = 0x80044011, "there are two amendments"
    INVALID_PRAGMA = 0x80044012, "#pragma is followed by no keyword that it has"
    INVALID_NAMESPACE_SYNTAX = 0x80044013, "the namespace is not well formed"
    EXPECTED_CLASS_NAME = 0x80044014, "the name of a class was expected"
    TYPE_MISMATCH = 0x80044015, "the value does not fit the type"
    EXPECTED_ALIAS_NAME = 0x80044016, "a dollar sign is followed by no name"
    INVALID_CLASS_DECLARATION = 0x80044017, "the declaration of a class is not well formed"
    INVALID_INSTANCE_DECLARATION = 0x80044018, 'the declaration of an instance does not begin with "instance of"'
    EXPECTED_DOLLAR = 0x80044019, 'an alias, as in $name, was expected after "as"'
    CIMTYPE_QUALIFIER = 0x8004401A, "the qualifier CIMTYPE does not say what the declaration says"
    DUPLICATE_PROPERTY = 0x8004401B, "a property is there twice"
    INVALID_NAMESPACE_SPECIFICATION = 0x8004401C, "the namespace is on another server"
    OUT_OF_RANGE = 0x8004401D, "the value is out of the range of its type"
    INVALID_FILE = 0x8004401E, "the file holds no MOF"
    ALIASES_IN_EMBEDDED = 0x8004401F, "an embedded object cannot have an alias"
    NULL_ARRAY_ELEM = 0x80044020, "an array has no NULL among its elements"
    DUPLICATE_QUALIFIER = 0x80044021, "a qualifier is there twice"
    EXPECTED_FLAVOR_TYPE = 0x80044022, "a flavor was expected"
    INCOMPATIBLE_FLAVOR_TYPES = 0x80044023, "EnableOverride and DisableOverride exclude each other"
    MULTIPLE_ALIASES = 0x80044024, "an alias is there twice"
    INCOMPATIBLE_FLAVOR_TYPES2 = 0x80044025, "Restricted excludes ToInstance and ToSubclass"
    NO_ARRAYS_RETURNED = 0x80044026, "a method cannot return an array"
    MUST_BE_IN_OR_OUT = 0x80044027, "a parameter goes neither in nor out"
    INVALID_FLAGS_SYNTAX = 0x80044028, "the flags are not well formed"
    EXPECTED_BRACE_OR_BAD_TYPE = 0x80044029, "a class does not end, or the type of a member is not valid"
    UNSUPPORTED_CIMV22_QUAL_VALUE = 0x8004402A, "a qualifier value of CIM 2.2 is not supported"
    UNSUPPORTED_CIMV22_DATA_TYPE = 0x8004402B, "a data type of CIM 2.2 is not supported"
    INVALID_DELETEINSTANCE_SYNTAX = 0x8004402C, '#pragma deleteinstance("path", FAIL|NOFAIL) is not well formed'
    INVALID_QUALIFIER_SYNTAX = 0x8004402D, "the declaration of a qualifier is not well formed"
    QUALIFIER_USED_OUTSIDE_SCOPE = 0x8004402E, "a qualifier stands where it may not"
    ERROR_CREATING_TEMP_FILE = 0x8004402F, "an intermediate file could not be made"
    ERROR_INVALID_INCLUDE_FILE = 0x80044030, "an included file is not there, or not valid"
    INVALID_DELETECLASS_SYNTAX = 0x80044031, '#pragma deleteclass("name", FAIL|NOFAIL) is not well formed'

    @property
    def symbol(self) -> str:
        return f"WBEMMOF_E_{self.name}"


Status: TypeAlias = WbemStatus | HResult | MofStatus | LocalStatus

_KNOWN: dict[int, Status] = {
    int(status): status for kind in (HResult, MofStatus, LocalStatus, WbemStatus) for status in kind
}


def lookup(code: int) -> Status | None:
    """The member for an HRESULT, signed or unsigned; None if it is in no list. 0 is WbemStatus.NO_ERROR."""
    return _KNOWN.get(code & 0xFFFFFFFF)


def describe(code: int) -> str:
    """`WBEM_E_NOT_FOUND (0x80041002)`, or the number alone if it has no name here."""
    known = lookup(code)
    number = f"0x{code & 0xFFFFFFFF:08X}"
    return f"{known.symbol} ({number})" if known is not None else number
