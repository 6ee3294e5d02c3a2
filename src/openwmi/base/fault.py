"""Errors by whose fault they are.

A decoder raises RemoteProtocolError for whatever bytes it is fed, and LocalProtocolError when our own side asks for
something that the protocol forbids. Anything else that comes out of a decoder or a state machine is a bug.
"""


class ProtocolError(Exception):
    """Base of the two; never raised itself."""


class LocalProtocolError(ProtocolError):
    """We broke a rule: a call out of order, a value that cannot be sent, a blocking call on the loop's thread."""


class RemoteProtocolError(ProtocolError):
    """The peer broke a rule: truncated, oversized, contradictory or out of order."""
