"""The machine: components that carry, compute and decide, and the simulation that moves them."""

from mlsim.system import (
    channel_model,
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
    "channel_model",
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
