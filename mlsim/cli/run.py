"""`mlsim run`."""


def run() -> None:
    """Stub."""
