"""Services, drivers and scheduled jobs."""

PROVIDERS: dict[str, tuple[str, str]] = {}
"""Class -> (module, provider)."""
