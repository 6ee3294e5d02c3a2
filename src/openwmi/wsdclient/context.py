"""XML contexts, elements of extensions, and URIs (wsdxml.h, wsdutil.h): what C++ needs to name and write them.

A name is a QName wherever one is wanted, so that a context is only for programs that are ported: it gives such names.
Prefixes of what is sent are this package's own, which literal-minded peers expect, whatever a context suggests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, unquote_to_bytes

from openwmi.base.error import WbemError
from openwmi.blocking.com.unknown import IUnknown
from openwmi.soap import Fragment
from openwmi.soap.markup import elements, etree, text_of
from openwmi.soap.name import is_ncname
from openwmi.soap.namespaces import PREFIXES
from openwmi.wsdclient.calling import argument, short, wsd_method
from openwmi.wsdclient.constants import WSD_MAX_TEXT_LENGTH
from openwmi.wsdclient.statuses import E_FAIL, S_OK
from openwmi.wsdclient.structures import WSDXML_ELEMENT, WSDXML_NAME, WSDXML_TYPE

WSD_XMLCONTEXT_NUM_LAYERS = 16


@dataclass(frozen=True, slots=True)
class WSDXML_NAMESPACE:
    """A namespace, and the prefix that a context has for it."""

    Uri: str
    PreferredPrefix: str = ""


class IWSDXMLContext(IUnknown, iid="75d8f3ee-3e5a-43b4-a15a-bcf6887460c0"):
    """The namespaces and names of a program."""

    def __init__(self) -> None:
        self._namespaces = {uri: WSDXML_NAMESPACE(uri, prefix) for uri, prefix in PREFIXES.items()}
        self._layers: dict[tuple[str, int], tuple[Any, ...]] = {}

    @wsd_method(1)
    def AddNamespace(self, pszUri: str | None, pszSuggestedPrefix: str | None) -> tuple[int, WSDXML_NAMESPACE | None]:
        """(hresult, ppNamespace): the suggested prefix replaces the one that it had. E_INVALIDARG for NULL."""
        uri, prefix = _text(pszUri, "pszUri"), _text(pszSuggestedPrefix, "pszSuggestedPrefix")
        self._namespaces[uri] = WSDXML_NAMESPACE(uri, prefix)
        return S_OK, self._namespaces[uri]

    @wsd_method(1)
    def AddNameToNamespace(self, pszUri: str | None, pszName: str | None) -> tuple[int, WSDXML_NAME | None]:
        """(hresult, ppName): the name, in a namespace that need not be there yet. E_INVALIDARG for NULL."""
        uri, name = _text(pszUri, "pszUri"), _text(pszName, "pszName")
        self._namespaces.setdefault(uri, WSDXML_NAMESPACE(uri, f"un{len(self._namespaces)}"))
        return S_OK, WSDXML_NAME(uri, name)

    @wsd_method()
    def SetNamespaces(self, pNamespaces: Sequence[WSDXML_NAMESPACE] | None, bLayerNumber: int) -> int:
        """Those of generated code. E_INVALIDARG for NULL, and for a layer that there is not."""
        namespaces = self._layer("namespaces", pNamespaces, bLayerNumber)
        self._namespaces.update({each.Uri: each for each in namespaces})
        return S_OK

    @wsd_method()
    def SetTypes(self, pTypes: Sequence[WSDXML_TYPE] | None, bLayerNumber: int) -> int:
        """The same of its messages, each of which has its codec in itself here."""
        self._layer("types", pTypes, bLayerNumber)
        return S_OK

    def _layer(self, kind: str, given: Sequence[Any] | None, number: int) -> tuple[Any, ...]:
        argument(given is not None, f"the {kind} are NULL")
        argument(0 <= number < WSD_XMLCONTEXT_NUM_LAYERS, f"there is no layer {number}")
        self._layers[kind, number] = tuple(given or ())
        return self._layers[kind, number]


@wsd_method(1)
def WSDXMLCreateContext() -> tuple[int, IWSDXMLContext | None]:
    """(hresult, ppContext)."""
    return S_OK, IWSDXMLContext()


@wsd_method(1)
def WSDXMLGetNameFromBuiltinNamespace(pszNamespace: str | None, pszName: str | None) -> tuple[int, WSDXML_NAME | None]:
    """(hresult, ppName): a name in a namespace of SOAP, WS-Discovery, DPWS or one that belongs to them. E_INVALIDARG
    for any other.
    """
    uri, name = _text(pszNamespace, "pszNamespace"), _text(pszName, "pszName")
    argument(uri in PREFIXES, f"{uri[:200]!r} is no namespace of WSDAPI's own")
    return S_OK, WSDXML_NAME(uri, name)


@wsd_method(1)
def WSDXMLBuildAnyForSingleElement(
    pElementName: WSDXML_NAME | None, pszText: str | None
) -> tuple[int, WSDXML_ELEMENT | None]:
    """(hresult, ppAny): an element with a text. E_INVALIDARG for NULL in place of its name, and a text too long."""
    argument(pElementName, "pElementName is NULL")
    assert pElementName is not None
    short(pszText, "pszText")
    argument(is_ncname(pElementName.local), f"{pElementName.local[:80]!r} is no name of XML")
    try:
        made = etree.Element(str(pElementName))
        made.text = pszText or None
        return S_OK, Fragment.parse(etree.tostring(made, encoding="unicode"))
    except ValueError as error:  # characters that XML has not
        raise WbemError(E_FAIL, f"pszText: {error}") from None


@wsd_method(1)
def WSDXMLGetValueFromAny(
    pszNamespace: str | None, pszName: str | None, pAny: WSDXML_ELEMENT | Any
) -> tuple[int, str | None]:
    """(hresult, ppszValue): the text of the first such element in `pAny`, a WSDXML_ELEMENT or an element of lxml.

    E_INVALIDARG for NULL and names too long; E_FAIL where there is none.
    """
    uri, name = _text(pszNamespace, "pszNamespace"), _text(pszName, "pszName")
    argument(pAny is not None, "pAny is NULL")
    parent = pAny.element() if isinstance(pAny, Fragment) else pAny
    for found in elements(parent, uri, name):
        return S_OK, text_of(found)
    raise WbemError(E_FAIL, f"there is no {{{uri}}}{name} in it")


@wsd_method(1)
def WSDUriEncode(source: str | None) -> tuple[int, str | None]:
    """(hresult, destOut): all but letters, digits and what may stand in a URI as %XY, each octet of its UTF-8; percent
    signs, too. E_INVALIDARG for nothing, E_FAIL for more than WSD_MAX_TEXT_LENGTH.
    """
    return S_OK, quote(_uri(source), safe=_IN_URIS)


@wsd_method(1)
def WSDUriDecode(source: str | None) -> tuple[int, str | None]:
    """(hresult, destOut): the same the other way; octets that are no UTF-8 become U+FFFD. Errors as above."""
    return S_OK, unquote_to_bytes(_uri(source)).decode("utf-8", "replace")


_IN_URIS: Final = "-_.!~*'();/?:@&=+$,"
"""What RFC 2396 lets stand as it is: unreserved and reserved characters."""


def _text(given: str | None, name: str) -> str:
    """E_INVALIDARG for NULL, and for a text too long."""
    argument(given is not None, f"{name} is NULL")
    short(given, name)
    assert given is not None
    return given


def _uri(given: str | None) -> str:
    argument(given, "source is NULL, or empty")
    assert given is not None
    if len(given) > WSD_MAX_TEXT_LENGTH:
        raise WbemError(E_FAIL, f"source has more than {WSD_MAX_TEXT_LENGTH:,} characters")
    return given
