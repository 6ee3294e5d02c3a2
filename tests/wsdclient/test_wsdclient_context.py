"""Names and elements of XML, and URIs, as programs in C++ make them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openwmi import wsdclient as w
from openwmi.soap import Fragment, QName
from openwmi.soap.namespaces import DPWS_2006

LONG = "x" * (w.WSD_MAX_TEXT_LENGTH + 1)


def context() -> w.IWSDXMLContext:
    hr, made = w.WSDXMLCreateContext()
    assert hr == w.S_OK
    assert made is not None
    return made


def test_names_of_a_context() -> None:
    made = context()
    assert made.AddNamespace("urn:x", "x") == (w.S_OK, w.WSDXML_NAMESPACE("urn:x", "x"))
    assert made.AddNamespace("urn:x", "y") == (w.S_OK, w.WSDXML_NAMESPACE("urn:x", "y"))
    assert made.AddNameToNamespace("urn:x", "Thing") == (w.S_OK, QName("urn:x", "Thing"))
    assert made.AddNameToNamespace("urn:new", "Thing") == (w.S_OK, QName("urn:new", "Thing"))
    assert made.SetNamespaces([w.WSDXML_NAMESPACE("urn:z", "z")], 15) == w.S_OK
    assert made.SetTypes([w.WSDXML_TYPE("urn:a")], 0) == w.S_OK


def test_a_context_stays_that_of_who_was_given_it() -> None:
    made = context()
    for create in (w.WSDCreateDiscoveryProvider, w.WSDCreateDiscoveryProvider2):
        _, provider = create(made)
        assert provider is not None
        assert provider.GetXMLContext() == (w.S_OK, made)
    _, other = w.WSDCreateDiscoveryProvider()
    assert other is not None
    assert other.GetXMLContext()[1] is not made


def test_an_element_and_its_text() -> None:
    _, any_ = w.WSDXMLBuildAnyForSingleElement(QName("urn:x", "Size"), "a < b")
    assert any_ == Fragment(QName("urn:x", "Size"), '<ns0:Size xmlns:ns0="urn:x">a &lt; b</ns0:Size>')
    parent = Fragment.parse(f'<p xmlns="urn:y">{any_.text}</p>')
    assert w.WSDXMLGetValueFromAny("urn:x", "Size", parent) == (w.S_OK, "a < b")
    assert w.WSDXMLGetValueFromAny("urn:x", "Size", parent.element()) == (w.S_OK, "a < b")
    assert w.WSDXMLGetValueFromAny("urn:x", "Other", parent) == (w.E_FAIL, None)
    assert w.WSDXMLGetNameFromBuiltinNamespace(DPWS_2006, "Device") == (w.S_OK, QName(DPWS_2006, "Device"))


SITUATIONS: list[tuple[str, Callable[[], Any], int]] = [
    ("AddNamespace, no URI", lambda: context().AddNamespace(None, "x"), w.E_INVALIDARG),
    ("AddNamespace, no prefix", lambda: context().AddNamespace("urn:x", None), w.E_INVALIDARG),
    ("AddNamespace, a long URI", lambda: context().AddNamespace(LONG, "x"), w.E_INVALIDARG),
    ("AddNameToNamespace, no URI", lambda: context().AddNameToNamespace(None, "x"), w.E_INVALIDARG),
    ("AddNameToNamespace, no name", lambda: context().AddNameToNamespace("urn:x", None), w.E_INVALIDARG),
    ("AddNameToNamespace, a long name", lambda: context().AddNameToNamespace("urn:x", LONG), w.E_INVALIDARG),
    ("SetNamespaces, NULL", lambda: context().SetNamespaces(None, 0), w.E_INVALIDARG),
    ("SetTypes, NULL", lambda: context().SetTypes(None, 0), w.E_INVALIDARG),
    ("SetTypes, a layer too many", lambda: context().SetTypes((), w.WSD_XMLCONTEXT_NUM_LAYERS), w.E_INVALIDARG),
    ("no built-in namespace", lambda: w.WSDXMLGetNameFromBuiltinNamespace("urn:x", "y"), w.E_INVALIDARG),
    ("no name", lambda: w.WSDXMLGetNameFromBuiltinNamespace(DPWS_2006, None), w.E_INVALIDARG),
    ("BuildAny, no name", lambda: w.WSDXMLBuildAnyForSingleElement(None, "x"), w.E_INVALIDARG),
    ("BuildAny, no name of XML", lambda: w.WSDXMLBuildAnyForSingleElement(QName("", "a b"), "x"), w.E_INVALIDARG),
    ("BuildAny, a long text", lambda: w.WSDXMLBuildAnyForSingleElement(QName("", "a"), LONG), w.E_INVALIDARG),
    ("BuildAny, no text of XML", lambda: w.WSDXMLBuildAnyForSingleElement(QName("", "a"), "\0"), w.E_FAIL),
    ("GetValueFromAny, NULL", lambda: w.WSDXMLGetValueFromAny("urn:x", "a", None), w.E_INVALIDARG),
    ("GetValueFromAny, a long name", lambda: w.WSDXMLGetValueFromAny("urn:x", LONG, None), w.E_INVALIDARG),
    ("UriEncode, NULL", lambda: w.WSDUriEncode(None), w.E_INVALIDARG),
    ("UriDecode, empty", lambda: w.WSDUriDecode(""), w.E_INVALIDARG),
    ("UriDecode, long", lambda: w.WSDUriDecode(LONG), w.E_FAIL),
]


@pytest.mark.parametrize(("call", "expected"), [each[1:] for each in SITUATIONS], ids=[each[0] for each in SITUATIONS])
def test_what_the_pages_say_of_wrong_arguments(call: Callable[[], Any], expected: int) -> None:
    result = call()
    assert (result[0] if isinstance(result, tuple) else result) == expected


def test_a_uri_is_encoded_as_the_page_says() -> None:
    assert w.WSDUriEncode("urn:a/50% é") == (w.S_OK, "urn:a/50%25%20%C3%A9")
    assert w.WSDUriDecode("%C3%A9%zz%FF") == (w.S_OK, "é%zz�")


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=200))
def test_a_uri_comes_back(text: str) -> None:
    _, encoded = w.WSDUriEncode(text)
    assert encoded is not None
    assert encoded.isascii()
    assert w.WSDUriDecode(encoded) == (w.S_OK, text)
