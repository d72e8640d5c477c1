"""The truth that the kernel is held against: the same system, request by request, in plain SimPy.

Written as anybody would write it in SimPy, slowly and without the kernel's ideas: the way of a
request is a SimPy process, a line is a list. Only the draws, the tables handed out and the reading
of flows are shared. `Oracle` takes the place of `Network`: under the same clock, for the same
deciders, or within a whole run.
"""

from tests.engine.oracle.network import Oracle

__all__ = ["Oracle"]
