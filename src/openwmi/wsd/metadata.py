"""Reading what a device says of itself: WS-Transfer's Get, at the first of its addresses that answers."""

from __future__ import annotations

import re
import ssl
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from functools import partial

from openwmi.base.error import Timeout, Unreachable, WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.limits import HTTP_EXCHANGE_SECONDS
from openwmi.base.status import WbemStatus
from openwmi.net import look_up
from openwmi.net.datagram import DatagramNetwork, Endpoint
from openwmi.net.http import parse_url
from openwmi.net.http_client import Connect
from openwmi.net.http_login import Authenticator
from openwmi.net.interfaces import Interface, list_interfaces
from openwmi.operation import Operation, ResultSet
from openwmi.soap import (
    LARGE_METADATA,
    PROFILES,
    EndpointReference,
    Headers,
    Metadata,
    Profile,
    decode_get_response,
    encode_get,
    encode_get_metadata,
    is_no_answer_to_get,
)
from openwmi.wsd.addresses import at, name_in, path_in, usable_xaddrs
from openwmi.wsd.calling import Faulted, call, new_message_id
from openwmi.wsd.device import Device, device_of
from openwmi.wsd.messages import Probe, ProbeMatches, discovery_in, encode_discovery
from openwmi.wsd.search import resolve

LookUp = Callable[[str, float], Awaitable[Sequence[str]]]
"""What finds the addresses of a name, within so many seconds: `openwmi.net.look_up`, or one of a network in memory."""

_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE)


def metadata(
    device: Device,
    *,
    timeout: float = HTTP_EXCHANGE_SECONDS,
    tls: ssl.SSLContext | None = None,
    network: DatagramNetwork | None = None,
    connect: Connect | None = None,
    listing: Callable[[], Collection[Interface]] = list_interfaces,
    lookup: LookUp = look_up,
) -> Operation[Metadata]:
    """What a device that was found says of itself; where it did not say where it listens, that is asked first.

    Args:
        device: of `find`, `resolve` or `watch`.
        timeout: seconds for each of its addresses.
        tls: for https, whom to trust and who to be; None is what the system trusts.
        network, connect, listing, lookup: others than this machine's network, connections, interfaces and names.

    Raises: Unreachable, Timeout: the last of its addresses did not answer; Faulted: it answered with a fault;
    WbemError(FAILED): it answered with what is no metadata, or names no address that may be trusted.
    """

    async def work(results: ResultSet[Metadata]) -> Metadata:
        results.begin()
        found = device
        if not found.xaddrs:
            names = (device.interface,)
            found = await resolve(
                device.address, interfaces=names, timeout=timeout, profiles=(device.profile,), network=network
            )
        interface = next((each for each in listing() if each.name == found.interface), None)
        trusted = [] if interface is None else await _trusted(found, interface, lookup, timeout)
        if not trusted:
            said = ", ".join(found.xaddrs) or "none"
            raise WbemError(
                WbemStatus.FAILED,
                f"{found.address} names no address that is on its own link, where it was heard: {said}",
            )
        return await _first_answer(trusted, found, timeout, tls, connect)

    return Operation.start(work, f"metadata {device.address}", single=True)


def metadata_at(
    url: str,
    *,
    timeout: float = HTTP_EXCHANGE_SECONDS,
    profiles: Sequence[Profile] = PROFILES,
    tls: ssl.SSLContext | None = None,
    connect: Connect | None = None,
    authenticator: Authenticator | None = None,
) -> Operation[Metadata]:
    """The same of a device whose address of HTTP is known, and nothing else; it may be on any network.

    What it is called is asked by a Probe to it alone (WSDAPI's SearchByAddress), unless the URL says it. An
    `authenticator`, such as an Account, logs in where that is asked for.
    """

    async def work(results: ResultSet[Metadata]) -> Metadata:
        parse_url(url)
        results.begin()
        failure: WbemError | None = None
        for profile in profiles:
            try:
                device = await _called(url, profile, timeout, tls, connect, authenticator)
                return await _first_answer(device.xaddrs, device, timeout, tls, connect, authenticator)
            except Unreachable:
                raise
            except WbemError as error:  # it may speak the other profile
                failure = failure or error
        raise failure or WbemError(WbemStatus.INVALID_PARAMETER, "no profile was given")

    return Operation.start(work, f"metadata {url}", single=True)


async def probe_at(
    url: str,
    *,
    profile: Profile,
    timeout: float = HTTP_EXCHANGE_SECONDS,
    tls: ssl.SSLContext | None = None,
    connect: Connect | None = None,
    authenticator: Authenticator | None = None,
) -> list[Device]:
    """The devices behind an address of HTTP: a directed Probe (DPWS R1015). Raises what `metadata` does."""
    message_id = new_message_id()
    headers = Headers(
        profile.action(Probe.name), message_id, profile.everybody, reply_to=EndpointReference(profile.anonymous)
    )
    octets = encode_discovery(profile, headers, Probe((profile.device_type,)))
    message = await call(
        url,
        octets,
        message_id,
        profile=profile,
        timeout=timeout,
        tls=tls,
        connect=connect,
        authenticator=authenticator,
    )
    try:
        answer = discovery_in(message).content
    except RemoteProtocolError as error:
        raise WbemError(WbemStatus.FAILED, f"{url} answered a Probe with something else: {error}") from None
    where = parse_url(url)
    matches = answer.matches if isinstance(answer, ProbeMatches) else ()
    return [device_of(each, message.headers, message.profile, Endpoint(where.host, where.port), "") for each in matches]


async def _called(
    url: str,
    profile: Profile,
    timeout: float,
    tls: ssl.SSLContext | None,
    connect: Connect | None,
    authenticator: Authenticator | None,
) -> Device:
    """What is there, as far as it can be known; it is asked for more at that URL, and at no other."""
    where = parse_url(url)
    named = _UUID.search(where.target)
    if named is None:
        ours = replace(where, target=profile.directed_path if where.target == "/" else where.target)
        scheme = "https" if where.secure else "http"
        host = f"[{where.host}]" if ":" in where.host else where.host
        for device in await probe_at(
            f"{scheme}://{host}:{where.port}{ours.target}",
            profile=profile,
            timeout=timeout,
            tls=tls,
            connect=connect,
            authenticator=authenticator,
        ):
            paths = [path for each in device.xaddrs if (path := path_in(each))]
            at = f"{scheme}://{host}:{where.port}{paths[0] if paths and where.target == '/' else where.target}"
            return replace(device, xaddrs=(at,))
        raise WbemError(WbemStatus.NOT_FOUND, f"there is no device at {url}")
    digits = named[0].replace("-", "").lower()
    address = f"urn:uuid:{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
    return Device(address, (), (), (url,), 0, profile, Endpoint(where.host, where.port), "")


async def _trusted(device: Device, interface: Interface, lookup: LookUp, timeout: float) -> list[str]:
    """Its addresses on its own link. A name counts if all that it stands for are, and is not looked up once more: but
    for https, where the certificate is of that name.
    """
    found = []
    for xaddr in usable_xaddrs(device.xaddrs, interface, device.source.host):
        name = name_in(xaddr)
        if not name:
            found.append(xaddr)
            continue
        numbered = [at(xaddr, number.partition("%")[0]) for number in await lookup(name, timeout)]
        usable = usable_xaddrs(numbered, interface, device.source.host)
        if len(usable) == len(numbered):
            found += usable if xaddr.lower().startswith("http:") else [xaddr] * bool(usable)
    return found


async def _first_answer(
    urls: Collection[str],
    device: Device,
    timeout: float,
    tls: ssl.SSLContext | None,
    connect: Connect | None,
    authenticator: Authenticator | None = None,
) -> Metadata:
    """Of the addresses in turn; a fault is an answer, too."""
    failure: WbemError | None = None
    for url in urls:
        try:
            return await _get(url, device, timeout, tls, connect, authenticator)
        except (Unreachable, Timeout) as error:
            failure = error
    raise failure or WbemError(WbemStatus.FAILED, f"{device.address} does not say where it listens")


async def _get(
    url: str,
    device: Device,
    timeout: float,
    tls: ssl.SSLContext | None,
    connect: Connect | None,
    authenticator: Authenticator | None = None,
) -> Metadata:
    ask = partial(
        call,
        url,
        profile=device.profile,
        timeout=timeout,
        limits=LARGE_METADATA,
        tls=tls,
        connect=connect,
        authenticator=authenticator,
    )
    name = new_message_id()
    try:
        message = await ask(encode_get(device.profile, device.address, name), name)
    except Faulted as error:
        if not is_no_answer_to_get(error.fault):
            raise
        name = new_message_id()
        try:
            message = await ask(encode_get_metadata(device.profile, device.address, name), name)
        except Faulted:
            raise error from None
    try:
        return decode_get_response(message)
    except RemoteProtocolError as error:
        raise WbemError(WbemStatus.FAILED, f"{url} answered with what is no metadata: {error}") from None
