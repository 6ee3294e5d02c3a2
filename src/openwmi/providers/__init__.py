"""The providers that come with openwmi: what this host, Linux or macOS, can say of itself in the classes of Win32.

Their values are honest: what the system does not know, or will not tell this process, is NULL. Nothing registers itself
by being imported: `catalogue` has the list, and an engine loads a provider when somebody first wants its class. The
classes are in `openwmi/schema`. A provider knows keys, names and values, and never hears who asks over which wire.
"""
