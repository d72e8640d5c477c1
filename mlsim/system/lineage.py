"""Lineage: in which rows a fault has had its hand."""

import numpy as np
from numpy.typing import NDArray

from mlsim.system.base import Deployed
from mlsim.system.contract import Reader
from mlsim.system.settled import SettledRows
from mlsim.system.wiring import Readers, needed_by


class TracedRows(SettledRows):
    """Rows that know what a fault has done to them, and where."""

    def touched_inputs(self, reader: str) -> NDArray[np.bool_]:
        """In which rows a fault has had its hand in what reached a component, bool[n]."""
        touched = self.hitched
        for column in self._system[reader].spec.needs():
            touched = touched | self.touched_at(reader, column)
        return np.broadcast_to(touched, self.log.end.shape)

    def misled(self, name: str) -> NDArray[np.bool_] | bool:
        """In which rows a fault has had its hand in a choice that leads to a component or not."""
        touched: NDArray[np.bool_] | bool = False
        for choice in self._wiring.choices_before(name):
            for column in needed_by(choice):
                touched = touched | self.touched_at(choice, column)
        return touched

    def lost_to_faults(self, collector: str) -> NDArray[np.bool_] | bool:
        """Which rows were dropped before a collector, or by it, for what a fault did to them."""
        lost: NDArray[np.bool_] | bool = False
        for name in (collector, *self._wiring.upstream(collector)):
            spec = self._system[name].spec
            for column in self._reasons_to_drop(name):
                if isinstance(spec, Reader):
                    here = self.log.stamps[:, self._place(name)] >= 0
                    bad = self._bad(name, spec, column)
                    lost = lost | (bad & here & self.touched_at(name, column))
        return lost

    def touched_at(self, reader: Readers, column: str) -> NDArray[np.bool_] | bool:
        """In which rows a fault has had its hand in what reaches a reader as `column`."""

        def touched(source: str | None) -> NDArray[np.bool_] | bool:
            return source is not None and self.touched(source, column)

        return np.asarray(self._by_way(reader, column, touched))

    def touched(self, name: str, column: str) -> NDArray[np.bool_] | bool:
        """In which rows a fault has had its hand in an output: at its component, or before it."""
        key = (name, f"touched {column}")
        if key not in self._computed:
            self._computed[key] = np.asarray(self._touched(self._system[name], column))
        return self._computed[key]

    def _touched(self, component: Deployed, column: str) -> NDArray[np.bool_] | bool:
        spec = component.spec
        touched = self._own_rows(
            component, lambda settings, rows: spec.touched(settings, rows, column)
        )
        touched = touched | self._missed(component) | self.misled(component.name)
        if spec.starts_requests or spec.knows_truth:
            return touched
        for needed in component.spec.needs_for(column):
            touched = touched | self.touched_at(component.name, needed)
        return touched

    def _missed(self, component: Deployed) -> NDArray[np.bool_] | bool:
        """Which answered requests got nothing from a component, because of a fault there.

        They have no stamp of it, so it is told by what was in force from their sending to their
        end; a fault that begins in between is the reason, too.
        """
        at_fault = np.array([component.spec.missed(one) for one in component.settings])
        if not at_fault.any():
            return False
        sent, ended = component.in_force(self.log.sent), component.in_force(self.log.end)
        stamps = self.log.stamps[:, self._place(component.name)]
        without = (stamps < 0) & (self.log.answer >= 0)
        return np.asarray(without & (at_fault[sent] | at_fault[ended]))
