"""The house keeps its own rules: floors, pins, docstrings, a quick command line, a clean repo."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import requires
from pathlib import Path

import pytest
from importlinter.cli import lint_imports
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
HEAVY = {"matplotlib", "networkx", "numba", "numpy", "pandas", "pyarrow", "scipy", "sklearn"}
# Written so that this file does not hold what it looks for.
FOREIGN = re.compile(
    "|".join(
        [
            r"pypi[.]org",
            r"python" r"hosted[.]org",
            r"(extra-)?index" r"-url",
            r"(?<![\w.])/(work|root|home|Users)/\w",
            r"(?<![\w.])/opt/\w",
        ]
    )
)


def tracked_files() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    files = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return [file for file in files if file.is_file()]


def test_no_tracked_file_names_a_registry_or_a_place_on_somebodys_machine():
    found = [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for file in tracked_files()
        for number, line in enumerate(file.read_bytes().decode(errors="replace").splitlines(), 1)
        if FOREIGN.search(line)
    ]
    assert found == []


def test_every_module_says_what_it_is_for():
    modules = sorted((ROOT / "mlsim").rglob("*.py"))
    silent = [str(m.relative_to(ROOT)) for m in modules if not ast.get_docstring(parsed(m))]
    assert silent == []


def parsed(module: Path) -> ast.Module:
    return ast.parse(module.read_text(encoding="utf-8"))


def test_imports_run_one_way():
    """The layers contract of pyproject.toml holds."""
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml")) == 0


def test_help_loads_nothing_heavy():
    """`mlsim --help` answers at once because the commands import what they need when they run."""
    program = (
        "import sys\n"
        "from mlsim.cli import main\n"
        "try:\n    main()\n"
        "finally:\n    print(*(name for name in sys.modules if '.' not in name), file=sys.stderr)\n"
    )
    help_ = subprocess.run(
        [sys.executable, "-c", program, "--help"], cwd=ROOT, capture_output=True, text=True
    )
    assert help_.returncode == 0, help_.stderr
    for command in ("run", "judge", "report", "validate", "graph", "schema", "kinds", "init"):
        assert re.search(rf"\b{command}\b", help_.stdout)
    assert HEAVY & set(help_.stderr.split()) == set()


def test_constraints_pin_every_dependency():
    """A set-up next year installs what was tested: all of it, with what it needs in its turn."""
    pins = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().split())
    pinned = {canonicalize_name(name) for name in pins}
    assert needed() - pinned == set()


def test_constraints_pin_what_benchmarks_are_held_against():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pins = (ROOT / "constraints.txt").read_text()
    assert all(f"{name}==" in pins for name in project["optional-dependencies"]["bench"])


def needed() -> set[str]:
    """Canonical names of all that `pip install .[dev,notebook]` brings on this machine."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    brought = [*project["dependencies"], *extras["dev"], *extras["notebook"]]
    todo = [Requirement(text) for text in brought]
    seen: set[tuple[str, frozenset[str]]] = set()
    while todo:
        requirement = todo.pop()
        key = (canonicalize_name(requirement.name), frozenset(requirement.extras))
        if key not in seen:
            seen.add(key)
            todo += wanted(requirement)
    return {name for name, _ in seen}


def wanted(parent: Requirement) -> list[Requirement]:
    children = map(Requirement, requires(parent.name) or [])
    return [child for child in children if applies(child, parent.extras)]


def applies(child: Requirement, extras: set[str]) -> bool:
    return child.marker is None or any(
        child.marker.evaluate({"extra": extra}) for extra in {"", *extras}
    )
