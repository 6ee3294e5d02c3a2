"""Writes src/openwmi/blocking/namespace.py from the async API: `python -m tools.blocking`.

Signatures and docstrings are those of openwmi.session.Namespace and openwmi.connect, word for word. What cannot be read
there is whether a verb has one result or many: a new verb has to be added to a table here.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent

PACKAGE = Path(__file__).parents[1] / "src" / "openwmi"
NAMESPACE = PACKAGE / "session" / "namespace.py"
CONNECTION = PACKAGE / "locator" / "connection.py"
GENERATED = PACKAGE / "blocking" / "namespace.py"

ONE = ("call", "delete", "emit", "get", "load_mof", "check_mof", "put")
MANY = ("associators", "classes", "instances", "query", "references")
ENDLESS = ("events",)
OTHERS = ("namespace",)
VIEWS = ("options", "with_sink")
CALLS = ("cancel_calls", "close")

NOTES = {
    "query": "It waits for all of them; iterate over `begin.query(…)` to have each as it comes, and none kept.",
    "events": "Iterate over it, or ask it for `next(count, timeout)`.",
}
"""What is added to a docstring, below its first line."""

SAID_OTHERWISE = {
    "after `await op.started()`": "after it has been returned",
    "`op.progress`": "Its `progress`",
    "Raises, when it is entered or awaited:": "Raises:",
}
"""What the async docstrings say of asyncio."""

WIDTH = 120

HEAD = '''"""The verbs of a namespace without asyncio. Change the async API, and run `python -m tools.blocking`."""

from __future__ import annotations

IMPORTS


class Namespace(Face):
    """A namespace to ask. Each verb waits: it returns the result, or the list of all, or raises.

    `begin` has the same verbs, which return an Operation that runs already. Options never mix with parameters:
    `options` and `with_sink` return views of the same namespace. Any thread may use it; close it, or leave `with`, when
    done.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<blocking namespace {self.name}>"

    @property
    def begin(self) -> Begin:
        """The same verbs without waiting: each begins a call and returns it."""
        return Begin(self._asked, self._runner)
'''

WITH = """
    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
"""

BEGIN = '''

class Begin(Face):
    """The verbs of a namespace, each of which begins a call and returns the Operation, which runs already.

    `ns.begin` is one; so is `ns.with_sink(sink)`, whose calls push their objects and status to the sink.
    """

    __slots__ = ("_pushes",)

    def __init__(self, asked: AskedNamespace, runner: Runner, *, pushes: bool = False) -> None:
        super().__init__(asked, runner)
        self._pushes = pushes

    def __repr__(self) -> str:
        return f"<calls of {self.name}>"
'''


class Verb:
    """A public function of the async API, as it is written there."""

    def __init__(self, node: ast.FunctionDef | ast.AsyncFunctionDef, source: list[bytes]) -> None:
        self.name = node.name
        self._node = node
        self._source = source
        self.returns = self._text(node.returns)

    @property
    def docstring(self) -> str:
        """With its quotes, indented as a method's but for its first line."""
        first = self._node.body[0]
        assert isinstance(first, ast.Expr)
        text = self._text(first.value)
        for said, instead in SAID_OTHERWISE.items():
            text = text.replace(said, instead)
        return text

    @property
    def summary(self) -> str:
        """The first line of the docstring."""
        return self.docstring.strip('"').split("\n", 1)[0]

    def signature(self, returns: str, level: int = 1) -> str:
        """`def …:`, in one line if it fits."""
        parameters = ["self"] * level + [text for text, _ in self._parameters()]
        start, end = f"{'    ' * level}def {self.name}(", f") -> {returns}:"
        line = f"{start}{', '.join(parameters)}{end}"
        if len(line) <= WIDTH:
            return line
        pad = "    " * (level + 1)
        return start + "\n" + "".join(f"{pad}{each},\n" for each in parameters) + "    " * level + end

    def arguments(self) -> str:
        """What is handed on, with a comma before each."""
        return "".join(f", {text}" for _, text in self._parameters() if text)

    def _parameters(self) -> Iterator[tuple[str, str]]:
        """Each as it is declared, and as it is handed on; the marks `/` and `*` among them."""
        given = self._node.args
        plain = [*given.posonlyargs, *given.args]
        defaults = [None] * (len(plain) - len(given.defaults)) + list(given.defaults)
        for position, (each, default) in enumerate(zip(plain, defaults, strict=True)):
            if each.arg != "self":
                yield self._declared(each, default), self._handed_on(each)
            if given.posonlyargs and position == len(given.posonlyargs) - 1:
                yield "/", ""
        if given.kwonlyargs:
            yield "*", ""
        for each, default in zip(given.kwonlyargs, given.kw_defaults, strict=True):
            yield self._declared(each, default), f"{each.arg}={self._handed_on(each)}"
        if given.kwarg is not None:
            yield f"**{self._declared(given.kwarg, None)}", f"**{given.kwarg.arg}"

    def _declared(self, argument: ast.arg, default: ast.expr | None) -> str:
        text = f"{argument.arg}: {self._text(argument.annotation)}"
        return text if default is None else f"{text} = {self._text(default)}"

    def _handed_on(self, argument: ast.arg) -> str:
        return f"walked({argument.arg})" if "Iterable[" in self._text(argument.annotation) else argument.arg

    def names(self) -> set[str]:
        """All that its signature mentions."""
        given = self._node.args
        parts = [node.annotation for node in ast.walk(given) if isinstance(node, ast.arg)]
        parts += [self._node.returns, *given.defaults, *given.kw_defaults]
        return {node.id for part in parts if part is not None for node in ast.walk(part) if isinstance(node, ast.Name)}

    def _text(self, node: ast.expr | None) -> str:
        """As it is written. (`ast.get_source_segment` takes the whole source apart each time.)"""
        assert node is not None
        assert node.end_lineno is not None
        lines = self._source[node.lineno - 1 : node.end_lineno]
        lines[-1] = lines[-1][: node.end_col_offset]
        lines[0] = lines[0][node.col_offset :]
        return b"".join(lines).decode("utf-8")


def generated() -> str:
    """The text of the module.

    Raises:
        ValueError: a method of Namespace is in no table above.
    """
    tree, source = _read(NAMESPACE)
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Namespace")
    verbs = [
        Verb(node, source)
        for node in body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and not node.name.startswith("_")
        and not any(isinstance(mark, ast.Name) and mark.id == "property" for mark in node.decorator_list)
    ]
    known = {*ONE, *MANY, *ENDLESS, *OTHERS, *VIEWS, *CALLS}
    if unknown := [verb.name for verb in verbs if verb.name not in known]:
        raise ValueError(f"say in tools/blocking.py whether these have one result or many: {', '.join(unknown)}")
    connecting, text = _read(CONNECTION)
    functions = (node for node in connecting.body if isinstance(node, ast.FunctionDef))
    connect = next(Verb(node, text) for node in functions if node.name == "connect")
    waiting = "".join(f"\n{_waiting(verb)}" for verb in verbs)
    begun = "".join(f"\n{_begun(verb)}" for verb in verbs if verb.name not in CALLS)
    whole = HEAD + waiting + WITH + BEGIN + begun + "\n\n" + _connect(connect)
    return whole.replace("IMPORTS", _imports([*verbs, connect], [tree, connecting]), 1)


def main() -> None:
    """Writes the file."""
    text = generated()
    GENERATED.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{GENERATED.name}: {text.count(chr(10))} lines\n")


def _read(path: Path) -> tuple[ast.Module, list[bytes]]:
    """A module, and its lines as the tree counts them, in octets."""
    source = path.read_bytes()
    return ast.parse(source), source.splitlines(keepends=True)


def _waiting(verb: Verb) -> str:
    """A method of the class that waits."""
    inner = verb.returns.removeprefix("Operation[").removesuffix("]")
    asked = f"self._asked.{verb.name}"
    if verb.name == "close":
        return _method(verb, "None", f"self._runner.run({asked})")
    if verb.name in CALLS:
        return _method(verb, verb.returns, f"self._runner.call({asked}{verb.arguments()})")
    if verb.name in VIEWS:
        view = (
            "Begin(asked, self._runner, pushes=True)" if verb.name == "with_sink" else "Namespace(asked, self._runner)"
        )
        return _method(verb, view.partition("(")[0], f"asked = {_call(asked, verb)}\nreturn {view}")
    if verb.name == "namespace":
        return _method(verb, "Namespace", f"return self._one(self._opening(Namespace){verb.arguments()})")
    if verb.name in ENDLESS:
        return _method(verb, verb.returns, f"return {_call('self._start', verb, asked)}")
    if verb.name in MANY:
        return _method(verb, f"list[{inner}]", f"return {_call('self._all', verb, asked)}")
    done = "" if inner == "None" else "return "
    return _method(verb, inner, f"{done}{_call('self._one', verb, asked)}")


def _begun(verb: Verb) -> str:
    """A method of the class that does not."""
    asked = f"self._asked.{verb.name}"
    brief = f'"""{verb.summary} See `Namespace.{verb.name}`."""'
    if len(brief) + 8 > WIDTH:
        brief = f'"""{verb.summary}\n\n        See `Namespace.{verb.name}`.\n        """'
    if verb.name in VIEWS:
        pushes = "True" if verb.name == "with_sink" else "self._pushes"
        lines = f"asked = {_call(asked, verb)}\nreturn Begin(asked, self._runner, pushes={pushes})"
        return _method(verb, "Begin", lines, brief)
    if verb.name == "namespace":
        lines = f"without_sink(self._pushes)\nreturn self._begin(self._opening(Namespace){verb.arguments()})"
        return _method(verb, verb.returns, lines, brief)
    return _method(verb, verb.returns, f"return {_call('self._begin', verb, asked)}", brief)


def _connect(verb: Verb) -> str:
    arguments = "".join(f"    {each},\n" for each in verb.arguments()[2:].split(", "))
    lines = f"own = runner()\nconnection = asked_connect(\n{arguments})\n"
    lines += "return Namespace(own.run(entered, connection), own)\n"
    body = indent(lines, "    ")
    return f"{verb.signature('Namespace', 0)}\n    {verb.docstring}\n{body}"


def _method(verb: Verb, returns: str, code: str, docstring: str = "") -> str:
    if not docstring:
        docstring = verb.docstring
        if verb.name in NOTES:
            summary, _, rest = docstring.partition("\n")
            closed = not rest
            summary = summary.removesuffix('"""') if closed else summary
            rest = '        """' if closed else rest.lstrip("\n")
            docstring = f"{summary}\n\n        {NOTES[verb.name]}\n{'' if closed else chr(10)}{rest}"
    return f"{verb.signature(returns)}\n        {docstring}\n{indent(code, ' ' * 8)}\n"


def _call(function: str, verb: Verb, first: str = "") -> str:
    """A call with the arguments of the verb, laid out as the formatter does it."""
    arguments = [*([first] if first else []), *filter(None, verb.arguments().split(", "))]
    line = f"{function}({', '.join(arguments)})"
    if len(line) + len("        return ") <= WIDTH:
        return line
    return f"{function}(\n" + "".join(f"    {each},\n" for each in arguments) + ")"


def _imports(verbs: list[Verb], trees: list[ast.Module]) -> str:
    wanted = set().union(*(verb.names() for verb in verbs)) - {"Operation", "Namespace", "Connection"}
    found: dict[str, set[str]] = {
        "openwmi.blocking.face": {"Face", "entered", "walked", "without_sink"},
        "openwmi.blocking.operation": {"Operation"},
        "openwmi.blocking.runner": {"Runner", "runner"},
        "openwmi.locator": {"connect as asked_connect"},
        "openwmi.session": {"Namespace as AskedNamespace"},
        "typing": {"Self"},
    }
    for tree in trees:
        for node in tree.body:
            if isinstance(node, ast.ImportFrom) and node.module and node.module != "__future__":
                found.setdefault(node.module, set()).update({each.name for each in node.names} & wanted)
    blocks: dict[bool, list[str]] = {False: [], True: []}
    for module in sorted(found):
        if found[module]:
            names = ", ".join(sorted(found[module], key=lambda name: (not name.isupper(), name[0].islower(), name)))
            blocks[module.startswith("openwmi")].append(f"from {module} import {names}")
    return "\n\n".join("\n".join(blocks[ours]) for ours in (False, True))


if __name__ == "__main__":
    main()
