"""scraper: a monitoring server that asks every component for its metrics, and may get no answer."""

from collections.abc import Iterable
from typing import ClassVar, Literal

from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Bound
from mlsim.system.base import Component, component_kind


@component_kind("scraper")
class Scraper(Component):
    """Pulls the metrics of all components, as Prometheus does: who can't answer leaves a gap.

    A scrape waits for a free worker as a request does. It fails where no replica is up, where the
    queue is full, and where no worker is free within `timeout`. Then `up` is 0 and the component's
    other series have no sample: they are stale from that instant on, and rules over them see
    nothing, just when it would matter. So a system that is overloaded blinds those who pull, while
    a collector to which rows are pushed loses some of them. Without a scraper every scrape
    succeeds. Scrapes are so small that they keep no worker busy. Source: Prometheus documentation,
    "Staleness", "Jobs and instances".
    """

    in_flow: ClassVar[bool] = False
    example: ClassVar[str] = """
        kind: scraper
        timeout: 10s
    """

    kind: Literal["scraper"] = "scraper"
    timeout: Bound = 10.0
    """Time after which it gives up on a component; the scrape interval stands in the monitoring
    file."""

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        scrapers = [n for n, spec in scenario.system.items() if isinstance(spec, Scraper)]
        if name != scrapers[0]:
            yield (), f"must be the only scraper, and there is {scrapers[0]}, too", ""
