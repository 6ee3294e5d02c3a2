"""Opening a namespace of another machine: resolve, connect, activate, log in, all by one deadline."""

from __future__ import annotations

from openwmi import net
from openwmi.client.credentials import Credentials
from openwmi.client.failures import in_words
from openwmi.client.link import Link
from openwmi.client.pushed import Mode
from openwmi.client.session import RemoteSession
from openwmi.client.sinkhost import SinkHosts
from openwmi.dcom import Means
from openwmi.dcom.channel import CONNECT_SECONDS, Connect
from openwmi.net import Address
from openwmi.rpc import AuthLevel


async def open_session(
    namespace: str,
    *,
    where: Address,
    credentials: Credentials | None = None,
    timeout: float | None = None,
    locale: str = "",
    level: AuthLevel = AuthLevel.PRIVACY,
    callbacks: Mode = "auto",
    connect: Connect = net.connect,
    sinks: SinkHosts | None = None,
) -> RemoteSession:
    """A connection to a namespace of another machine.

    Args:
        namespace: such as `root\\cimv2`.
        where: the machine, and the port of its resolver, which is 135.
        credentials: who logs in; None: whoever the Kerberos cache is of.
        timeout: seconds for all of it, and as many where it has to be done again; None: limits.OPEN_SECONDS.
        locale: the preferred languages, such as `ms_409,en-US`.
        level: how calls are protected.
        callbacks: whether asynchronous calls have the server call us back.
        connect: how connections are opened; tests give another way than TCP.
        sinks: where the server calls our sinks; None: where all of this process are called.

    Raises:
        WbemError: Unreachable; AccessDenied, which says what refused; NotFound for a namespace that is not there;
            Timeout.
    """
    who = credentials or Credentials()
    each = CONNECT_SECONDS if timeout is None else min(CONNECT_SECONDS, timeout)
    means = Means(who.login(where.host), level, each, connect)
    link = Link(where, means, who.user or "", sinks, timeout)
    session = RemoteSession(link, namespace, locale, callbacks)
    try:
        with in_words(where):
            await link.reach(namespace, locale)
    except BaseException:
        await session.close()
        raise
    return session
