"""The verbs of WMI, once: what a namespace can be asked, and the pythonic Namespace over it.

`Session` is the abstract set of verbs, each of which returns an Operation. The engine implements it in process; a
client will over the wire. Everything above takes either and cannot tell them apart.

`modes` says which call of IWbemServices takes which flags and answers how, `asking` what it may be asked with, and
`methods` which verb it then is: for the faces that have the header's methods, on the wire or off it.
"""

from openwmi.session.namespace import Namespace
from openwmi.session.verbs import MofText, Session

__all__ = ["MofText", "Namespace", "Session"]
