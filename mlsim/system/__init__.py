"""The machine: components that carry, compute and decide, and the simulation that moves them."""

from mlsim.system import (
    autoscaler,
    channel_model,
    client,
    collector,
    deployer,
    external,
    feedback,
    model,
    orchestrator,
    policy,
    server,
    trainer,
    transform,
)

__all__ = [
    "autoscaler",
    "channel_model",
    "client",
    "collector",
    "deployer",
    "external",
    "feedback",
    "model",
    "orchestrator",
    "policy",
    "server",
    "trainer",
    "transform",
]
