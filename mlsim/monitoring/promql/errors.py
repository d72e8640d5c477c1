"""What PromQL refuses."""

from mlsim.errors import MlsimError


class PromqlError(MlsimError):
    """An expression that is wrong, not supported, or has no answer over these series.

    message: what is wrong, in the words of Prometheus where it has some.
    suggestion: the nearest known name, "" if none is near.
    """

    def __init__(self, message: str, suggestion: str = "") -> None:
        self.message = message
        self.suggestion = suggestion
        hint = f" (did you mean '{suggestion}'?)" if suggestion else ""
        super().__init__(message + hint)
