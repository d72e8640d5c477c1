"""A client's circuit breaker and its budget of retries, which all its loads share."""

import math
from dataclasses import dataclass

from mlsim.engine.parts import Client


@dataclass
class Breaker:
    client: Client
    state: str = "closed"
    failures: int = 0
    until: float = 0.0
    regime: int = 0

    def lets_through(self, now: float) -> bool:
        if self.client.trips_at and self.state == "open" and now >= self.until:
            self.state = "half open"
            self.regime += 1
            return True
        return self.state == "closed"

    def learn(self, now: float, regime: int, answered: bool) -> None:
        if not self.client.trips_at or regime != self.regime:
            return
        if answered:
            self.state, self.failures = "closed", 0
            return
        self.failures += 1
        if self.state == "half open" or self.failures >= self.client.trips_at:
            self.state, self.failures = "open", 0
            self.until = now + self.client.open_for
            self.regime += 1

    def forget_probe(self, now: float, regime: int) -> None:
        """The probe has been called off, so the next attempt is one."""
        if self.state == "half open" and regime == self.regime:
            self.state, self.until = "open", now


@dataclass
class Savings:
    """Retries that may be sent."""

    budget: float
    left: float = 10.0

    def save(self) -> None:
        self.left = min(self.left + self.budget, 10.0)

    def pay(self) -> bool:
        if self.budget == math.inf:
            return True
        if self.left < 1.0:
            return False
        self.left -= 1.0
        return True
