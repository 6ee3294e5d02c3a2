"""The repository: namespaces, classes and instances, kept in layers that are shipped and one SQLite file of the user's.

It stores, and checks nothing but that what it wrote can be read again: which changes are allowed, who provides the
instances of a class and what a query means is for the engine to say.

    repository     reading on the loop, writing by functions that run on the thread that writes
    reader         one namespace as it is: classes, instances by key and by page, who refers to what
    transaction    the same, to be changed: all or nothing
    writer         the thread that writes, and commits together what came together
    noting         what was written, for those who want to be told
    schema         the classes of a namespace at one moment; loading: where they come from; layers: below the file
    table          the instances of one class: class_record, value_record, keys: as octets; rows: checksums
    opening        the file itself; database: a connection to it; lock: who may write it; logfile: is its log whole
    failure        what SQLite raises, in our words; damage: what was not written so
    place          where the file is, unless somebody says so
    maintenance    what the command line does with the file: check, backup, restore, compact

Transactions are imported from their module: who only reads loads no SQLite.
"""

from openwmi.repository.layers import GivenLayer, Layer, Layers
from openwmi.repository.noting import Interest, Note
from openwmi.repository.place import default_repository
from openwmi.repository.reader import Reader
from openwmi.repository.repository import Repository
from openwmi.repository.schema import Schema
from openwmi.repository.shipped import ShippedLayer

__all__ = [
    "GivenLayer",
    "Interest",
    "Layer",
    "Layers",
    "Note",
    "Reader",
    "Repository",
    "Schema",
    "ShippedLayer",
    "default_repository",
]
