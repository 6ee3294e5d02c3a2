"""Blocking calls and the life of a process: its end, its forks, its signals. Each in an interpreter of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

SECONDS = 60

PUTTING = """
    import openwmi
    from openwmi.repository import repository

    repository.REPOSITORY_REST_SECONDS = 0.01  # so soon another process may write
    ns = openwmi.blocking.connect("root/default")
    ns.load_mof("class Kept { [key] string Name; };")
    kept = ns.get("Kept")
"""


def _run(program: str, tmp_path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "OPENWMI_REPOSITORY": str(tmp_path / "store.db")}
    command = [sys.executable, "-W", "error", *options, "-c", dedent(program)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)


def _said(program: str, tmp_path: Path, *options: str) -> list[str]:
    """Its lines, after it has ended well and complained of nothing."""
    done = _run(program, tmp_path, *options)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout.splitlines()


def test_all_is_there_after_import_openwmi(tmp_path: Path) -> None:
    program = """
    import openwmi
    with openwmi.blocking.connect() as ns:
        print(ns.get("Win32_OperatingSystem=@").Caption)
    """
    (caption,) = _said(program, tmp_path)
    assert caption


# ---------------------------------------------------------------------------------------------------------- its end


def test_a_put_that_nobody_waits_for_is_done_at_the_end(tmp_path: Path) -> None:
    program = """
    for number in range(100):
        ns.begin.put(kept.instance({"Name": str(number)}))
    """
    _said(PUTTING + program, tmp_path)
    program = """
    import openwmi
    print(len(openwmi.blocking.connect("root/default").instances("Kept")))
    """
    assert _said(program, tmp_path) == ["100"]


def test_so_is_one_of_the_headers_face_or_given_to_a_sink(tmp_path: Path) -> None:
    program = """
    from openwmi.wbemcli import IWbemLocator, IWbemObjectSink, OUT, WBEM_FLAG_RETURN_IMMEDIATELY

    class Quiet(openwmi.Sink):
        pass

    class Silent(IWbemObjectSink):
        def Indicate(self, count, objects):
            return 0
        def SetStatus(self, flags, result, text, found):
            return 0

    def made(name):
        _, lamp = services.GetObject("Kept")[1].SpawnInstance(0)
        lamp.Put("Name", 0, name, 0)
        return lamp

    _, services = IWbemLocator().ConnectServer("root/default")
    ns.with_sink(Quiet()).put(kept.instance({"Name": "a"}))
    results = services.PutInstance(made("b"), WBEM_FLAG_RETURN_IMMEDIATELY, None, OUT)
    assert results[0] == 0, results
    assert services.PutInstanceAsync(made("c"), 0, None, Silent()) == 0
    """
    _said(PUTTING + program, tmp_path)
    program = """
    import openwmi
    print(*sorted(each.Name for each in openwmi.blocking.connect("root/default").instances("Kept")))
    """
    assert _said(program, tmp_path) == ["a b c"]


def test_nothing_else_holds_up_the_end(tmp_path: Path) -> None:
    """Neither open connections and streams, nor daemon threads that wait, nor a loop that hangs."""
    program = """
    import asyncio, threading, openwmi
    from openwmi.blocking import runner as module
    from openwmi.operation import Operation

    ns = openwmi.blocking.connect()
    stream = ns.begin.query("SELECT * FROM Win32_Process")
    next(stream)
    own = module.runner()

    async def endless(results):
        results.begin()
        await asyncio.sleep(1_000)

    waiting = threading.Barrier(4)

    def wait(how):
        waiting.wait()
        how()

    held = own.begin(Operation.start, endless, "query")
    for how in (
        lambda: own.complete(Operation.start, endless, "query"),
        lambda: own.run(asyncio.sleep, 1_000),
        lambda: own.wait(held),
    ):
        threading.Thread(target=wait, args=(how,), daemon=True).start()

    def poll():
        while True:
            own.call(int)

    threading.Thread(target=poll, daemon=True).start()
    waiting.wait()
    print("end")
    """
    assert _said(program, tmp_path) == ["end"]


def test_what_only_reads_does_not_hold_up_the_end(tmp_path: Path) -> None:
    """Held, let go, and told to a sink; the provider would take for ever, and nothing is said of it."""
    program = """
    import threading, openwmi
    from openwmi.wbemcli import IWbemLocator, IWbemObjectSink, OUT, WBEM_FLAG_RETURN_IMMEDIATELY

    class Stuck(openwmi.Provider):
        mof = '[Dynamic] class Demo_Stuck { [Key] string Name; };'

        def instances(self, request):
            return iter(())

        def get(self, request, keys):
            asked.release()
            threading.Event().wait()

    asked, path = threading.Semaphore(0), "Demo_Stuck.Name='a'"
    locator = IWbemLocator(providers=[Stuck()])
    services = locator.ConnectServer("root/cimv2")[1]
    held = services.GetObject(path, WBEM_FLAG_RETURN_IMMEDIATELY, None, None, OUT)
    services.GetObject(path, WBEM_FLAG_RETURN_IMMEDIATELY, None, None, OUT)[2].Release()
    services.GetObjectAsync(path, 0, None, IWbemObjectSink())
    threading.Thread(target=services.GetObject, args=(path,), daemon=True).start()
    for _ in range(4):
        asked.acquire()
    print("end")
    """
    assert _said(program, tmp_path) == ["end"]


def test_a_call_that_does_not_end_is_said_and_given_up(tmp_path: Path) -> None:
    program = """
    import asyncio
    from openwmi.blocking import runner as module
    from openwmi.operation import Operation

    async def put(_):
        await asyncio.sleep(1_000)

    call = module.runner().begin(lambda: Operation.start(put, "put secret", single=True))
    module.Runner.close.__defaults__ = (0.1,)
    """
    done = _run(program, tmp_path)
    assert done.returncode == 0
    assert done.stderr.splitlines()[0] == "the process ends, and put has not ended: its outcome is unknown"
    assert "secret" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_loop_that_is_busy_is_left_as_it_is(tmp_path: Path) -> None:
    program = """
    import threading
    from openwmi.blocking import runner as module

    own = module.runner()
    module.Runner.close.__defaults__ = (-0.9,)
    busy = threading.Event()
    own.post(busy.set)
    own.post(threading.Event().wait)
    busy.wait()
    """
    done = _run(program, tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (0, 1)
    assert done.stderr.startswith("the event loop is busy")


def test_exit_handlers_and_threads_of_the_program_may_still_call(tmp_path: Path) -> None:
    program = """
    import atexit, threading, openwmi

    ns = openwmi.blocking.connect("root/default")
    go = threading.Event()

    def late():
        go.wait()
        print("thread", ns.get("__Namespace").name)

    atexit.register(lambda: print("handler", ns.get("__Namespace").name))
    threading.Thread(target=late).start()
    threading._register_atexit(go.set) if hasattr(threading, "_register_atexit") else go.set()
    """
    assert _said(program, tmp_path) == ["thread __NAMESPACE", "handler __NAMESPACE"]


def test_what_is_collected_at_the_very_end_is_no_trouble(tmp_path: Path) -> None:
    program = """
    import openwmi
    ns = openwmi.blocking.connect("root/default")
    calls = [ns.begin.classes() for _ in range(10)]
    circle = [calls, ns]
    circle.append(circle)
    class Late:
        def __del__(self, ns=ns):
            try:
                ns.get("__Namespace")
            except Exception as error:
                print(type(error).__name__)
    late = Late()
    """
    assert _said(program, tmp_path) == ["LocalProtocolError"]


def test_an_interrupt_ends_a_program_as_it_should(tmp_path: Path) -> None:
    program = """
    import asyncio, os, signal
    from openwmi.blocking.runner import runner

    signal.signal(signal.SIGINT, signal.default_int_handler)

    async def wait():
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(1_000)

    try:
        runner().run(wait)
    except KeyboardInterrupt:
        print("interrupted", runner().run(asyncio.sleep, 0, "and well"))
    runner().run(wait)
    """
    done = _run(program, tmp_path)
    assert done.stdout == "interrupted and well\n"
    assert done.stderr.splitlines()[-1] == "KeyboardInterrupt"
    assert "never retrieved" not in done.stderr


# -------------------------------------------------------------------------------------------------------------- forks

FORKING = ("-W", "ignore::DeprecationWarning")  # Python warns of forks where there are threads


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_the_child_of_a_fork_connects_anew_and_what_was_made_before_says_so(tmp_path: Path) -> None:
    program = """
    import gc, os, sys
    from openwmi.base.fault import LocalProtocolError
    ns.put(kept.instance({"Name": "parent"}))
    call = ns.begin.get("Kept")
    stream = ns.begin.query("SELECT * FROM meta_class")
    for attempt in range(5):
        child = os.fork()
        if child == 0:
            for old in (lambda: ns.get("Kept"), stream.next, stream.cancel, lambda: ns.begin.get("Kept")):
                try:
                    print("old", old())
                except LocalProtocolError as error:
                    assert "forked: connect anew" in str(error)
            stream.close()
            del call, stream
            gc.collect()
            own = openwmi.blocking.connect("root/default")
            own.begin.put(own.get("Kept").instance({"Name": f"child {attempt}"}))
            sys.exit()
        _, status = os.waitpid(child, 0)
        assert status == 0, status
        assert ns.get("Kept").name == "Kept"
    print(sorted(each.Name for each in ns.instances("Kept")))
    """
    names = [f"child {number}" for number in range(5)]
    assert _said(PUTTING + program, tmp_path, *FORKING) == [str([*names, "parent"])]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_fork_finds_no_lock_held_however_busy_the_loop_is(tmp_path: Path) -> None:
    """The loop's thread writes log records and imports without end, both under locks; each child does so, too."""
    program = """
    import importlib, logging, os, sys, threading
    from openwmi.blocking.runner import runner

    class Slow(logging.Handler):
        def emit(self, record):
            for _ in range(100):
                pass

    logging.getLogger().addHandler(Slow())
    own = runner()

    def busy():
        sys.modules.pop("this_module_is_slow", None)
        importlib.import_module("this_module_is_slow")
        logging.getLogger().warning("busy")
        own.loop.call_soon(busy)

    own.post(busy)
    for _ in range(30):
        child = os.fork()
        if child == 0:
            sys.modules.pop("this_module_is_slow", None)
            importlib.import_module("this_module_is_slow")
            assert runner() is not own and runner().call(int, "7") == 7
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        own.call(int)
    """
    (tmp_path / "this_module_is_slow.py").write_text("total = sum(range(20_000))\n")
    program = f"import sys; sys.dont_write_bytecode = True; sys.path.insert(0, {str(tmp_path)!r})\n" + dedent(program)
    assert _said(program, tmp_path, *FORKING) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_fork_is_not_held_up_by_a_loop_that_hangs_nor_one_on_its_thread(tmp_path: Path) -> None:
    program = """
    import os, threading
    from openwmi.blocking import runner as module
    from openwmi.operation import Workers

    own = module.runner()

    def fork():
        child = os.fork()
        if child == 0:
            os._exit(Workers.jobs_under_way)
        return os.waitpid(child, 0)[1]

    assert own.call(fork) == 0
    module.FORK_SECONDS = 0.05
    busy, over = threading.Event(), threading.Event()
    own.post(busy.set)
    own.post(over.wait)
    busy.wait()
    assert fork() == 0
    over.set()
    over.clear()

    async def work():
        await Workers("blocked", 1).run(over.wait)

    thread = threading.Thread(target=own.run, args=(work,))
    thread.start()
    while Workers.jobs_under_way == 0:
        own.call(int)
    assert fork() == 0
    over.set()
    thread.join()
    assert own.call(int, "7") == 7
    threads = [threading.Thread(target=fork) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert own.call(int, "7") == 7
    """
    assert _said(program, tmp_path, *FORKING) == []


def test_processes_of_multiprocessing(tmp_path: Path) -> None:
    program = """
    import multiprocessing, openwmi

    def name(_):
        with openwmi.blocking.connect("root/default") as ns:
            return ns.get("__Namespace").name

    if __name__ == "__main__":
        here = name(0)
        with multiprocessing.get_context("fork").Pool(2) as pool:
            print({here, *pool.map(name, range(4))})
    """
    if not hasattr(os, "fork"):
        pytest.skip("there is no fork here")
    assert _said(program, tmp_path, *FORKING) == ["{'__NAMESPACE'}"]
