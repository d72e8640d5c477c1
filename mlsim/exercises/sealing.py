"""Texts packed into one file that tells nothing at a glance.

This keeps an exercise's faults from being read by accident. It is no secret: whoever wants to can
unpack it, so what must not be known (hidden faults, seeds) is never given away at all.
"""

import base64
import binascii
import json
import textwrap
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from mlsim.errors import MlsimError

HEAD = "mlsim exercise, sealed. Looking inside spoils it; `mlsim exercise check` reads it.\n"
MAX_BYTES = 4 << 20
"""What one sealed file may unpack to."""


class NotSealed(MlsimError):
    """A file isn't what `seal` has made."""


def seal(texts: Mapping[str, str]) -> str:
    """Pack texts by their names, which are paths inside a folder.

    >>> unseal(seal({"exercise.yaml": "title: Fahrenheit"}), "practice.sealed")
    {'exercise.yaml': 'title: Fahrenheit'}
    """
    packed = zlib.compress(json.dumps(dict(texts), sort_keys=True).encode(), 9)
    return HEAD + "\n".join(textwrap.wrap(base64.b64encode(packed).decode(), 76)) + "\n"


def unseal(text: str, name: str) -> dict[str, str]:
    """The texts of a sealed file called `name`; raises NotSealed."""
    try:
        packed = base64.b64decode(text.removeprefix(HEAD), validate=False)
        unpacker = zlib.decompressobj()
        content = unpacker.decompress(packed, MAX_BYTES)
        if unpacker.unconsumed_tail:
            raise NotSealed(f"{name}: holds more than {MAX_BYTES >> 20} MiB")
        texts = json.loads(content)
    except (binascii.Error, zlib.error, ValueError):
        raise NotSealed(f"{name}: is not a sealed file of an exercise, or is damaged") from None
    if not (isinstance(texts, dict) and all(map(_is_inside, texts))):
        raise NotSealed(f"{name}: names files outside of its folder")
    return {key: str(value) for key, value in texts.items()}


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\\" not in name


def texts_below(folder: Path) -> dict[str, str]:
    """All texts below a folder, by their paths in it."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in files}


def write_below(folder: Path, texts: Mapping[str, str]) -> None:
    """Write texts by their paths below a folder."""
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
