"""The machine: components that carry, compute and decide, and the simulation that moves them."""

from mlsim.system import (
    client,
    collector,
    deployer,
    external,
    feedback,
    model,
    policy,
    server,
    trainer,
    transform,
)

__all__ = [
    "client",
    "collector",
    "deployer",
    "external",
    "feedback",
    "model",
    "policy",
    "server",
    "trainer",
    "transform",
]
