"""All measurements: `python -m benchmarks.run [--large] [--page]`

Each is made in a process of its own, several times in turn with what it is compared to, and the
best counts: other work on the machine disturbs both alike. Times are CPU seconds unless said.
--large: with ten and a hundred million requests. --page: written into benchmarks/README.md.
"""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.tables import Table, in_page

ROUNDS = 3


def measured(module: str, function: str, *arguments: float) -> tuple[object, float]:
    """What one function gives, and MiB at most; (None, 0) where its simulator isn't installed."""
    command = [sys.executable, "-m", "benchmarks.measure", module, function, *map(str, arguments)]
    run = subprocess.run(command, capture_output=True, text=True)
    if "ModuleNotFoundError" in run.stderr:
        return None, 0.0
    if run.returncode:
        raise SystemExit(run.stderr)
    told = json.loads(run.stdout.splitlines()[-1])
    return told["value"], told["peak_mib"]


def best(*calls: tuple[object, ...]) -> list[float | None]:
    """The best of several rounds of each call (module, function, arguments), in turn."""
    rounds = [[measured(*call)[0] for call in calls] for _ in range(ROUNDS)]
    columns = ([first(value) for value in column] for column in zip(*rounds, strict=True))
    return [None if None in column else min(column) for column in columns]


def first(value: object) -> object:
    return value[0] if isinstance(value, list) else value


def chain() -> Iterator[Table]:
    sizes = {"mlsim": 1_000_000, "plain_simpy": 100_000, "ciw": 30_000, "cimba": 1_000_000}
    took = best(*(("cimba_chain" if n == "cimba" else "chain", n, k) for n, k in sizes.items()))
    each = {n: t and t / size for (n, size), t in zip(sizes.items(), took, strict=True)}
    table = Table("Four stations in series", ["", "requests/s", "times SimPy"])
    for name, seconds in zip(("mlsim", "SimPy", "Ciw", "cimba"), each.values(), strict=True):
        if seconds is None:
            table.add(name, "not installed", "")
        else:
            table.add(name, f"{1 / seconds:,.0f}", f"{each['plain_simpy'] / seconds:.2f}")
    yield table


def retries() -> Iterator[Table]:
    shares, n = (0, 0.1, 2, 50), 500_000
    alone, *took = best(
        ("retries", "without_client", n),
        *(("retries", "with_failures", n, share) for share in shares),
    )
    table = Table("Retries", ["attempts that fail", "us/request", "times none"])
    table.add("no client", f"{alone / n * 1e6:.2f}", f"{alone / took[0]:.2f}")
    for share, seconds in zip(shares, took, strict=True):
        table.add(f"{share} %", f"{seconds / n * 1e6:.2f}", f"{seconds / took[0]:.2f}")
    yield table
    table = Table("A storm of 600 s", ["", "CPU seconds", "attempts a request", "times SimPy"])
    fast, slow = best(("retries", "storm", 600), ("retries", "storm_in_simpy", 600))
    for name, function, seconds in (("mlsim", "storm", fast), ("SimPy", "storm_in_simpy", slow)):
        attempts = measured("retries", function, 600)[0][1]
        table.add(name, f"{seconds:.3f}", f"{attempts:.2f}", f"{slow / seconds:.1f}")
    yield table


def decisions() -> Iterator[Table]:
    numbers, n = (1_000, 10_000, 100_000), 500_000
    took = best(*(("decisions", "cost", n, number) for number in numbers))
    table = Table("Decisions that change nothing", ["decisions", "us each beyond SimPy's own"])
    for number, seconds in zip(numbers, took, strict=True):
        table.add(f"{number:,}", f"{seconds * 1e6:.1f}")
    yield table


def starting() -> Iterator[Table]:
    table = Table("Machine code", ["", "CPU seconds"])
    for name, function in (("compiled", "compiling"), ("from the cache", "from_cache")):
        table.add(name, f"{measured('starting', function)[0]:.1f}")
    yield table


def scale(large: bool) -> Iterator[Table]:
    sizes = [1_000_000, 10_000_000, 100_000_000] if large else [1_000_000]
    table = Table("From the file to the results", ["requests", "wall s", "requests/s", "peak MiB"])
    for size in sizes:
        seconds, peak = measured("scale", "whole_run", size)
        table.add(f"{size:,}", f"{seconds:.1f}", f"{size / seconds:,.0f}", f"{peak:,.0f}")
    yield table
    table = Table("The engine alone", ["requests", "CPU s", "us/request", "peak MiB"])
    for size in sizes:
        seconds, peak = measured("chain", "mlsim", size)
        table.add(f"{size:,}", f"{seconds:.2f}", f"{seconds / size * 1e6:.3f}", f"{peak:,.0f}")
    yield table


def main() -> None:
    large, page = "--large" in sys.argv, "--page" in sys.argv
    tables = []
    for part in (chain(), retries(), decisions(), starting(), scale(large)):
        for table in part:
            print(table.text(), flush=True)
            tables.append(table)
    if page:
        cores = f"{platform.machine()} with {os.cpu_count()} cores"
        machine = f"{cores}, Python {platform.python_version()}"
        in_page(Path(__file__).with_name("README.md"), tables, machine)


if __name__ == "__main__":
    main()
