"""The chain in cimba: four servers pass counted customers on, who leave no rows.

By itself, since cimba can't compile its models in a process in which numba has compiled others.
"""

from time import process_time

import cimba as cb
from cimba import inputs


class Chain(cb.Model):
    gap: cb.Input[float] = inputs.dist.exponential(mean=1 / 80)
    service: cb.Input[float] = inputs.dist.exponential(mean=0.01)
    a: cb.Container
    b: cb.Container
    c: cb.Container
    d: cb.Container
    queued: cb.Output[float]

    @cb.process
    def arrivals(self):
        while True:
            cb.hold(self.gap.next())
            self.a.put(1)

    @cb.process
    def first(self):
        while True:
            self.a.get(1)
            cb.hold(self.service.next())
            self.b.put(1)

    @cb.process
    def second(self):
        while True:
            self.b.get(1)
            cb.hold(self.service.next())
            self.c.put(1)

    @cb.process
    def third(self):
        while True:
            self.c.get(1)
            cb.hold(self.service.next())
            self.d.put(1)

    @cb.process
    def fourth(self):
        while True:
            self.d.get(1)
            cb.hold(self.service.next())

    @cb.on_end
    def measure(self):
        self.queued = self.d.mean_level()


MODEL = Chain()


def cimba(requests: int) -> float:
    """CPU seconds for so many requests, without those to compile it."""
    run(1000 / 80)
    began = process_time()
    run(requests / 80)
    return process_time() - began


def run(seconds: float) -> float:
    """Mean number in the last queue over so many simulated seconds; 3.2 at utilisation 0.8."""
    window = cb.Window(warmup=0, duration=seconds)
    results = cb.Experiment(MODEL, replications=1, window=window, seed=1).run()
    return float(results[MODEL].queued.values.ravel()[0])
