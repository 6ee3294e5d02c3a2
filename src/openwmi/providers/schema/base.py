"""The abstract classes that every managed element of root\\cimv2 derives from."""

from __future__ import annotations

from openwmi.model import CimClass
from openwmi.providers.schema.words import ABSTRACT, NAMESPACE, maps, max_len, prop, qualifiers, uuid

CIM_MANAGED_SYSTEM_ELEMENT = CimClass(
    "CIM_ManagedSystemElement",
    namespace=NAMESPACE,
    qualifiers=qualifiers(ABSTRACT, uuid("{8502C517-5FBB-11D2-AAC1-006008C78BC7}")),
    properties=(
        prop("Caption", "string", max_len(64)),
        prop("Description", "string"),
        prop("InstallDate", "datetime", maps("MIF.DMTF|ComponentID|001.5")),
        prop("Name", "string"),
        prop("Status", "string", max_len(10)),
    ),
)

CIM_LOGICAL_ELEMENT = CIM_MANAGED_SYSTEM_ELEMENT.derive(
    "CIM_LogicalElement",
    qualifiers=qualifiers(ABSTRACT, uuid("{8502C518-5FBB-11D2-AAC1-006008C78BC7}")),
)
