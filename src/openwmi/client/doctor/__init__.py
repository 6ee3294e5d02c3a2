"""Why another machine does not let us in, or is slow: the steps of a call, one at a time, and what each of them finds.

    visit = Visit(Address("srv1", 135), credentials, r"root\\cimv2")
    findings = await examine(visit)

Read in this order:

    check        one check: what it needs, what it finds, and what it may tell strangers
    denied       what to do where access is denied, by the layer that denies it
    visit        the machine that is looked at, and what the checks before have opened there
    checks/      a file for each of them
    table        all of them, in their order: a new one is a file in checks/ and a line there
    examination  carries them out, each within its time
    report       what they found, without a name or a value, for whoever wants to post it

Nothing is written over there, and no more is asked than the check needs: after a login that was refused there is no
other one, since servers lock accounts.
"""

from openwmi.client.doctor.check import Finding, Status
from openwmi.client.doctor.examination import examine, shut_out
from openwmi.client.doctor.report import report_of
from openwmi.client.doctor.visit import Visit

__all__ = ["Finding", "Status", "Visit", "examine", "report_of", "shut_out"]
