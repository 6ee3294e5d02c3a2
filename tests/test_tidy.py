"""Tests about the code itself: its size, its words, its dead parts, and that the tests mirror the tree.

Each failure names the files and lines. What a linter can say is left to the linter; this is what remains.
"""

import ast
import re
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from itertools import accumulate
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "openwmi"
ROOMS = sorted(path.parent for path in PACKAGE.glob("*/__init__.py"))
SOURCES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
PROGRAMS = sorted(path for folder in ("examples", "bench", "tools") for path in (ROOT / folder).rglob("*.py"))

MODULE_LINES = 600
MODULE_LINES_MEDIAN = 200
FUNCTION_LINES = 60

# Loaded by users or by the interpreter, and not by another module.
ENTRY_POINTS = {
    "openwmi",
    "openwmi.__main__",
    "openwmi.blocking",
    "openwmi.testing",
    "openwmi.testing.plugin",
    "openwmi.wbemcli",
    "openwmi.wsdclient",
}

# The documents that may be cited; a new one is added here, so that a slip of the pen is none.
DOCUMENTS = {"DCOM", "DTYP", "ERREF", "KILE", "LCID", "NLMP", "OAUT", "RPCE", "SPNG", "WMI", "WMIO"}

# A bracket in each pattern keeps this file from finding itself.
BANNED_WORDS = {
    "a path of somebody's machine": r"(?<![\w.~-])/(?:[w]ork/|[r]oot/\.|[h]ome/\w+/|tmp/[b]ash_jobs)",
    "the host of a package registry": r"[p]ypi\.org|[p]ythonhosted\.org|[n]pmjs\.|[d]eb\.debian\.|[c]rates\.io",
    "an unfinished thought": r"\b(?:TO[D]O|FIX[M]E|XX[X])\b",
}
BANNED_NAMES = {"common", "core", "helper", "helpers", "misc", "util", "utils"}


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _tracked_files() -> list[Path]:
    """What git keeps or would keep; without git (in an sdist) whatever is not hidden or built."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\0")
        paths = [ROOT / name for name in listed if name]
    except (OSError, subprocess.CalledProcessError):
        kept = ("src", "tests", "examples", "bench", "tools")
        paths = [*ROOT.glob("*.*"), *(path for folder in kept for path in (ROOT / folder).rglob("*"))]
    return [path for path in paths if path.is_file() and "__pycache__" not in path.parts]


def _texts() -> Iterator[tuple[Path, str]]:
    for path in _tracked_files():
        octets = path.read_bytes()
        if b"\0" not in octets:
            yield path, octets.decode("utf-8")


# ---------------------------------------------------------------------------------------------------------- budgets


@pytest.mark.parametrize("path", [*SOURCES, *TESTS, *PROGRAMS], ids=_name)
def test_a_module_is_short(path: Path) -> None:
    assert len(_lines(path)) <= MODULE_LINES


def test_most_modules_are_shorter() -> None:
    assert median(len(_lines(path)) for path in SOURCES) <= MODULE_LINES_MEDIAN


@pytest.mark.parametrize("path", [*SOURCES, *TESTS, *PROGRAMS], ids=_name)
def test_functions_are_short(path: Path) -> None:
    """Without decorators and docstring, since explaining costs nothing."""
    functions = [node for node in ast.walk(_tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert [f"{node.name}, line {node.lineno}" for node in functions if _length(node) > FUNCTION_LINES] == []


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = function.body[0]
    documented = ast.get_docstring(function) is not None
    docstring = (first.end_lineno or 0) - first.lineno + 1 if documented else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


# ------------------------------------------------------------------------------------------------------------ words


@pytest.mark.parametrize("path", [*SOURCES, *TESTS, *PROGRAMS], ids=_name)
def test_a_module_says_what_it_is(path: Path) -> None:
    assert (ast.get_docstring(_tree(path)) or "").strip()


@pytest.mark.parametrize("what", BANNED_WORDS)
def test_banned_words(what: str) -> None:
    pattern = re.compile(BANNED_WORDS[what], re.MULTILINE)
    assert _findings(pattern.finditer) == []


def test_documents_are_cited_alike() -> None:
    """`[MS-WMI]` or `[MS-WMI] 2.2.11`: the document in brackets, then the bare number of the section."""
    assert _findings(_malformed_citations) == []


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("[MS-" + "WMI] 2.2.11", True),
        ("see [MS-" + "WMI].", True),
        ("[MS-" + "WMI] notes to 3.1.4", True),
        ("MS-" + "WMI 2.2.11", False),
        ("[MS-" + "WMI 2.2.11]", False),
        ("[MS-" + "WMI] section 2.2.11", False),
        ("[MS-" + "WMI] §2.2.11", False),
        ("[MS-" + "WMI], 2.2.11", False),
        ("[MS-" + "WMI]2.2.11", False),
        ("[MS-" + "WIM] 2.2.11", False),
    ],
)
def test_the_citations_that_count_as_malformed(text: str, right: bool) -> None:
    assert (list(_malformed_citations(text)) == []) == right


def _malformed_citations(text: str) -> Iterator[re.Match[str]]:
    for match in re.finditer(r"\[?\bMS-(?!DOS\b)([A-Z]{3,})\b(\]?)(.{0,10})", text):
        bracketed = match[0].startswith("[") and match[2] == "]"
        glued = re.match(r"\d|[,:]? ?(?:§|[Ss]ect?\b|[Ss]ection\b)|[,:] ?\d", match[3])
        if not bracketed or glued or match[1] not in DOCUMENTS:
            yield match


def _findings(find: Callable[[str], Iterator[re.Match[str]]]) -> list[str]:
    """`file:line: what was found`, over all tracked text."""
    return [
        f"{_name(path)}:{text.count(chr(10), 0, match.start()) + 1}: {match[0]}"
        for path, text in _texts()
        for match in find(text)
    ]


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_rooms_and_modules_are_named_for_what_they_hold(path: Path) -> None:
    assert BANNED_NAMES & {path.stem.strip("_"), path.parent.name} == set()


# ------------------------------------------------------------------------------------------------------- dead parts


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT / "src").with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _mentions(path: Path) -> set[str]:
    """Modules that a file imports, or names as text for loading them later."""
    found: set[str] = set()
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.update((node.module, *(f"{node.module}.{alias.name}" for alias in node.names)))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("openwmi."):
            found.add(node.value)
    return found


@pytest.mark.no_cover  # other tests show that each line is run
def test_no_module_is_dead() -> None:
    """Each is imported by another one; a package is alive where one of its modules is."""
    mentioned = {name for path in SOURCES for name in _mentions(path) - {_module(path)}} | ENTRY_POINTS
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    mentioned |= {target.partition(":")[0] for target in scripts.values()}
    alive = {start for name in mentioned for start in accumulate(name.split("."), "{}.{}".format)}
    assert [_name(path) for path in SOURCES if _module(path) not in alive] == []


def test_the_contracts_name_each_room_that_exists() -> None:
    """`openwmi.room.**` in a contract would not see what the room's own `__init__` imports."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    waiting = re.findall(r'"openwmi\.(\w+)\.\*\*"', text)
    assert [room for room in waiting if PACKAGE / room in ROOMS] == [], "drop the two stars of these in pyproject.toml"


# ------------------------------------------------------------------------------------------------------------ tests


@pytest.mark.parametrize("room", ROOMS, ids=lambda path: path.name)
def test_each_room_has_its_tests(room: Path) -> None:
    assert list((ROOT / "tests" / room.name).rglob("test_*.py"))


def test_what_make_interop_runs_is_in_its_folder() -> None:
    mark = "@pytest.mark." + "interop"
    assert [_name(path) for path in TESTS if mark in path.read_text(encoding="utf-8")] == []


def test_each_folder_of_tests_belongs_to_a_room() -> None:
    folders = {path.relative_to(ROOT / "tests").parts[0] for path in TESTS if path.parent != ROOT / "tests"}
    assert folders - {room.name for room in ROOMS} - {"interop"} == set()


def test_the_files_of_tests_have_names_of_their_own() -> None:
    names = [path.name for path in TESTS if path.name.startswith("test_")]
    assert sorted({name for name in names if names.count(name) > 1}) == []


@pytest.mark.parametrize("path", TESTS, ids=_name)
def test_no_test_sleeps(path: Path) -> None:
    """An event with a limit is never slower. `asyncio.sleep` stays: under the fake clock it takes no time."""
    calls = [node for node in ast.walk(_tree(path)) if isinstance(node, ast.Call)]
    assert [f"line {call.lineno}" for call in calls if ast.unparse(call.func) == "time.sleep"] == []


@pytest.mark.parametrize("path", [*SOURCES, *TESTS, *PROGRAMS], ids=_name)
def test_no_bare_except(path: Path) -> None:
    """Not even with a linter told to look away."""
    handlers = [node for node in ast.walk(_tree(path)) if isinstance(node, ast.ExceptHandler)]
    assert [f"line {handler.lineno}" for handler in handlers if handler.type is None] == []
