"""The real Prometheus as an oracle: `promtool test rules` evaluates, we read what it got.

Every expectation handed to it is wrong on purpose, so that it prints its own answer. JSON is YAML.
"""

import json
import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from mlsim.telemetry.labels import Labels
from mlsim.telemetry.store import SeriesStore
from tests.monitoring.promqltest import labels_of

needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is missing")

LABELS = r'[\w:]*\{(?:"(?:\\.|[^"])*"|[^}"])*\}'
Answer = dict[Labels, float]


def samples(store: SeriesStore, questions: Sequence[tuple[str, int]], folder: Path) -> list[Answer]:
    """What Prometheus answers to each (expression, instant in seconds)."""
    # promtool loads samples up to its last evaluation and no further: have one at the very end.
    asked = [
        {"expr": expression, "eval_time": f"{time}s", "exp_samples": [{"labels": "no", "value": 1}]}
        for expression, time in [*questions, ("vector(0)", int(store.times[-1]))]
    ]
    text = _run(store, folder, {"promql_expr_test": asked})
    got = re.findall(r"^        got: (.*)$", text, re.MULTILINE)
    assert len(got) == len(asked), text[:3000]
    return [
        {
            labels_of(series): float(value)
            for series, value in re.findall(rf"({LABELS}) (\S+?)(?:,|$)", line)
        }
        for line in got[:-1]
    ]


def firing(
    store: SeriesStore, rules: Path, questions: Sequence[tuple[str, int]], interval: int
) -> dict[tuple[str, int], list[tuple[Labels, Labels]]]:
    """Labels and annotations of the alerts of (alertname, instant in seconds) that are firing."""
    asked = [
        {"alertname": name, "eval_time": f"{time}s", "exp_alerts": [{"exp_labels": {"no": "1"}}]}
        for name, time in questions
    ]
    text = _run(store, rules.parent, {"alert_rule_test": asked}, rules, interval)
    alerts = defaultdict(list)
    for name, time, got in re.findall(
        r"alertname: (\w+), time: (\S+), \n.*?        got:\[(.*?)\]\s*?$", text, re.S | re.M
    ):
        for labels, notes in re.findall(rf"Labels:({LABELS})\s*Annotations:({LABELS})", got):
            alerts[name, time].append((labels_of(labels), labels_of(notes)))
    return alerts


def _run(
    store: SeriesStore, folder: Path, test: dict, rules: Path | None = None, interval: int = 60
) -> str:
    step = store.times[1] - store.times[0]
    document = {
        "evaluation_interval": f"{interval}s",
        "rule_files": [rules.name] if rules else [],
        "tests": [{"interval": f"{step:g}s", "input_series": _input_series(store), **test}],
    }
    (folder / "test.yml").write_text(json.dumps(document))
    command = ["promtool", "test", "rules", "test.yml"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert "FAILED" in done.stderr, done.stderr
    return done.stderr


def _input_series(store: SeriesStore) -> list[dict[str, str]]:
    assert store.times[0] == 0
    return [
        {"series": text, "values": " ".join("_" if np.isnan(v) else repr(float(v)) for v in values)}
        for text, values in store.to_frame().items()
    ]
