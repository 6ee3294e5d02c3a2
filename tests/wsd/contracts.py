"""Contracts for tests: Microsoft's, where they are, and WSDLs around schemas that a test writes."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from openwmi.soap.markup import parse_xml
from openwmi.wsd.wsdl import Codec, Wsdl, load_wsdl
from openwmi.wsd.wsdl.codegen import format_module

NS = "urn:t"
SAMPLES = Path(__file__).parents[2] / "../shared/wsd"


def sample(name: str) -> Path:
    """One of Microsoft's samples; the test is skipped where they are not."""
    path = SAMPLES / name
    if not path.is_file():
        pytest.skip(f"the samples of Microsoft's contracts are not in {SAMPLES}")
    return path


def wsdl_text(schema: str, port_type: str = "", messages: str = "", form: str = "qualified") -> str:
    """A WSDL with these types; without more it has one operation, `Say`, that sends and gets the element `Root`."""
    messages = messages or (
        '<message name="In"><part name="p" element="t:Root"/></message>'
        '<message name="Out"><part name="p" element="t:Root"/></message>'
    )
    port_type = port_type or (
        '<portType name="Port"><operation name="Say"><input message="t:In"/><output message="t:Out"/></operation>'
        "</portType>"
    )
    return (
        f'<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:t="{NS}" targetNamespace="{NS}"'
        ' xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:wse="http://schemas.xmlsoap.org/ws/2004/08/eventing"'
        ' xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing">\n'
        f'<types><xs:schema targetNamespace="{NS}" elementFormDefault="{form}">\n{schema}\n</xs:schema></types>\n'
        f"{messages}\n{port_type}\n</definitions>"
    )


def load(folder: Path, schema: str, **parts: str) -> Wsdl:
    """The same, read."""
    path = folder / "made.wsdl"
    path.write_text(wsdl_text(schema, **parts), encoding="utf-8")
    return load_wsdl(path)


def codec_of(wsdl: Wsdl) -> Codec[Any]:
    """Of the message `Root`."""
    codec = wsdl.port_types["Port"].operations["Say"].input
    assert codec is not None
    return codec


def again(codec: Codec[Any], value: Any) -> Any:
    """The value, encoded and decoded."""
    return codec.decode(parse_xml(codec.encode(value)))


def inside(codec: Codec[Any], value: Any) -> str:
    """What the element holds, with its prefixes."""
    return codec.encode(value).decode()


def generated(wsdl: Wsdl, folder: Path, name: str) -> ModuleType:
    """Its module, written and imported."""
    path = folder / f"{name}.py"
    path.write_text(format_module(wsdl), encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where dataclasses look for what annotations mean
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules[name]
    return module
