"""The two profiles that devices speak, as data: which versions go together, and how long each waits.

    DPWS_2006   DPWS of February 2006, WS-Discovery of April 2005, WS-Addressing of August 2004: Windows, printers,
                scanners, cameras (ONVIF) and what imitates Windows
    DPWS_2009   DPWS 1.1, WS-Discovery 1.1, WS-Addressing 1.0: medical devices

Nothing else in the project asks which of the two it has before it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from openwmi.soap import namespaces as ns
from openwmi.soap.name import QName


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds, and numbers of copies after the first (SOAP-over-UDP's appendix I; DPWS's appendix on constants).

    Attributes:
        answer_delay: an answer to a Probe waits a random time up to this (APP_MAX_DELAY).
        match_timeout: how long answers to a Probe or a Resolve are waited for (MATCH_TIMEOUT).
        unicast_repeat: copies of what is sent to one.
        multicast_repeat: copies of what is sent to the group.
        min_delay: the first copy follows after a random time from this,
        max_delay: to this;
        upper_delay: it doubles with each further one, up to this.
    """

    answer_delay: float
    match_timeout: float
    unicast_repeat: int
    multicast_repeat: int
    min_delay: float
    max_delay: float
    upper_delay: float


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """One of the two. Namespaces stand under the name of what they are of.

    Attributes:
        anonymous: the address of whoever asked.
        everybody: the address of a message to the group.
        invalid_header: WS-Addressing's subcode for a header that is wrong.
        missing_header: and for one that is missing.
        default_rule: how scopes match where nothing is said.
        rules: the rules for scopes that the text defines, by their URIs, with the names that `wsd` has for them.
        directed_path: where a device takes a Probe over HTTP.
        host_has_id: whether a device has a ServiceId among its services, as Windows' computers have.
    """

    name: str
    addressing: str
    discovery: str
    devprof: str
    anonymous: str
    everybody: str
    addressing_fault: str
    invalid_header: str
    missing_header: str
    default_rule: str
    directed_path: str
    host_has_id: bool
    timing: Timing
    rules: dict[str, str] = field(default_factory=dict)
    transfer: str = ns.TRANSFER
    mex: str = ns.MEX

    def __repr__(self) -> str:
        return f"<{self.name}>"

    def __reduce__(self) -> str:
        return _VARIABLES[self.name]  # there are only these two

    @property
    def device_type(self) -> QName:
        """The type of every device."""
        return QName(self.devprof, "Device")

    def action(self, name: str) -> str:
        """Of discovery: `Hello`, `Probe`, `fault`."""
        return f"{self.discovery}/{name}"


# APP_MAX_DELAY is 500 ms in WS-Discovery, 5,000 in DPWS of 2006 and 2,500 in DPWS 1.1 (the appendix on constants of
# each). Windows: answers within 2,500 (WSDAPI's compliance page), since its firewall lets no answer in
# after four seconds. MATCH_TIMEOUT is 10 s in both DPWS. Copies: DPWS of 2006 says 2, which by SOAP-over-UDP of 2004
# counts the first one, too; DPWS 1.1 says 1 by SOAP-over-UDP 1.1, which does not. UPPER_DELAY is 450 ms in both DPWS,
# and 500 in SOAP-over-UDP alone.
_TIMING: Final = Timing(
    answer_delay=2.5,
    match_timeout=10.0,
    unicast_repeat=1,
    multicast_repeat=1,
    min_delay=0.050,
    max_delay=0.250,
    upper_delay=0.450,
)

DPWS_2006: Final = Profile(
    name="DPWS 2006/02",
    addressing=ns.WSA_2004,
    discovery=ns.WSD_2005,
    devprof=ns.DPWS_2006,
    anonymous=f"{ns.WSA_2004}/role/anonymous",
    everybody="urn:schemas-xmlsoap-org:ws:2005:04:discovery",
    addressing_fault=f"{ns.WSA_2004}/fault",
    invalid_header="InvalidMessageInformationHeader",
    missing_header="MessageInformationHeaderRequired",
    default_rule=f"{ns.WSD_2005}/rfc2396",
    directed_path="/StableWSDiscoveryEndpoint/schemas-xmlsoap-org_ws_2005_04_discovery",
    host_has_id=True,
    timing=_TIMING,
    # The text of 2005 has the first four of them (5.1). `none` is of 1.1, and has two names here: cameras (ONVIF) made
    # one of 2005 of it. Windows: WCF uses that of 1.1 in messages of 2005, too.
    rules={
        **{f"{ns.WSD_2005}/{name}": name for name in ("rfc2396", "uuid", "ldap", "strcmp0", "none")},
        f"{ns.WSD_2009}/none": "none",
    },
)

DPWS_2009: Final = Profile(
    name="DPWS 1.1",
    addressing=ns.WSA_2005,
    discovery=ns.WSD_2009,
    devprof=ns.DPWS_2009,
    anonymous=f"{ns.WSA_2005}/anonymous",
    everybody="urn:docs-oasis-open-org:ws-dd:ns:discovery:2009:01",
    addressing_fault=f"{ns.WSA_2005}/fault",
    invalid_header="InvalidAddressingHeader",
    missing_header="MessageAddressingHeaderRequired",
    default_rule=f"{ns.WSD_2009}/rfc3986",
    # No text names a path for 1.1: it is made like the one that Windows and printers use with 2005.
    directed_path="/StableWSDiscoveryEndpoint/docs-oasis-open-org_ws-dd_ns_discovery_2009_01",
    host_has_id=False,  # the schema of 1.1 (HostServiceType) has none
    timing=_TIMING,
    rules={
        f"{ns.WSD_2009}/rfc3986": "rfc2396",
        **{f"{ns.WSD_2009}/{name}": name for name in ("uuid", "ldap", "strcmp0", "none")},
    },
)

PROFILES: Final = (DPWS_2006, DPWS_2009)

_VARIABLES: Final = {DPWS_2006.name: "DPWS_2006", DPWS_2009.name: "DPWS_2009"}

BY_ADDRESSING: Final = {profile.addressing: profile for profile in PROFILES}
