"""The machine: components that carry, compute and decide, and the simulation that moves them."""

from mlsim.system import client, collector, model, policy, server, transform

__all__ = ["client", "collector", "model", "policy", "server", "transform"]
