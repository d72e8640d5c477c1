import re
from pathlib import Path

TWO_MISTAKES = """\
scenario: counter
horizon: 1d
load:
  jobs: {rate: 2.4/s, enters: desk}
system:
  desk: {kind: sever, workers: 3, service_time: exponential(mean=1s)}
flow:
  - desk
horzon: 2d
"""


def test_reports_all_mistakes_at_once_with_their_lines(mlsim, tmp_path: Path):
    (tmp_path / "bad.yaml").write_text(TWO_MISTAKES)
    checked = mlsim("validate", "bad.yaml")
    assert checked.returncode == 2
    assert checked.stdout == ""
    assert "bad.yaml:6: system.desk" in checked.stderr
    assert "did you mean 'server'?" in checked.stderr
    assert "bad.yaml:9: horzon" in checked.stderr
    assert "Traceback" not in checked.stderr


def test_a_missing_file_is_a_mistake_not_a_crash(mlsim):
    checked = mlsim("validate", "nowhere.yaml")
    assert checked.returncode == 2
    assert "nowhere.yaml" in checked.stderr
    assert "Traceback" not in checked.stderr


def test_set_changes_what_is_checked(mlsim):
    mlsim("init", "shop")
    fine = mlsim("validate", "shop/scenario.yaml", "--set", "load.jobs.rate=2.9/s")
    wrong = mlsim("validate", "shop/scenario.yaml", "--set", "load.jobs.rate=5kg")
    assert (fine.returncode, wrong.returncode) == (0, 2)
    assert "load.jobs.rate" in wrong.stderr


def test_what_no_run_could_hold_is_told_before_one_is_tried(mlsim):
    mlsim("init", "shop")
    told = mlsim("validate", "shop/scenario.yaml", "--set", "load.jobs.rate=2000000/s")
    assert told.returncode == 0
    assert re.search(r"Warning: shop/scenario.yaml: .* would need about \d+ TiB", told.stdout)


def test_set_needs_a_path_and_a_value(mlsim):
    wrong = mlsim("validate", "x.yaml", "--set", "horizon")
    assert wrong.returncode == 2
    assert "PATH=VALUE" in wrong.stderr


def test_a_rule_that_looks_at_nothing_is_told(mlsim, tmp_path: Path):
    mlsim("init", "shop")
    rules = tmp_path / "shop" / "monitoring" / "rules" / "counter.rules.yml"
    rules.write_text(rules.read_text().replace("queue_length", "queue_lenght"))
    checked = mlsim("validate", "shop/scenario.yaml")
    assert checked.returncode == 0, "Prometheus takes it, too"
    assert checked.stdout == (
        "shop/scenario.yaml: no mistakes found\n"
        "Warning: shop/scenario.yaml: QueueAtTheCounter looks at nothing: no metric is called "
        "'queue_lenght' (did you mean 'queue_length'?)\n"
    )
