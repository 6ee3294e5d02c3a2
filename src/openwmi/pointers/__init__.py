"""What WMI's calls carry as interface pointers and by value: CIM objects, contexts, what is told of a failure.

    object_pointer(obj) -> octets, pointed_object(octets, name) -> CimInstance | CimClass
    values_pointer(values) -> octets, pointed_values(octets) -> the named values of an IWbemContext
    failure_pointer(error) -> octets, pointed_failure(octets) -> the values of an __ExtendedStatus

Both ends of the wire need them: each is an OBJREF of `orpc` around octets of `wmio`. Nothing here calls anybody.
"""

from openwmi.pointers.contexts import pointed_values, values_pointer
from openwmi.pointers.failures import failure_pointer, pointed_failure
from openwmi.pointers.objects import object_pointer, pointed_object

__all__ = [
    "failure_pointer",
    "object_pointer",
    "pointed_failure",
    "pointed_object",
    "pointed_values",
    "values_pointer",
]
