"""A rule about what there isn't would stay silent forever; that is told."""

import re
from pathlib import Path

import pytest

from mlsim.monitoring.blind import HISTOGRAMS, METRICS, blind_spots
from mlsim.monitoring.rules import read_rules
from mlsim.scenario.load import load
from mlsim.telemetry.store import parts_of_histogram

ROOT = Path(__file__).parents[2]


def test_the_metrics_are_those_of_the_page():
    page = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `(\w+)`", page, re.MULTILINE)) - set(HISTOGRAMS)
    parts = {part for name in HISTOGRAMS for part in parts_of_histogram(name)}
    assert documented | parts == METRICS


@pytest.mark.parametrize(
    ("expr", "told"),
    [
        ("request_total > 1", ["Mine looks at nothing: no metric is called 'request_total'"]),
        (
            'model_age_seconds{component="risc"} > 9',
            ["Mine looks at nothing: no component is called 'risc' (did you mean 'risk'?)"],
        ),
        ('rate(requests_total{component="risk",outcome!="served"}[5m]) > 0', []),
        (
            'rate(client_requests_total{outcome="abandonned"}[5m]) > 0',
            ["Mine looks at nothing: no outcome is called 'abandonned' (did you mean 'abandoned'"],
        ),
        ("own:ratio > 1", []),
        ('{__name__=~"requests_.*"} > 1', []),
    ],
)
def test_what_is_misspelt_is_told_with_what_is_near(tmp_path: Path, expr: str, told: list[str]):
    file = tmp_path / "r.yml"
    rules = f"      - {{record: own:ratio, expr: up}}\n      - {{alert: Mine, expr: '{expr}'}}\n"
    file.write_text(f"groups:\n  - name: g\n    rules:\n{rules}")
    found = list(blind_spots(read_rules([file]), load(ROOT / "scenarios" / "fever.yaml")))
    assert [sentence.startswith(start) for sentence, start in zip(found, told, strict=True)] == [
        True for _ in told
    ]
