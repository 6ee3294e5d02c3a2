"""A contract as a module of Python: classes of messages, clients, and the base of a host. It needs no WSDL any more.

The module is laid out as ruff's formatter does it (120 columns), and is typed throughout. Text of the WSDL, which may
be a stranger's, goes into it as literals and checked names alone, never as code.
"""

from __future__ import annotations

import io
import re
import textwrap
import tokenize
from collections.abc import Collection, Iterable, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final

from openwmi.soap import QName
from openwmi.wsd.wsdl import shapes
from openwmi.wsd.wsdl import simple as simples
from openwmi.wsd.wsdl.contract import PortType, WsdlOperation
from openwmi.wsd.wsdl.shapes import Attribute, Struct
from openwmi.wsd.wsdl.shaping import RESERVED, identifier, member_names
from openwmi.wsd.wsdl.types import REQUIRED, Codec, Field, own_fields
from openwmi.wsd.wsdl.wsdl import Wsdl

COLUMNS: Final = 120
_NAME: Final = re.compile(r"[^\W\d]\w*")
INDENT: Final = "    "

# What a module imports, as far as it uses it.
_IMPORTS: Final = (
    ("dataclasses", ("dataclass",)),
    ("datetime", ("date", "datetime", "time")),
    ("decimal", ("Decimal",)),
    ("enum", ("StrEnum",)),
    ("typing", ("TypeAlias",)),
    ("openwmi.operation", ("Operation",)),
    ("openwmi.soap", ("Fragment", "QName")),
    ("openwmi.wsd", ("Call",)),
    (
        "openwmi.wsd.wsdl.generated",
        (
            "Any", "Attribute", "Binary", "ContractService", "Duration", "Element", "Facets", "Group", "Nil",
            "PortType", "Proxy", "Repeated", "Simple", "Subscribing", "Subscription", "Types", "Unpack",
            "WsdlOperation",
        ),
    ),
    ("openwmi.wsdclient.generated", ("GeneratedProxy", "IWSDAsyncCallback", "IWSDAsyncResult")),
)  # fmt: skip


def format_module(wsdl: Wsdl) -> str:
    """The whole module."""
    spaces = _Spaces(wsdl)
    parts: list[str] = [_enum(name, [each.value for each in enum]) for name, enum in wsdl.types.enums.items()]
    parts += [_struct(struct, wsdl, spaces) for struct in wsdl.types.structs.values()]
    for port_type in wsdl.port_types.values():
        if port_type.operations or port_type.events:
            parts += _port_type(port_type, spaces)
    body = "\n\n\n".join(parts)
    constants = [f"{name} = {_text(uri)}" for uri, name in spaces.names.items() if name in _words(body)]
    head = _literal(
        f"The contract of {wsdl.name}, written by `openwmi wsd codegen`: change the WSDL and write it anew."
    )
    aliases = [f'_{name}: TypeAlias = "{name}"' for name in sorted(spaces.aliases)]
    start = "\n".join(
        [*constants, *([""] if constants else []), "TYPES = Types()", *([""] if aliases else []), *aliases]
    )
    types = f"\n\n\n{body}" if body else ""
    text = f"{start}{types}\n"
    return "\n".join(
        [
            f'"""{head}"""',
            "# ruff: noqa: A003, N801, N802, N803, N815, PYI042, RUF100 - the names are the contract's",
            "",
            "from __future__ import annotations",
            "",
            *_imports(text),
            "",
            text,
        ]
    )


class _Spaces:
    """Names of constants for namespaces, and data as it is written with them."""

    def __init__(self, wsdl: Wsdl) -> None:
        self.names: dict[str, str] = {}
        self.aliases: set[str] = set()
        self._taken = {*wsdl.types.classes, *wsdl.types.enums, *RESERVED}
        used = [each.name.namespace for each in wsdl.port_types.values()]
        for port_type in wsdl.port_types.values():
            codecs = _codecs([*port_type.operations.values(), *port_type.events.values()])
            used += [codec.element.name.namespace for codec in codecs]
        for uri in dict.fromkeys(used):
            if uri:
                self.names[uri] = f"NS{len(self.names) + 1}" if self.names else "NS"

    def free(self, wanted: str, *forms: str) -> str:
        """A name that nothing in the module has, in none of the forms."""
        name = wanted
        while not self._taken.isdisjoint(form.format(name) for form in forms):
            name = f"{name}_"
        self._taken.update(form.format(name) for form in forms)
        return name

    def aliased(self, annotation: str, names: Collection[str]) -> str:
        """With other names for types that something else in the same class is called like."""

        def other(found: re.Match[str]) -> str:
            if found[0] not in names:
                return found[0]
            self.aliases.add(found[0])
            return f"_{found[0]}"

        return _NAME.sub(other, annotation)

    def write(self, value: object, indent: int = 0, room: int = COLUMNS) -> str:
        """Data, as Python makes it."""
        short = self._short(value)
        if len(short) <= room - indent * len(INDENT) and "\n" not in short:
            return short
        opened, parts, closed = self._parts(value)
        if not parts:
            return short
        inner = INDENT * (indent + 1)
        lines = [f"{inner}{name}{self.write(part, indent + 1, COLUMNS - len(name) - 1)}," for name, part in parts]
        return "\n".join([opened, *lines, f"{INDENT * indent}{closed}"])

    def _short(self, value: object) -> str:
        opened, parts, closed = self._parts(value)
        if not opened:
            return closed
        comma = "," if opened == "(" and len(parts) == 1 else ""
        return f"{opened}{', '.join(f'{name}{self._short(part)}' for name, part in parts)}{comma}{closed}"

    def _parts(self, value: object) -> tuple[str, list[tuple[str, object]], str]:
        """How it begins, what is in it, and how it ends; what has no parts is an end alone."""
        if isinstance(value, QName):
            return (
                "QName(",
                [("", _Name(self.names.get(value.namespace) or _text(value.namespace))), ("", value.local)],
                ")",
            )
        if isinstance(value, _Name):
            return "", [], str(value)
        if isinstance(value, str):
            return "", [], _text(value)
        if isinstance(value, tuple):
            return "(", [("", each) for each in value], ")"
        if is_dataclass(value):
            given = [(each.name, getattr(value, each.name), each.default) for each in fields(value)]
            changed = [(name, found) for name, found, default in given if not _same(found, default)]
            leading = [name for name, _, _ in given][: sum(1 for _ in _leading(given))]
            named = isinstance(value, shapes.Facets)
            return (
                f"{type(value).__name__}(",
                [("" if name in leading and not named else f"{name}=", found) for name, found in changed],
                ")",
            )
        return "", [], repr(value)


class _Name(str):
    """A name of the module, which is written as it stands."""

    __slots__ = ()


def _same(value: object, default: object) -> bool:
    return type(value) is type(default) and value == default


def _leading(given: Sequence[tuple[str, object, object]]) -> Iterable[str]:
    """The arguments that need no name: all before the first that is left out."""
    for name, found, default in given:
        if _same(found, default):
            return
        yield name


def _codecs(operations: Iterable[WsdlOperation]) -> Iterable[Codec[Any]]:
    for operation in operations:
        yield from (
            each for each in (operation.input, operation.output, *operation.faults.values()) if each is not None
        )


# Types.


def _enum(name: str, values: Sequence[str]) -> str:
    lines = [f"{INDENT}{member} = {_text(value)}" for member, value in member_names(values).items()]
    return "\n".join(
        ["@TYPES.enum", f"class {name}(StrEnum):", f'{INDENT}"""One of {len(lines)} values."""', "", *lines]
    )


def _struct(struct: Struct, wsdl: Wsdl, spaces: _Spaces) -> str:
    said: list[tuple[str, object]] = []
    content = struct.content
    is_plain = content.kind == "sequence" and not content.optional
    if content.particles:
        said += [("", each) for each in content.particles] if is_plain else [("", content)]
    for each in fields(Struct):
        value = getattr(struct, each.name)
        if each.name not in {"key", "content"} and not _same(value, each.default):
            said.append((f"{each.name}=", value))
    lines = [_called("@TYPES.struct", said, spaces), "@dataclass(frozen=True, slots=True, kw_only=True)"]
    lines.append(f"class {struct.key}({struct.base}):" if struct.base else f"class {struct.key}:")
    about = f"The type {struct.name.local}." if struct.name is not None else f"What {struct.key} holds."
    lines.append(f'{INDENT}"""{_literal(about)}"""')
    found = own_fields(struct, wsdl.types.structs)
    names = {each.name for each in found}
    own = [_field(replace(each, annotation=spaces.aliased(each.annotation, names)), struct, wsdl) for each in found]
    return "\n".join([*lines, "", *own] if own else lines)


def _called(function: str, arguments: list[tuple[str, object]], spaces: _Spaces) -> str:
    short = f"{function}({', '.join(f'{name}{spaces.write(value, room=10**9)}' for name, value in arguments)})"
    if len(short) <= COLUMNS:
        return short
    lines = [f"{INDENT}{name}{spaces.write(value, 1, COLUMNS - len(name) - 1)}," for name, value in arguments]
    return "\n".join([f"{function}(", *lines, ")"])


def _field(each: Field, struct: Struct, wsdl: Wsdl) -> str:
    if each.default == REQUIRED:
        return f"{INDENT}{each.name}: {each.annotation}"
    return f"{INDENT}{each.name}: {each.annotation} = {_default(each, struct, wsdl)}"


def _default(each: Field, struct: Struct, wsdl: Wsdl) -> str:
    found = [one for one in struct.attributes if one.field == each.name and one.default is not None]
    return _value_of(found[0], wsdl) if found else each.default


def _value_of(attribute: Attribute, wsdl: Wsdl) -> str:
    value = simples.compile_simple(attribute.type, wsdl.types.enums).parse(attribute.default or "")
    if attribute.type.enum:
        return f"{attribute.type.enum}.{value.name}"
    return _text(value) if isinstance(value, str) else repr(value).replace("datetime.", "")


# Port types.


def _port_type(port_type: PortType, spaces: _Spaces) -> list[str]:
    name = spaces.free(identifier(port_type.name.local), "{}", "C{}Proxy", "{}Service", "I{}EventNotify")
    constant = identifier("".join(f"_{each}" if each.isupper() else each.upper() for each in name).lstrip("_"))
    constant = spaces.free(constant, "{}")
    operations, events = list(port_type.operations.values()), list(port_type.events.values())
    lines = [
        f"{constant} = PortType(",
        f"{INDENT}{spaces.write(port_type.name)},",
        *_operations("operations", operations, spaces),
        *_operations("events", events, spaces),
        *([f"{INDENT}is_source=True,"] if port_type.is_source else []),
        ")",
    ]
    parts = ["\n".join(lines)]
    if operations or events:
        parts += [
            _client(port_type, name, constant, operations, spaces),
            *([_notify(port_type, name, events, spaces)] if events else []),
            _begin_end(port_type, name, constant, operations, spaces),
            _service(port_type, name, constant, operations, spaces),
        ]
    return parts


def _operations(label: str, operations: Sequence[WsdlOperation], spaces: _Spaces) -> list[str]:
    if not operations:
        return []
    lines = [f"{INDENT}{label}=("]
    for each in operations:
        lines.append(f"{INDENT * 2}WsdlOperation(")
        said = [
            _text(each.name),
            *(
                f"{label}={_text(action)}"
                for label, action in (("input_action", each.input_action), ("output_action", each.output_action))
                if action
            ),
            *(
                f"{label}={_codec(codec, spaces, 3)}"
                for label, codec in (("input", each.input), ("output", each.output))
                if codec is not None
            ),
        ]
        lines += [f"{INDENT * 3}{one}," for one in said]
        if each.faults:
            lines.append(f"{INDENT * 3}faults={{")
            lines += [f"{INDENT * 4}{_text(name)}: {_codec(codec, spaces, 4)}," for name, codec in each.faults.items()]
            lines.append(f"{INDENT * 3}}},")
        lines.append(f"{INDENT * 2}),")
    return [*lines, f"{INDENT}),"]


def _codec(codec: Codec[Any], spaces: _Spaces, indent: int) -> str:
    short = f"TYPES.codec({spaces.write(codec.element, room=10**9)})"
    if len(short) + indent * len(INDENT) + len("output=,") <= COLUMNS:
        return short
    inner = INDENT * (indent + 1)
    return f"TYPES.codec(\n{inner}{spaces.write(codec.element, indent + 1)}\n{INDENT * indent})"


def _client(port_type: PortType, name: str, constant: str, operations: Sequence[WsdlOperation], spaces: _Spaces) -> str:
    lines = [
        f"class {name}(Proxy):",
        _doc(port_type.text or f"A client of {port_type.name.local}: each method may be awaited."),
    ]
    lines += ["", f"{INDENT}contract_ = {constant}"]
    names = {each.method for each in operations}
    for each in operations:
        taken, result = _messages(each, names, spaces)
        lines += [
            "",
            *_signature(each.method, ["self", taken], f"Operation[{result}]"),
            _doc(each.text or _about(each), 2),
            *_returned("self.start_", [_text(each.name), "parameters" if taken else ""]),
        ]
    for event in port_type.events.values():
        _, result = _messages(event, names, spaces)
        lines += [
            "",
            *_signature(_for(event, names), ["self", "**how: Unpack[Subscribing]"], f"Subscription[{result}]"),
            _doc(event.text or f"{event.name}, as long as it is held.", 2),
            *_returned("self.subscribe_", [_text(event.name), "**how"]),
        ]
    return "\n".join(lines)


def _for(event: WsdlOperation, names: Collection[str], verb: str = "SubscribeTo") -> str:
    """What a method is called that subscribes to it, as Microsoft's generator has it."""
    name = f"{verb}{event.method}"
    return f"{name}_" if name in names else name


def _notify(port_type: PortType, name: str, events: Sequence[WsdlOperation], spaces: _Spaces) -> str:
    about = f"Derive from this to hear the events of {port_type.name.local} through C{name}Proxy."
    lines = [f"class I{name}EventNotify:", _doc(about)]
    names = {each.method for each in events}
    for each in events:
        _, message = _messages(each, names, spaces)
        given = "" if each.output is None else f"parameters: {message}"
        lines += ["", *_signature(each.method, ["self", given], "None"), _doc(each.text or f"{each.name} has come.", 2)]
    return "\n".join(lines)


def _begin_end(
    port_type: PortType, name: str, constant: str, operations: Sequence[WsdlOperation], spaces: _Spaces
) -> str:
    about = f"The same, as generated code for wsdclient.h has it: {port_type.name.local} by Begin and End."
    lines = [f"class C{name}Proxy(GeneratedProxy):", _doc(about), "", f"{INDENT}contract_ = {constant}"]
    for each in operations:
        operation, quoted = each.method, _text(each.name)
        parameters, result = _messages(each, (), spaces)
        given = "parameters" if parameters else "None"
        if each.is_one_way:
            head = _signature(operation, ["self", parameters], "int")
            lines += ["", *head, _doc("(hresult)", 2), *_returned("self.send_", [quoted, given])]
            continue
        begin = ["self", parameters, "AsyncState: object = None", "AsyncCallback: IWSDAsyncCallback | None = None"]
        lines += [
            "",
            *_signature(f"Begin{operation}", begin, "tuple[int, IWSDAsyncResult | None]"),
            _doc("(hresult, AsyncResult)", 2),
            *_returned("self.begin_", [quoted, given, "AsyncState", "AsyncCallback"]),
            "",
            *_signature(
                f"End{operation}", ["self", "AsyncResult: IWSDAsyncResult | None"], f"tuple[int, {_optional(result)}]"
            ),
            _doc("(hresult, message): it does not wait, and fails before the end.", 2),
            *_returned("self.end_", [quoted, "AsyncResult"]),
        ]
    taken = {f"{verb}{each.method}" for each in operations for verb in ("", "Begin", "End")}
    for event in port_type.events.values():
        quoted = _text(event.name)
        lines += [
            "",
            *_signature(_for(event, taken), ["self", f"eventSink: I{name}EventNotify"], "int"),
            _doc("(hresult): the sink hears of it from now on.", 2),
            *_returned("self.follow_", [quoted, "eventSink"]),
            "",
            *_signature(_for(event, taken, "UnsubscribeTo"), ["self"], "int"),
            _doc("(hresult): once it has returned, it does not.", 2),
            *_returned("self.leave_", [quoted]),
        ]
    return "\n".join(lines)


def _service(
    port_type: PortType, name: str, constant: str, operations: Sequence[WsdlOperation], spaces: _Spaces
) -> str:
    about = f"The base of a service of {port_type.name.local}: derive from it, and answer each operation."
    lines = [f"class {name}Service(ContractService):", _doc(about), "", f"{INDENT}contract_ = {constant}"]
    names = {each.method for each in operations}
    for each in operations:
        parameters, result = _messages(each, names, spaces)
        head = _signature(each.method, ["self", parameters, "call: Call"], result, kind="async def")
        lines += ["", *head, _doc(each.text or _about(each), 2), f"{INDENT * 2}raise NotImplementedError"]
    return "\n".join(lines)


def _signature(name: str, arguments: Sequence[str], result: str, *, kind: str = "def") -> list[str]:
    given = [each for each in arguments if each]
    short = f"{INDENT}{kind} {name}({', '.join(given)}) -> {result}:"
    if len(short) <= COLUMNS:
        return [short]
    within = f"{INDENT * 2}{', '.join(given)}"
    if len(within) <= COLUMNS:
        return [f"{INDENT}{kind} {name}(", within, f"{INDENT}) -> {result}:"]
    return [f"{INDENT}{kind} {name}(", *(f"{INDENT * 2}{each}," for each in given), f"{INDENT}) -> {result}:"]


def _returned(function: str, arguments: Sequence[str]) -> list[str]:
    given = [each for each in arguments if each]
    short = f"{INDENT * 2}return {function}({', '.join(given)})"
    if len(short) <= COLUMNS:
        return [short]
    within = f"{INDENT * 3}{', '.join(given)}"
    lines = [within] if len(within) <= COLUMNS else [f"{INDENT * 3}{each}," for each in given]
    return [f"{INDENT * 2}return {function}(", *lines, f"{INDENT * 2})"]


def _messages(operation: WsdlOperation, names: Collection[str], spaces: _Spaces) -> tuple[str, str]:
    """The parameter of a method, and what it returns, in a class that has such names."""
    taken = "" if operation.input is None else f"parameters: {spaces.aliased(operation.input.annotation, names)}"
    return taken, "None" if operation.output is None else spaces.aliased(operation.output.annotation, names)


def _optional(annotation: str) -> str:
    return annotation if annotation == "None" else f"{annotation} | None"


def _about(operation: WsdlOperation) -> str:
    return f"{operation.name}, which nobody answers." if operation.is_one_way else f"{operation.name}."


# Text.


def _doc(text: str, indent: int = 1) -> str:
    lines = textwrap.wrap(_literal(text), COLUMNS - len(INDENT) * indent - 6) or [""]
    start = INDENT * indent
    if len(lines) == 1:
        return f'{start}"""{lines[0]}"""'
    return "\n".join([f'{start}"""{lines[0]}', *(f"{start}{line}" for line in lines[1:]), f'{start}"""'])


def _literal(text: str) -> str:
    """As part of a docstring: what would end it, or mean something in it, is not said."""
    kept = "".join(char if char.isprintable() else " " for char in " ".join(text.split()))
    return kept.replace("\\", "/").replace('"', "'").strip()


def _text(text: str) -> str:
    """A literal, in double quotes where there is nothing to escape for them."""
    written = repr(str(text))
    return f'"{written[1:-1]}"' if written.startswith("'") and '"' not in written else written


def _words(text: str) -> set[str]:
    """The names that a module uses."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return {token.string for token in tokens if token.type == tokenize.NAME}


def _imports(text: str) -> list[str]:
    used = _words(text)
    lines: list[str] = []
    group = ""
    for module, names in _IMPORTS:
        wanted = [name for name in names if name in used]
        if not wanted:
            continue
        ours = "openwmi" if module.startswith("openwmi") else "standard"
        if lines and ours != group:
            lines.append("")
        group = ours
        line = f"from {module} import {', '.join(wanted)}"
        if len(line) > COLUMNS:
            lines += [f"from {module} import (", *(f"{INDENT}{name}," for name in wanted), ")"]
        else:
            lines.append(line)
    return lines
