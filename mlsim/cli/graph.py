"""`mlsim graph`."""


def graph() -> None:
    """Stub."""
