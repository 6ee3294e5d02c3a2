"""Who a device is, and how often it has started: both are kept, since whoever met it before counts on them.

DPWS (R0005, R0006) wants an address that stays the same when a device starts again, and WS-Discovery a number that
grows each time that it does (AppSequence's InstanceId). Windows leaves both to the application.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus

if sys.platform != "win32":
    import fcntl

log = logging.getLogger("openwmi.wsd")

LARGEST_INSTANCE = (1 << 32) - 1
MACHINE_IDS = ("/etc/machine-id", "/var/lib/dbus/machine-id")


@dataclass(frozen=True, slots=True)
class Identity:
    """Of one run of a device: `address` is `urn:uuid:…`, and `instance` is larger than in any run before."""

    address: str
    instance: int


def state_folder() -> Path:
    """systemd's $STATE_DIRECTORY for a service, else the platform's folder for state."""
    state = os.environ.get("STATE_DIRECTORY", "").split(":")[0]  # several are separated by colons
    if state:
        return Path(state)
    from platformdirs import user_state_path  # noqa: PLC0415 - a service need not pay for it

    return user_state_path("openwmi")


@contextlib.contextmanager
def held_identity(role: str, folder: Path | None = None) -> Iterator[Identity]:
    """What `start_identity` returns, and nobody else has it meanwhile who keeps his in the same folder.

    WbemError(ALREADY_EXISTS) where somebody has it already. It is given back with the process, however that ends.
    """
    where = state_folder() if folder is None else folder
    with _held(role, where / f"wsd-{role}.lock"):
        yield start_identity(role, where)


def start_identity(role: str, folder: Path | None = None) -> Identity:
    """The identity of the device that has this role on this machine, such as `computer`; made at its first start.

    Where nothing can be written it comes of the machine's own number, and is the same each time, too.
    """
    path = (state_folder() if folder is None else folder) / f"wsd-{role}.json"
    known, last = _read(path)
    identity = Identity((known or uuid.uuid4()).urn, min(max(last + 1, int(time.time())), LARGEST_INSTANCE))
    try:
        _write(path, identity)
    except OSError as error:
        log.warning("who this device is cannot be kept in %s: %s", path, error)
        return identity if known else Identity(_of_machine(role).urn, identity.instance)
    return identity


def _read(path: Path) -> tuple[uuid.UUID | None, int]:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        instance = kept["instance"]
        return uuid.UUID(kept["uuid"]), instance if isinstance(instance, int) else 0
    except FileNotFoundError:
        return None, 0
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        log.warning("%s cannot be read, and is written anew: %s", path, error)
        return None, 0


def _write(path: Path, identity: Identity) -> None:
    """All of it or nothing, whatever happens."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made = path.with_name(f"{path.name}.new")
    try:
        with made.open("w", encoding="utf-8") as file:
            json.dump({"uuid": str(uuid.UUID(identity.address)), "instance": identity.instance}, file)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        made.replace(path)
    finally:
        made.unlink(missing_ok=True)


@contextlib.contextmanager
def _held(role: str, path: Path) -> Iterator[None]:
    """A lock on a file; where there can be none, nothing."""
    if sys.platform == "win32":
        yield
        return
    with contextlib.ExitStack() as stack:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            stack.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WbemError(
                WbemStatus.ALREADY_EXISTS,
                f"another process is the {role} of this machine (it holds {path}): stop that, or set STATE_DIRECTORY "
                "to a folder for another identity",
            ) from None
        except OSError as error:
            log.debug("%s cannot be locked: %s", path, error)
        yield


def _of_machine(role: str) -> uuid.UUID:
    """Of the machine's own number, without telling it, though copies of a machine may share that; else by chance."""
    for path in MACHINE_IDS:
        with contextlib.suppress(OSError, ValueError):
            return uuid.uuid5(uuid.UUID(Path(path).read_text(encoding="ascii").strip()), f"openwmi/wsd/{role}")
    return uuid.uuid4()
