"""The classes that the built-in providers serve, as tables: names, types and qualifiers of Microsoft's documentation.

Facts from the pages `desktop-src/CIMWin32Prov` of MicrosoftDocs/win32, (c) Microsoft Corporation and contributors,
CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/), put into tables, without their prose. The tables hold what
those pages say of Windows; which methods work here is the one thing that is ours (the qualifier `Implemented`).
Qualifiers for people's eyes (DisplayName, Description, Values) belong to a language and are not in these tables.

A table knows no operating system: nothing here imports a source of values.
"""

from openwmi.model import CimClass
from openwmi.providers.schema.base import CIM_LOGICAL_ELEMENT, CIM_MANAGED_SYSTEM_ELEMENT
from openwmi.providers.schema.operatingsystem import CIM_OPERATING_SYSTEM, WIN32_OPERATING_SYSTEM
from openwmi.providers.schema.process import (
    CIM_PROCESS,
    WIN32_METHOD_PARAMETER_CLASS,
    WIN32_PROCESS,
    WIN32_PROCESS_STARTUP,
)

CLASSES: tuple[CimClass, ...] = (
    CIM_MANAGED_SYSTEM_ELEMENT,
    CIM_LOGICAL_ELEMENT,
    CIM_OPERATING_SYSTEM,
    WIN32_OPERATING_SYSTEM,
    CIM_PROCESS,
    WIN32_PROCESS,
    WIN32_METHOD_PARAMETER_CLASS,
    WIN32_PROCESS_STARTUP,
)
"""Every class of the tables, each after the one that it derives from."""
