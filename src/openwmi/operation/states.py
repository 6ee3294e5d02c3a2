"""The states of a call, and of the delivery of its objects to a sink, as tables ([MS-WMI] 3.1.1.1.1 to 3.1.1.1.3).

They are what the code does and not how: `results` and `delivery` are written for speed, a test plays each state with
each event against them, and the diagrams of the documentation are drawn from here.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple


class State(Enum):
    """The life of a call."""

    STARTING = "starting"
    RUNNING = "running"
    FINISHED = "finished"


class SinkState(Enum):
    """Where a call stands with its sink: UNTOUCHED until it has started, GONE when it never calls the sink again."""

    UNTOUCHED = "untouched"
    IDLE = "idle"
    CALLING = "calling"
    CANCELLED = "cancelled"
    ENDING = "ending"
    GONE = "gone"


class Step(NamedTuple):
    """What an event makes of a state. An event that has no step for a state changes nothing there, or is refused."""

    before: Enum
    event: str
    after: Enum
    note: str = ""


CALL: Final = (
    Step(State.STARTING, "begin", State.RUNNING),
    Step(State.STARTING, "put", State.RUNNING),
    Step(State.STARTING, "finish", State.FINISHED),
    Step(State.STARTING, "fail", State.FINISHED, "it could not start, and itself returns the error"),
    Step(State.STARTING, "cancel", State.FINISHED, "CALL_CANCELLED"),
    Step(State.STARTING, "deadline", State.FINISHED, "TIMED_OUT"),
    Step(State.RUNNING, "put", State.RUNNING),
    Step(State.RUNNING, "finish", State.FINISHED),
    Step(State.RUNNING, "fail", State.FINISHED, "the error is the call's result"),
    Step(State.RUNNING, "cancel", State.FINISHED, "CALL_CANCELLED"),
    Step(State.RUNNING, "deadline", State.FINISHED, "TIMED_OUT"),
)
"""A call starts once, runs once and ends once. Letting it go is `cancel`, unless it has one result."""

SINK: Final = (
    Step(SinkState.UNTOUCHED, "the call could not start", SinkState.GONE, "the sink is never called"),
    Step(SinkState.UNTOUCHED, "cancel", SinkState.GONE, "the sink is never called"),
    Step(SinkState.UNTOUCHED, "the call runs", SinkState.IDLE),
    Step(SinkState.IDLE, "objects or progress", SinkState.CALLING, "Indicate, or SetStatus(PROGRESS)"),
    Step(SinkState.IDLE, "the call ends", SinkState.ENDING, "SetStatus(COMPLETE)"),
    Step(SinkState.IDLE, "cancel", SinkState.ENDING, "SetStatus(COMPLETE, CALL_CANCELLED)"),
    Step(SinkState.CALLING, "the sink returns", SinkState.IDLE),
    Step(SinkState.CALLING, "the sink fails, or takes 30 s", SinkState.ENDING, "SetStatus(COMPLETE, CALL_CANCELLED)"),
    Step(SinkState.CALLING, "cancel", SinkState.CANCELLED, "returns at once"),
    Step(SinkState.CANCELLED, "the sink returns", SinkState.ENDING, "SetStatus(COMPLETE, CALL_CANCELLED)"),
    Step(SinkState.CANCELLED, "the sink fails, or takes 30 s", SinkState.ENDING, "SetStatus(COMPLETE, CALL_CANCELLED)"),
    Step(SinkState.ENDING, "the sink returns", SinkState.GONE, "the sink is let go"),
    Step(SinkState.ENDING, "the sink fails, or takes 30 s", SinkState.GONE, "the sink is let go"),
)
"""One callback at a time, none after a cancel but the final status, and that exactly once."""
