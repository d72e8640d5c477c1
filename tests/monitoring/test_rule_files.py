"""Rule files: what is refused, where, and what is suggested instead; all at once."""

import pytest

from mlsim.errors import ScenarioError
from mlsim.monitoring.rules import read_rules

HEAD = "groups:\n  - name: ops\n    rules:\n"
ALERT = "      - alert: A\n        expr: {}\n"
GROUP = HEAD + ALERT.format("up == 0")


def problems(tmp_path, *texts):
    paths = [tmp_path / f"{number}.yml" for number, _ in enumerate(texts)]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text)
    with pytest.raises(ScenarioError) as error:
        read_rules(paths)
    return [str(p).removeprefix(f"{tmp_path}/") for p in error.value.problems]


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("derivv(up[5m])", "unknown function with name 'derivv' (did you mean 'deriv'?)"),
        ("raet(up[5m])", "unknown function with name 'raet' (did you mean 'rate'?)"),
        ("deriv(up[5m])", "function 'deriv' is not supported"),
        ("topk(3, up)", "aggregation 'topk' is not supported"),
        ("max_over_time(up[5m:1m])", "subqueries are not supported"),
        ("up @ 10", "the @ modifier is not supported"),
        ("up atan2 up", "operator 'atan2' is not supported"),
        ("up[5m]", "must be a vector or a scalar (got a range or a string)"),
        ("'up{a=~\"(\"}'", "illegal regex for ("),
        ("'up{a=~\"b(?i)c\"}'", "cannot read the regular expression 'b(?i)c'"),
        ("rate(up)", "expected type matrix in call to function 'rate', got vector"),
        ("sum(up", "unclosed left parenthesis"),
        ("[up]", "must be a PromQL expression (got a list)"),
        ("ALERTS", "reads 'ALERTS': alerts are not kept as series"),
    ],
)
def test_an_expression_is_refused_with_its_line(tmp_path, expression, message):
    (found,) = problems(tmp_path, HEAD + ALERT.format(expression))
    assert found.startswith("0.yml:5: ")
    assert found.endswith(": " + message)


@pytest.mark.parametrize(
    ("lines", "where", "message"),
    [
        ("        forr: 5m", "6", "groups[0].rules[0].forr: unknown key (did you mean 'for'?)"),
        ("        for: 5 minutes", "6", "such as 30s or 5m (got '5 minutes')"),
        ("        record: a:b", "4", "must be either an alert or a record"),
        ("        labels: {a-b: c}", "6", "must be the name of a label (got 'a-b')"),
        ("        labels: {x: '{{ $value }}'}", "6", "must not use $value"),
        ("        annotations: {summary: '{{ $value'}", "6", "opens a template with {{ that no }}"),
        (
            "        annotations: {summary: '{{ $value | humanize }}'}",
            "6",
            "template function 'humanize' is not supported",
        ),
        (
            "        annotations: {summary: '{{ printf \"%.2f\" $value }}'}",
            "6",
            "template function 'printf' is not supported",
        ),
    ],
)
def test_a_rule_is_refused_with_its_line(tmp_path, lines, where, message):
    (found,) = problems(tmp_path, GROUP + lines)
    assert found.startswith(f"0.yml:{where}: ")
    assert message in found


def test_all_mistakes_of_all_files_are_told_at_once(tmp_path):
    one = HEAD + ALERT.format("deriv(up[5m])") + ALERT.format("topk(1, up)")
    found = problems(tmp_path, one, HEAD + ALERT.format("sum(up"))
    assert [text.split(":")[:2] for text in found] == [
        ["0.yml", "5"],
        ["0.yml", "7"],
        ["1.yml", "5"],
    ]


def test_two_groups_of_one_name_are_refused(tmp_path):
    (found,) = problems(tmp_path, GROUP + GROUP.removeprefix("groups:\n"))
    assert "group 'ops' stands twice in this file" in found


def test_a_recording_rule_must_stand_before_those_that_read_it(tmp_path):
    record = "      - record: a:b\n        expr: sum(up)\n"
    (found,) = problems(tmp_path, HEAD + ALERT.format("a:b > 1") + record)
    assert found == "0.yml:5: A: reads 'a:b', which is recorded only at or after this rule"


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ScenarioError, match="no such file"):
        read_rules([tmp_path / "missing.yml"])
