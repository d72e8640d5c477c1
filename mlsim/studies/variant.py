"""A variant: one way to build, break or watch a system, under the name that tables give it."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace

from mlsim.monitoring.checks.base import Check
from mlsim.monitoring.settings import PREFIX
from mlsim.monitoring.spec import Monitoring
from mlsim.scenario.spec import Scenario
from mlsim.studies.world import SCRAPE_INTERVAL


@dataclass(frozen=True)
class Variant:
    """A scenario and who watches it, None for nobody. name: what tables and figures call it."""

    name: str
    scenario: Scenario
    monitoring: Monitoring | None = None

    @property
    def acts(self) -> bool:
        """Whether its alerts set something off, so that it can't share a run with others."""
        return self.monitoring is not None and bool(self.monitoring.actions)

    def command(self, seed: int) -> str:
        """The command line that makes one replication again and shows what happens in it."""
        document = self.scenario.document
        parts = ["mlsim", "run", str(document.path), "--seed", str(seed)]
        for path, value in document.settings.items():
            if path != "seed":
                parts += ["--set", f"{path}={value}"]
        if self.monitoring is not None:
            for path, other in self.monitoring.settings.items():
                parts += ["--set", f"{PREFIX}{path}={other}"]
            parts += ["--monitoring", str(self.monitoring.path)]
        return shlex.join(parts)


@dataclass(frozen=True)
class SystemRun:
    """Variants that one run of the system serves, since they differ only in how it is watched."""

    variants: tuple[Variant, ...]

    @property
    def scenario(self) -> Scenario:
        """The scenario of all of them."""
        return self.variants[0].scenario

    @property
    def monitoring(self) -> Monitoring | None:
        """What watches the run: the one monitoring, or the checks of all of them and no rules."""
        watching = [v.monitoring for v in self.variants if v.monitoring is not None]
        if len(self.variants) == 1 or not watching:
            return self.variants[0].monitoring
        checks: dict[str, Check] = {}
        for number, monitoring in enumerate(watching):
            for name, check in monitoring.checks.items():
                if check not in checks.values():
                    checks[f"{name}@{number}" if name in checks else name] = check
        return replace(watching[0], checks=checks, rules=(), texts={})


def system_runs(variants: Iterable[Variant]) -> tuple[SystemRun, ...]:
    """The variants by the run of the system that they can share.

    Passive ones share a run if they have the same scenario and the same scrape interval; each that
    acts has its own.
    """
    groups: dict[object, list[Variant]] = {}
    for number, variant in enumerate(variants):
        watching = variant.monitoring
        interval = watching.scrape_interval if watching else SCRAPE_INTERVAL
        key = number if variant.acts else (variant.scenario.hash, interval)
        groups.setdefault(key, []).append(variant)
    return tuple(SystemRun(tuple(group)) for group in groups.values())
