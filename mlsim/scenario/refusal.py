"""What a check of one value raises; `document.check` adds file, line and path."""


class Refusal(ValueError):
    """A value is not what it must be.

    message: what is expected, and what was found. suggestion: the nearest valid name, or "".
    """

    def __init__(self, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.suggestion = suggestion


def got(value: object) -> str:
    """How a message says what it found.

    >>> got("5 kg"), got({"a": 1}), got(None)
    ("(got '5 kg')", '(got a mapping)', '(got nothing)')
    """
    match value:
        case None:
            return "(got nothing)"
        case dict():
            return "(got a mapping)"
        case list() | tuple():
            return "(got a list)"
        case bool():
            return f"(got {str(value).lower()})"
    text = repr(value)
    return f"(got {text if len(text) <= 60 else text[:56] + '...' + text[-1]})"
