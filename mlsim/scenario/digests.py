"""What names a content, in 32 hex digits: of a text, of a file."""

from functools import cache
from hashlib import blake2b, file_digest
from pathlib import Path


def digest(content: str | bytes) -> str:
    """Of a text or of bytes.

    >>> digest("a") == digest(b"a"), len(digest("a"))
    (True, 32)
    """
    data = content.encode() if isinstance(content, str) else content
    return blake2b(data, digest_size=16).hexdigest()


def digest_of(file: Path) -> str:
    """Of what a file holds, whatever its size; empty where none can be read."""
    try:
        state = file.stat()
        return _of_file(file, state.st_mtime_ns, state.st_size)
    except OSError:
        return ""


@cache
def _of_file(file: Path, changed: int, size: int) -> str:
    """Of a file as it was `changed`, of so many bytes: variants of a study ask often."""
    with file.open("rb") as content:
        return file_digest(content, lambda: blake2b(digest_size=16)).hexdigest()
