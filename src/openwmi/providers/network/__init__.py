"""Interfaces, their configuration, and routes."""

PROVIDERS: dict[str, tuple[str, str]] = {}
"""Class -> (module, provider)."""
