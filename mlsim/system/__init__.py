"""The machine: components that carry, compute and decide, and the simulation that moves them."""

from mlsim.system import (
    autoscaler,
    batch_job,
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
    store,
    topic,
    trainer,
    transform,
)

__all__ = [
    "autoscaler",
    "batch_job",
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
    "store",
    "topic",
    "trainer",
    "transform",
]
