"""Counters of performance, raw and formatted."""

PROVIDERS: dict[str, tuple[str, str]] = {}
"""Class -> (module, provider)."""
