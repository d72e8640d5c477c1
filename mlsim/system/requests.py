"""Requests in blocks: their columns, what a fault did to them, and their labels."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mlsim.engine.columns import Column, Rows
from mlsim.system.base import Deployed
from mlsim.system.feedback import Channel, Feedback
from mlsim.system.lineage import TracedRows


class RequestBlock(TracedRows):
    """n requests of one load with what becomes known of them; see `SettledRows` for columns."""

    def label_of(self, model: str) -> str:
        """The true column that a model is there to find out."""
        return next(iter(self._system[model].spec.labels()))

    def known_at(self, label: str) -> NDArray[np.float64]:
        """When the label of each row becomes known, in seconds; inf for never.

        Without a feedback component that reveals it, it is known as soon as the row is reported.
        """
        return self._revealed(label, "known", self.log.end, Channel.known_at)

    def reported(self, label: str) -> Column:
        """The label of each row as it comes in, where it does; not always what is true."""
        truth = self.truth[label]
        return self._revealed(
            label, "label", truth, lambda channel, rows: channel.reported(truth, rows)
        )

    def touched_labels(self, label: str) -> NDArray[np.bool_]:
        """In which rows a fault has had its hand in the label, bool[n]."""
        none = np.zeros(self.log.end.shape, bool)
        return self._revealed(label, "touched", none, Channel.touched)

    def _revealed(
        self, label: str, what: str, without: Column, of: Callable[[Channel, Rows], Column]
    ) -> Column:
        """Something about a label, of each row under the feedback's settings at its report."""
        feedback = self._feedback_on(label)
        if feedback is None:
            return without
        key = (feedback.name, what)
        if key not in self._computed:
            rows = Rows(self.log.request, self.log.end, self)
            numbers = feedback.in_force(self.log.end)
            result = without
            for number in np.unique(numbers):
                now = of(feedback.settings[number], rows)
                result = np.where(numbers == number, now, result)
            self._computed[key] = result
        return self._computed[key]

    def _feedback_on(self, label: str) -> Deployed | None:
        for component in self._system.values():
            if isinstance(component.spec, Feedback) and component.spec.reveals == label:
                return component
        return None
