"""ASSOCIATORS OF and REFERENCES OF ([MS-WMI] 3.1.4.3.18; the SDK's pages of these names).

What the documents say, and what is decided where they leave it open:

- The source must exist: NOT_FOUND. It is an instance, or a class to which weak references may lead; a class that
  nothing refers to has no results, which is no error. Providers are asked for references to classes only where the
  association class has HasClassRefs (SDK, "Declaring an Association Class").
- An association refers to the source by one reference and to each endpoint by another one, however many it has. The
  class must declare that the one can refer to the class of the source. An object linked with itself is an endpoint.
- "Each endpoint is returned as many times as there are associations between it and the source object" (SDK); one
  association counts once, even where it leads to an endpoint twice. REFERENCES OF gives each association once.
- An endpoint that is not there is left out; its association is not.
- A qualifier is required to be there, on the class or on the object itself, whatever its value.
- ClassDefsOnly gives each class once. It gives classes of objects that exist, so that an endpoint is still looked for.
- KeysOnly leaves the keys of an instance, and does nothing to a class.
- AssocClass, and ResultClass of REFERENCES OF, must be a class of the namespace: INVALID_CLASS. So must ResultClass of
  ASSOCIATORS OF, unless an association class leads to other namespaces by MSFT_TargetNamespace.
- A Role that no class has finds nothing.

What provides the objects is behind `Objects`; which of them are stored and how is not known here.
"""

from openwmi.engine.associations.objects import Objects
from openwmi.engine.associations.roles import AssociationClasses, Classes
from openwmi.engine.associations.traversal import traverse

__all__ = ["AssociationClasses", "Classes", "Objects", "traverse"]
