"""The limits of what is read from a WSDL and its schemas, with their arguments, as `limits` has the others."""

from typing import Final

# A WSDL or a schema, which may come from a stranger's device: the longest that people have (cameras') are half a
# megabyte, and annotate their elements with as much as a page. Reading one takes two seconds for each megabyte.
WSDL_OCTETS: Final = 2 << 20
WSDL_TAGS: Final = 1 << 17
WSDL_TEXT_CHARS: Final = 1 << 16
# Documents that one imports, itself among them, and how deep they import each other: cameras' are some twenty.
WSDL_DOCUMENTS: Final = 64
WSDL_IMPORTS_DEEP: Final = 16
# Parts of all its types, groups written out: cameras' have some ten thousand. Reading each takes 0.2 ms.
WSDL_PARTICLES: Final = 1 << 16
# Elements in one type: whether one place is meant by each is looked at for each pair of them, which takes two seconds.
WSDL_TYPE_PARTS: Final = 1024
WSDL_TYPE_PAIRS: Final = 4 * WSDL_TYPE_PARTS**2  # in all types together
# A value is compared with the pattern of its type where that looks at no more than so many places, whatever the value:
# 10 ms. Beyond it a stranger's pattern could take for ever.
WSDL_PATTERN_STEPS: Final = 1 << 17
