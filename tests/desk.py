"""A scenario that takes a tenth of a second: a desk that is closed for ten minutes."""

from pathlib import Path

DESK = """
scenario: desk
horizon: 2h
seed: 11
load:
  jobs: {rate: 0.5/s, enters: desk}
system:
  desk: {kind: server, workers: 1, service_time: exponential(mean=1s)}
flow:
  - desk
outcomes:
  jobs_done: {count: ok, unit: jobs, cost: 1 EUR}
  waiting: {sum: sojourn_time, unit: s, cost: 12 EUR/h}
faults:
  - {kind: crash, at: 1h, until: 70min, component: desk}
monitoring: watch.yml
"""

WATCH = """
scrape_interval: 30s
evaluation_interval: 1m
rule_files: [rules.yml]
"""

RULES = """
groups:
  - name: ops
    rules:
      - alert: Down
        expr: up == 0
        for: {hold}
        labels: {{severity: page}}
      - alert: Busy
        expr: rate(requests_total[5m]) > {busy}
        labels: {{severity: ticket}}
"""


def written(folder: Path) -> Path:
    """Its file, watched by watch.yml beside it; slow.yml looks away longer."""
    (folder / "rules.yml").write_text(RULES.format(hold="2m", busy=0.55))
    (folder / "slow_rules.yml").write_text(RULES.format(hold="30m", busy=5))
    (folder / "watch.yml").write_text(WATCH)
    (folder / "slow.yml").write_text(WATCH.replace("rules.yml", "slow_rules.yml"))
    path = folder / "desk.yaml"
    path.write_text(DESK)
    return path
