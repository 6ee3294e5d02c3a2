"""Win32_Process.Create: a new process on this host, which outlives the call and the server, and leaves no zombie.

Pages create-method-in-class-win32-process and win32-processstartup. No shell ever sees the command line. The process
gets a session of its own, no open file of ours, and nothing to read from or write to.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from errno import ENOENT
from pathlib import Path

from openwmi.model import CimInstance
from openwmi.providers.processes.priority import niceness

# The return codes that the methods of Win32_Process have in common.
SUCCESS = 0
ACCESS_DENIED = 2
UNKNOWN_FAILURE = 8
PATH_NOT_FOUND = 9
INVALID_PARAMETER = 21


def create(inputs: Mapping[str, object]) -> tuple[int, int | None]:
    """Starts `CommandLine` in `CurrentDirectory` -> (return code, process ID or None).

    A program without a slash is looked for in the search path of this process. `ProcessStartupInformation` may give
    EnvironmentVariables, which replace the environment as a whole, and PriorityClass; what it says of windows and
    consoles does not matter here.
    """
    try:
        settings = _settings(inputs.get("ProcessStartupInformation"))
        arguments = shlex.split(str(inputs.get("CommandLine") or ""))
        if not arguments:
            return INVALID_PARAMETER, None
        directory = str(inputs.get("CurrentDirectory") or "") or None
        pid = _start(arguments, directory, _environment(settings))
    except (OSError, ValueError, RuntimeError) as error:
        return _code(error), None
    _set_priority(pid, settings)
    return SUCCESS, pid


def _start(arguments: list[str], directory: str | None, environment: dict[str, str]) -> int:
    """Starts the process from a thread that stays to wait for it -> process ID. OSError, ValueError, RuntimeError.

    A process that has ended stays a zombie until it is waited for. That takes a thread, which costs far less than the
    process itself and holds nothing up, neither other calls nor the end of the server; and it is there before the
    process is, so that no process is left without.
    """
    started: Future[int] = Future()
    reaper = threading.Thread(
        target=_run, args=(started, arguments, directory, environment), name="reaper", daemon=True
    )
    reaper.start()
    return started.result()


def _run(started: Future[int], arguments: list[str], directory: str | None, environment: dict[str, str]) -> None:
    try:
        process = subprocess.Popen(  # noqa: S603 - to start what the caller names is what the method is for
            arguments,
            executable=_program(arguments[0]),
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            close_fds=True,
            start_new_session=True,
        )
    except BaseException as error:  # noqa: BLE001 - whatever it is goes to the caller, who waits for it
        started.set_exception(error)
        return
    started.set_result(process.pid)
    process.wait()


def _program(name: str) -> str | None:
    """Where a program without a slash is, by our search path, even if the new process gets another; else None.

    FileNotFoundError if it is nowhere: Popen's own search fails with "access denied" if one folder must not be read.
    """
    if "/" in name:
        return None
    found = shutil.which(name)
    if found is None:
        raise FileNotFoundError(ENOENT, "not in the search path", name)
    return str(Path(found).absolute())


def _environment(settings: CimInstance | None) -> dict[str, str]:
    """The environment that the caller gives, else ours without what is meant for us alone. ValueError."""
    given = None if settings is None else settings["EnvironmentVariables"]
    if given is None:
        return {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    pairs = [str(item).partition("=") for item in given]
    if not all(name and equals for name, equals, _ in pairs):
        raise ValueError("an environment variable has the form NAME=value")
    return {name: value for name, _, value in pairs}


def _settings(startup: object) -> CimInstance | None:
    """ProcessStartupInformation; ValueError for another object, and for what the process would not do if it ran."""
    if startup is None:
        return None
    if not isinstance(startup, CimInstance) or _STARTUP not in (startup.class_.name, *startup.class_.derivation):
        raise ValueError(f"not a {_STARTUP}")
    flags, priority = startup["CreateFlags"] or 0, startup["PriorityClass"]
    if flags & _UNSUPPORTED_FLAGS or (priority is not None and niceness(priority) is None):
        raise ValueError("flags or a priority class that this system does not have")
    return startup


def _set_priority(pid: int, settings: CimInstance | None) -> None:
    nice = None if settings is None or settings["PriorityClass"] is None else niceness(settings["PriorityClass"])
    if nice is None:
        return
    try:
        os.setpriority(os.PRIO_PROCESS, pid, nice)
    except (PermissionError, ProcessLookupError):
        # Windows too starts a process with less priority where the caller may not have what it asks for; or it has
        # ended already.
        return


def _code(error: Exception) -> int:
    return next((code for kind, code in _CODES if isinstance(error, kind)), UNKNOWN_FAILURE)


# A ValueError is a quote without its other half, a NUL in the text, or a setting that makes no sense. A program or a
# directory that is not there is "Path not found", whichever of the two it is.
_CODES = (
    (ValueError, INVALID_PARAMETER),
    (FileNotFoundError, PATH_NOT_FOUND),
    (NotADirectoryError, PATH_NOT_FOUND),
    (PermissionError, ACCESS_DENIED),
)

_STARTUP = "Win32_ProcessStartup"

# Debug_Process, Debug_Only_This_Process, Create_Suspended: a process that ran freely would be none of these.
_UNSUPPORTED_FLAGS = 1 | 2 | 4

# A password that was handed to this program, and what a service manager told it about itself.
_OURS = ("OPENWMI_", "LISTEN_", "NOTIFY_SOCKET", "WATCHDOG_")
