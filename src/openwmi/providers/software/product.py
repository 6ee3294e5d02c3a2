"""Win32_Product of this host: the packages of dpkg, rpm and apk. Its page is that of the class of the MSI provider.

Windows: to enumerate the class checks, and may repair, everything that is installed. Here only the managers' own
databases are read.
"""

from __future__ import annotations

from collections.abc import Iterator

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine.provider import Request
from openwmi.model import CimDateTime
from openwmi.providers.host import Host
from openwmi.providers.reading import HostProvider, Null, Reads, Table, always
from openwmi.providers.software import apk, dpkg, rpm
from openwmi.providers.software.package import Package


class Product:
    """A package of this host."""

    __slots__ = ("host", "package")

    def __init__(self, host: Host, package: Package) -> None:
        self.host = host
        self.package = package

    @property
    def installed(self) -> CimDateTime | None:
        found = self.package.installed()
        return None if found is None else self.host.local_time(found)


def _day(of: Product) -> str | None:
    """yyyymmdd, as the property was before there was the other one."""
    return None if of.installed is None else str(of.installed)[:8]


_WHEN = "the time of dpkg's list of the files, rpm's INSTALLTIME; NULL for apk, which does not note it"
_MSI = Null("it is of Windows Installer")

TABLE: Table[Product] = {
    "Caption": Reads("as Name", lambda of: of.package.name),
    "Description": Reads("the first line of the description", lambda of: of.package.summary or None),
    "IdentifyingNumber": Reads(
        "dpkg's NAME:ARCHITECTURE, rpm's NAME.ARCHITECTURE, apk's name", lambda of: of.package.identity
    ),
    "Name": Reads("the package's name", lambda of: of.package.name),
    "SKUNumber": Null("packages have none"),
    "Vendor": Reads(
        "dpkg's and apk's maintainer, rpm's vendor; NULL without one", lambda of: of.package.vendor or None
    ),
    "Version": Reads("with epoch and revision, as the manager compares it", lambda of: of.package.version),
    "AssignmentType": always(1),  # for all users of the machine
    "HelpLink": Null("packages say none"),
    "HelpTelephone": Null("packages say none"),
    "InstallDate": Reads(_WHEN, _day),
    "InstallDate2": Reads(_WHEN, lambda of: of.installed),
    "InstallLocation": Null("a package's files are in many folders"),
    "InstallSource": Null("it is not noted"),
    "InstallState": Reads(
        "5, Installed; -6, Bad Configuration, for what dpkg has unpacked only", lambda of: of.package.state
    ),
    "Language": Null("packages are of all languages"),
    "LocalPackage": _MSI,
    "PackageCache": _MSI,
    "PackageCode": _MSI,
    "PackageName": _MSI,
    "ProductID": _MSI,
    "RegCompany": _MSI,
    "RegOwner": _MSI,
    "Transforms": _MSI,
    "URLInfoAbout": Reads("the home page; NULL without one", lambda of: of.package.homepage or None),
    "URLUpdateInfo": Null("packages say none"),
    "WordCount": _MSI,
}


class ProductProvider(HostProvider[Product]):
    """What is installed."""

    cim_class = "Win32_Product"
    table = TABLE

    def samples(self, request: Request) -> Iterator[Product]:  # noqa: ARG002 - as of any provider
        """FAILED where a database is there and cannot be read: that is not the same as nothing."""
        for manager in (dpkg, rpm, apk):
            try:
                for package in manager.packages(self.host):
                    yield Product(self.host, package)
            except (OSError, ValueError) as error:
                raise WbemError(WbemStatus.FAILED, f"Win32_Product: {error}") from error
