"""What a cache keeps: a dict in the order of use."""

import math
from collections import OrderedDict
from typing import Any

from mlsim.engine.parts import Station

MISS, HIT = 1, 2
NO_KEY = 2**63 - 1


class Memory:
    """Answers by key, each with the time when it came; the last used is the last."""

    def __init__(self, spec: Station) -> None:
        self.ttl, self.capacity = (spec.cache.ttl, spec.cache.capacity) if spec.cache else (0.0, 0)
        self.answers: OrderedDict[int, tuple[float, Any]] = OrderedDict()

    def look_up(self, key: int, now: float) -> Any:
        """What is kept under a key, or None; what is too old is thrown away."""
        came, answer = self.answers.get(key, (math.inf, None))
        if now >= came + self.ttl:
            del self.answers[key]
            return None
        if answer is not None:
            self.answers.move_to_end(key)
        return answer

    def keep(self, key: int, now: float, answer: Any) -> None:
        if key == NO_KEY:
            return
        self.answers[key] = now, answer
        self.answers.move_to_end(key)
        if len(self.answers) > self.capacity:
            self.answers.popitem(last=False)
