"""`mlsim kinds`."""


def kinds() -> None:
    """Stub."""
