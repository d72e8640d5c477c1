"""A line before the replicas that take from it: by urgency, then in order of arrival."""

from dataclasses import dataclass, field

from tests.engine.oracle.lives import Visit


@dataclass(eq=False)
class Line:
    """replicas: who takes from it; all of a station, or one. number: of that one, else 0."""

    replicas: list[int]
    number: int = 0
    visits: list[Visit] = field(default_factory=list)

    def add(self, visit: Visit) -> None:
        """Behind all that are as urgent."""
        place = sum(other.lane <= visit.lane for other in self.visits)
        self.visits.insert(place, visit)

    def oldest(self) -> float:
        return min(visit.arrival for visit in self.visits)
