"""Negotiate: both ends agree on NTLM or Kerberos, and prove to each other that nobody changed the list ([RFC4178] 5).

The list of mechanisms travels before there are keys, so whoever agreed on less than both can do has to be found out:
once there are keys, each end sends a MIC over the list that the client sent (mechListMIC). It may be left out where the
client's first choice was taken; a MIC that is there is checked in any case.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.security.mechanism import AUTH_TYPE_NEGOTIATE, Acceptor, Context, Initiator, Step
from openwmi.security.ntlm_message import SIGNATURE as NTLM_SIGNATURE
from openwmi.security.refusal import LoginRefused
from openwmi.security.spnego import KERBEROS, MS_KERBEROS, NTLM, Answer, Negotiation, Offer

_SAME: Final = {MS_KERBEROS: KERBEROS}


class NegotiateAcceptor:
    """The server's end of one login.

    Args:
        mechanisms: how a login by each mechanism is accepted, by its OID (spnego.NTLM, spnego.KERBEROS).

    Attributes:
        account: who wants to log in, once that is known.
    """

    def __init__(self, mechanisms: Mapping[bytes, Callable[[], Acceptor]]) -> None:
        self._mechanisms = mechanisms
        self._inner: Acceptor | None = None
        self._offer: Offer | None = None
        self._chosen = b""
        self._context: Context | None = None
        self._raw = False
        self._proof_wanted = False

    @property
    def account(self) -> str:
        return "" if self._inner is None else self._inner.account

    def step(self, token: bytes) -> Step:
        """The next token of the client. LoginRefused, RemoteProtocolError: both end the login."""
        if self._raw and self._inner is not None:
            return self._inner.step(token)
        if self._offer is not None:
            return self._go_on(Answer.decode(token))
        if token.startswith(NTLM_SIGNATURE) and NTLM in self._mechanisms:
            # Windows: a plain NTLM login is taken under the name of Negotiate, too.
            self._raw, self._inner = True, self._mechanisms[NTLM]()
            return self._inner.step(token)
        return self._begin(Offer.decode(token))

    def _begin(self, offer: Offer) -> Step:
        self._offer = offer
        known = (name for name in offer.mechanisms if _SAME.get(name, name) in self._mechanisms)
        self._chosen = next(known, b"")
        if not self._chosen:
            raise LoginRefused(None, "the client offers no mechanism that is spoken here")
        self._inner = self._mechanisms[_SAME.get(self._chosen, self._chosen)]()
        if _SAME.get(self._chosen, self._chosen) == _SAME.get(offer.mechanisms[0], offer.mechanisms[0]):
            if not offer.token:
                return Step(Answer(Negotiation.INCOMPLETE, self._chosen).encode())
            return self._advance(offer.token, b"", first=True)
        self._proof_wanted = True
        return Step(Answer(Negotiation.REQUEST_MIC, self._chosen).encode())

    def _go_on(self, answer: Answer) -> Step:
        if answer.state is Negotiation.REJECTED:
            raise LoginRefused(None, "the client has given up on the login")
        return self._advance(answer.token, answer.mic, first=False)

    def _advance(self, token: bytes, mic: bytes, *, first: bool) -> Step:
        assert self._inner is not None, "a mechanism was chosen with the offer"
        out = b""
        if token:
            if self._context is not None:
                raise RemoteProtocolError("a token of a mechanism that has finished")
            step = self._inner.step(token)
            out, self._context = step.token, step.context
        mechanism = self._chosen if first else b""
        if self._context is None:
            return Step(Answer(Negotiation.INCOMPLETE, mechanism, out).encode())
        if mic:
            return Step(Answer(Negotiation.ACCEPTED, mechanism, out, self._prove(mic)).encode(), self._context)
        if self._proof_wanted:
            if not token:
                raise LoginRefused(None, "the client did not prove which mechanisms it offered")
            return Step(Answer(Negotiation.REQUEST_MIC, mechanism, out).encode())
        return Step(Answer(Negotiation.ACCEPTED, mechanism, out).encode(), self._context)

    def _prove(self, mic: bytes) -> bytes:
        assert self._offer is not None, "a proof comes after the offer"
        assert self._context is not None, "and after the keys"
        try:
            self._context.check_mic(self._offer.list, mic)
        except RemoteProtocolError as error:
            raise LoginRefused(None, "the list of mechanisms was changed on its way") from error
        return self._context.make_mic(self._offer.list)


class NegotiateInitiator:
    """The client's end of one login: offers mechanisms, best first.

    Args:
        mechanisms: OID and how a login by it is begun. One that cannot begin, such as Kerberos without a ticket, is
            left out of the offer; the last one's refusal is raised.
        blocks: whether one of them may wait for another machine.
    """

    auth_type: int = AUTH_TYPE_NEGOTIATE

    def __init__(self, mechanisms: Sequence[tuple[bytes, Callable[[], Initiator]]], *, blocks: bool = False) -> None:
        self.blocks = blocks
        self._mechanisms = list(mechanisms)
        self._offer: Offer | None = None
        self._inner: Initiator | None = None
        self._chosen = b""
        self._context: Context | None = None
        self._changed = self._proving = self._proved = self._finished = False

    def step(self, token: bytes = b"") -> Step:
        """RemoteProtocolError where the server's token is not good, LoginRefused where no mechanism is left."""
        if self._finished:
            raise LocalProtocolError("this login is over")
        if self._offer is None:
            return self._begin()
        answer = Answer.decode(token)
        if answer.state is Negotiation.REJECTED:
            raise LoginRefused(None, "the server takes none of the mechanisms that were offered")
        if answer.mechanism and _SAME.get(answer.mechanism, answer.mechanism) != self._chosen:
            return self._change(answer)
        return self._advance(answer)

    def _begin(self) -> Step:
        while self._mechanisms:
            name, make = self._mechanisms[0]
            try:
                self._inner = make()
                token = self._inner.step().token
            except LoginRefused:
                if len(self._mechanisms) == 1:
                    raise
                del self._mechanisms[0]
                continue
            self._chosen = name
            names = [oid for name, _ in self._mechanisms for oid in _names(name)]
            self._offer = Offer(tuple(names), token)
            return Step(self._offer.encode())
        raise LocalProtocolError("no mechanism to offer")

    def _change(self, answer: Answer) -> Step:
        """The server wants another mechanism than the one that the offer had a token for."""
        makers = dict(self._mechanisms[1:])
        wanted = _SAME.get(answer.mechanism, answer.mechanism)
        if self._changed or wanted not in makers or answer.token or self._context is not None:
            raise RemoteProtocolError("the server chose a mechanism that was not offered, or too late")
        self._changed, self._chosen, self._inner = True, wanted, makers[wanted]()
        return Step(Answer(token=self._inner.step().token).encode())

    def _advance(self, answer: Answer) -> Step:
        assert self._offer is not None, "something was offered"
        assert self._inner is not None, "with a mechanism's token"
        out = b""
        if self._context is None:
            if not answer.token:
                raise RemoteProtocolError("the server's answer has no token")
            step = self._inner.step(answer.token)
            out, self._context = step.token, step.context
            if self._context is None:
                return Step(Answer(token=out).encode())
        elif answer.token:
            raise RemoteProtocolError("a token of a mechanism that has finished")
        if answer.mic:
            self._context.check_mic(self._offer.list, answer.mic)
            self._proved = True
        if answer.state is Negotiation.ACCEPTED:
            return self._finish(out)
        if self._proving:
            raise RemoteProtocolError("the server wants to hear more, and all was said")
        self._proving = True
        return Step(Answer(token=out, mic=self._context.make_mic(self._offer.list)).encode())

    def _finish(self, out: bytes) -> Step:
        """The server is satisfied, and so are we if the list is proved or our first choice was taken."""
        if out:
            raise RemoteProtocolError("the server finished before it saw the last token")
        if self._changed and not self._proved:
            raise RemoteProtocolError("the server changed the mechanism and did not prove that it had to")
        self._finished = True
        return Step(b"", self._context)


def _names(mechanism: bytes) -> tuple[bytes, ...]:
    return (MS_KERBEROS, KERBEROS) if mechanism == KERBEROS else (mechanism,)
