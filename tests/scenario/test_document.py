"""Reading YAML: lines, settings, the hash, and what is refused."""

from pathlib import Path

import pytest

from mlsim.errors import ScenarioError
from mlsim.scenario.document import Document, read

TEXT = """\
# a comment
load:
  jobs:
    rate: 2.4/s       # per second
    enters: desk
faults:
  - {at: 2d}
  - at: 3d
    unit: celsius
flow:
- phone -> [a, b] -> phone   # back to a client: the reply
- advice ~> telemetry
answers: no
lunch: 12:30
day: 2020-11-02
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "some.yaml"


def document(file: Path, text: str = TEXT) -> Document:
    file.write_text(text)
    return read(file)


def refusal(file: Path, text: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        document(file, text)
    return str(caught.value).removeprefix(str(file))


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ((), 2),
        (("load",), 2),
        (("load", "jobs", "rate"), 4),
        (("faults", 0, "at"), 7),
        (("faults", 1), 8),
        (("faults", 1, "unit"), 9),
        (("faults", 1, "no such key"), 8),
        (("load", "jobs", "rate", "deeper"), 4),
        (("faults", 9), 6),
    ],
)
def test_places_know_their_lines(file, place, line):
    assert document(file).line(place) == line


def test_only_numbers_true_false_and_null_are_more_than_text(file):
    data = document(file).data
    assert (data["answers"], data["lunch"], data["day"]) == ("no", "12:30", "2020-11-02")
    data = document(file, "[1, -2.5, 1e3, true, null, ~, '3', 0x10, 1_000, .inf]").data
    assert data == [1, -2.5, 1000.0, True, None, None, "3", "0x10", "1_000", ".inf"]


def test_a_flow_survives_yaml(file):
    assert document(file).data["flow"] == ["phone -> [a, b] -> phone", "advice ~> telemetry"]


def test_settings_change_a_copy(file):
    before = document(file)
    after = before.with_(
        {"load.jobs.rate": "3/s", "faults[1].at": "4d", "faults[0].until": "3d", "seed": 7}
    )
    assert after.data["load"]["jobs"] == {"rate": "3/s", "enters": "desk"}
    assert after.data["faults"] == [{"at": "2d", "until": "3d"}, {"at": "4d", "unit": "celsius"}]
    assert after.data["seed"] == 7
    assert before.data == document(file).data


def test_a_setting_is_read_as_if_it_stood_in_the_file(file):
    after = document(file).with_({"a": "3", "b": "{kind: server}", "c": "normal(1, 2)", "d": "no"})
    values = {key: after.data[key] for key in "abcd"}
    assert values == {"a": 3, "b": {"kind": "server"}, "c": "normal(1, 2)", "d": "no"}


def test_a_setting_stands_on_no_line_of_the_file(file):
    assert document(file).with_({"load.jobs.rate": "fast"}).line(("load", "jobs", "rate")) == 0


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("laod.jobs.rate", "the document has no 'laod' (did you mean 'load'?)"),
        ("load.job.rate", "load has no 'job' (did you mean 'jobs'?)"),
        ("load.jobs.rate.mean", "load.jobs.rate is a single value and holds nothing"),
        ("faults[2].at", "faults has 2 entries, counted from 0"),
        ("faults.at", "faults is a list: its first entry is faults[0]"),
        ("load..jobs", "must be a path such as load.jobs.rate or faults[0].at"),
    ],
)
def test_a_setting_needs_a_place(file, path, message):
    with pytest.raises(ScenarioError) as caught:
        document(file).with_({path: "1"})
    assert str(caught.value) == f"--set {path}=1: {message}"


def test_the_hash_covers_content_alone(file):
    one = document(file, "a: 1\nb: {c: x, d: [1, 2]}\n").hash
    same = document(file, "# note\nb:\n  d: [1,   2]\n  c: 'x'\n\na: 1\n").hash
    assert one == same
    assert len(one) == 32
    assert document(file, "a: 1\nb: {c: x, d: [2, 1]}\n").hash != one
    assert document(file, "a: '1'\nb: {c: x, d: [1, 2]}\n").hash != one


def test_the_hash_covers_settings(file):
    assert document(file).with_({"seed": 1}).hash != document(file).hash


def test_a_million_laughs_are_refused(file):
    """Nine anchors that each name the one before nine times would make a billion values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 9)}]" for k in range(1, 10)]
    assert "holds more than 100000 values" in refusal(file, "\n".join(lines))


def test_an_alias_repeats_a_value(file):
    assert document(file, "a: &x {b: 1}\nc: *x\n").data == {"a": {"b": 1}, "c": {"b": 1}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 5000, "nested more than 40 levels deep"),
        ("a: *b\n", ":1: alias *b names no anchor before it"),
        ("a: &a [*a]\n", ":1: alias *a names no anchor before it"),
        ("a: !!set {b}\n", ":1: tags such as"),
        ("? [a, b]\n: 1\n", ":1: a key must be a name"),
        ("a: 1\n---\nb: 1\n", ":2: must be a single YAML document"),
        ("a: 'x\n", "is not valid YAML: found unexpected end of stream"),
        ("a: b: c\n", ":1: is not valid YAML"),
        ("x" * (1 << 20) + "x", ": is larger than 1 MiB"),
        ("a: 1\nb: \x07\n", ":2: is not valid YAML: holds the character U+0007"),
        ('a:\n  "\\ud800": 1\n', ":2: holds half a character"),
        ('a: "\\UFFFFFFFF"\n', "is not valid YAML"),
    ],
)
def test_refused(file, text, message):
    assert message in refusal(file, text)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(ScenarioError, match="no such file"):
        read(tmp_path / "none.yaml")
    with pytest.raises(ScenarioError, match=r"is a folder, and no file$"):
        read(tmp_path)
    (tmp_path / "some.yaml").touch()
    with pytest.raises(ScenarioError, match=r"no file \(did you mean '.*/some\.yaml'\?\)$"):
        read(tmp_path)


def test_other_text_than_utf8_is_refused_with_its_line(file):
    file.write_bytes("a: 1\nb: caf\xe9\n".encode("latin-1"))
    with pytest.raises(ScenarioError, match=r"some\.yaml:2: is not UTF-8 text"):
        read(file)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("{t: normal(1s, 2s), n: 3}", {"t": "normal(1s, 2s)", "n": 3}),
        ("{t: max(1, f(2, 3), 4)}", {"t": "max(1, f(2, 3), 4)"}),
        ("[normal(1, 2), 3]", ["normal(1, 2)", 3]),
        ("[a(1, b(2, 3)), c(4, 5)]", ["a(1, b(2, 3))", "c(4, 5)"]),
    ],
)
def test_an_expression_without_quotes_is_told_and_read_as_it_was_meant(file, text, values):
    """The rest of the file can be checked then."""
    found = document(file, text)
    assert found.data == values
    assert found.flaws
    assert all("put the expression in quotes" in flaw.message for flaw in found.flaws)


def test_an_expression_in_quotes_or_in_block_style_is_fine(file):
    assert not document(file, 'a: {t: "normal(1s, 2s)"}\nb:\n  t: normal(1s, 2s)\n').flaws
