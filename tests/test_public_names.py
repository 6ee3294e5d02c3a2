"""`import openwmi`: what it offers, and how little it costs."""

import ast
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import pytest

import openwmi

# What makes a command line slow to start. Each is loaded by the room that needs it, when it is used.
HEAVY = {"asyncio", "click", "cryptography", "dataclasses", "logging", "psutil", "rich", "spnego", "sqlite3"}
TABLE = dict(openwmi._MODULE_OF)


def test_importing_loads_no_heavy_module() -> None:
    """`site` may load modules of its own before, so only what the import adds counts."""
    program = "import sys; before = set(sys.modules); import openwmi; print(*(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    loaded = set(done.stdout.split())
    assert "openwmi" in loaded
    assert loaded & HEAVY == set()
    assert {name for name in loaded if name.startswith("openwmi.")} == set()


@pytest.mark.parametrize("name", TABLE)
def test_each_name_is_there(name: str) -> None:
    assert getattr(openwmi, name) is getattr(import_module(TABLE[name]), name)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'openwmi' has no attribute 'conect'"):
        openwmi.conect  # type: ignore[attr-defined]  # noqa: B018 - the point of the test
    with pytest.raises(ImportError):
        from openwmi import conect  # type: ignore[attr-defined]  # noqa: F401 - the point of the test
    assert not hasattr(openwmi, "conect")


def test_dir_shows_them_all() -> None:
    assert set(openwmi.__all__) <= set(dir(openwmi))


def test_the_table_all_and_the_types_agree() -> None:
    assert {*TABLE, "__version__"} == set(openwmi.__all__)
    assert _typed_names() == TABLE | {"blocking": "openwmi", "wsd": "openwmi"}


def test_the_version_is_that_of_the_package() -> None:
    assert version("openwmi") == openwmi.__version__


def _typed_names() -> dict[str, str]:
    """Name -> module, as the `if TYPE_CHECKING` block imports them."""
    tree = ast.parse(Path(str(openwmi.__file__)).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If) and isinstance(node.test, ast.Name))
    return {
        alias.name: str(node.module) for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
