"""A whole run of a scenario from its file: rate and memory, with nothing kept but aggregates."""

import tempfile
from pathlib import Path
from time import perf_counter

import mlsim
from benchmarks.chain import RATE

SCENARIO = """
scenario: chain
horizon: {seconds}s
load: {{jobs: {{rate: {rate}/s, enters: a}}}}
system:
  a: {{kind: server, workers: 1, service_time: exponential(mean=10ms)}}
  b: {{kind: server, workers: 1, service_time: exponential(mean=10ms)}}
  c: {{kind: server, workers: 1, service_time: exponential(mean=10ms)}}
  d: {{kind: server, workers: 1, service_time: exponential(mean=10ms)}}
flow: [a -> b -> c -> d]
"""


def whole_run(requests: int) -> float:
    """Wall seconds from the file to the results: metrics every 30 s, outcomes, a sample of rows."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chain.yaml"
        path.write_text(SCENARIO.format(seconds=requests / RATE, rate=RATE))
        began = perf_counter()
        run = mlsim.load(path).run(progress=lambda done: None)
        took = perf_counter() - began
    ended = run.summary["requests"]["total"]
    assert abs(ended / requests - 1.0) < 0.05
    return took
