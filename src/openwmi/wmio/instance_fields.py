"""The fixed fields of an instance behind its class ([MS-WMIO] 2.2.53-2.2.58, 2.2.65), and the numbers in them.

EncodingLength, InstanceFlags, InstanceClassName; NdTable; ValueTable; QualifierSet, InstPropQualSetFlag, *QualifierSet;
HeapLength, heap. What is done with them is not known here.
"""

from __future__ import annotations

from typing import Final

# EncodingLength, InstanceFlags, InstanceClassName; and for an instance that has no qualifiers of its own
# QualifierSet::EncodingLength, InstPropQualSetFlag, HeapLength.
HEAD: Final = "IBI"
TAIL: Final = "IBI"
HEAD_SIZE: Final = 9
TAIL_SIZE: Final = 9

# InstPropQualSetFlag.
NO_SETS: Final = 1
SETS: Final = 2
