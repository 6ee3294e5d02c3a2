"""What every test shares: how hypothesis searches, where the shared folder is, and the list of what could not run."""

import gc
import os
import sys
import threading
from collections import Counter
from collections.abc import Generator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parents[1]
_numbers = count()
IN_CI = bool(os.environ.get("CI"))

# No deadline: how long an example takes says more about the machine than about the code.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if IN_CI else "here")


@pytest.fixture(autouse=True)
def _own_repository(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test reads or writes the repository of whoever runs it, or of another test."""
    nowhere = tmp_path_factory.getbasetemp() / f"nobody-{next(_numbers)}" / "repository.db"
    monkeypatch.setenv("OPENWMI_REPOSITORY", str(nowhere))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder beside the project that holds test vectors and schemas; a checkout alone does without."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("../shared is not there")
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever lies in tests/interop is interop."""
    for item in items:
        if _is_interop(item):
            item.add_marker(pytest.mark.interop)


def pytest_collection_finish() -> None:
    """What is there before the first test stays to the end: no test that collects garbage has to go through it."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """In a process of xdist pytest-cov measures twice, and the mark no_cover would pause one of them."""
    if item.get_closest_marker("no_cover") is None:
        return (yield)
    mine, others = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(mine)
        threading.settrace(others)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI everything is installed: there an interop test that cannot run has failed."""
    report = yield
    if _is_missing_in_ci(item, report):
        report.outcome = "failed"
        report.longrepr = f"cannot run in CI: {_reason(report)}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a whole module that skips itself."""
    report = yield
    if _is_missing_in_ci(collector, report):
        report.outcome = "failed"
        report.longrepr = f"cannot run in CI: {_reason(report)}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What did not run here, and why, one line a reason."""
    reasons = Counter(_reason(report) for report in terminalreporter.stats.get("skipped", ()))
    interop = terminalreporter.config.option.markexpr == "not interop"
    if not reasons and not interop:
        return
    terminalreporter.section("could not run here")
    for reason, tests in sorted(reasons.items()):
        terminalreporter.line(f"{tests:5} {'test' if tests == 1 else 'tests'}: {reason}")
    if interop:
        terminalreporter.line("all of tests/interop: `make interop` runs them")


def _is_interop(node: pytest.Item | pytest.Collector) -> bool:
    return ROOT / "tests" / "interop" in node.path.parents


def _is_missing_in_ci(node: pytest.Item | pytest.Collector, report: pytest.TestReport | pytest.CollectReport) -> bool:
    return IN_CI and report.skipped and not hasattr(report, "wasxfail") and _is_interop(node)


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    """The words of a skip; its report holds (path, line, "Skipped: words")."""
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ")
