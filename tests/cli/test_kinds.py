from itertools import pairwise


def test_lists_components_faults_and_checks_with_a_sentence_each(mlsim):
    listed = mlsim("kinds")
    assert listed.returncode == 0, listed.stderr
    for heading in ("components", "faults", "checks"):
        assert heading in listed.stdout
    for kind in ("server", "client", "model", "unit_change", "drift"):
        [line] = [line for line in listed.stdout.splitlines() if line.split()[:1] == [kind]]
        assert len(line.split()) > 3


def test_shows_the_fields_of_a_kind_with_type_default_and_meaning(mlsim):
    shown = mlsim("kinds", "server")
    assert shown.returncode == 0, shown.stderr
    [line] = [line for line in shown.stdout.splitlines() if "replicas" in line.split()[:1]]
    assert "1" in line.split()


def test_an_unknown_kind_is_told_its_nearest(mlsim):
    refused = mlsim("kinds", "sever")
    assert refused.returncode == 2
    assert "did you mean 'server'?" in refused.stderr


def test_what_it_does_fills_the_lines_of_the_terminal(mlsim, monkeypatch):
    """Lines that were broken in the source are not broken there once more."""
    monkeypatch.setenv("COLUMNS", "60")
    about = mlsim("kinds", "perception_change").stdout.split(" key ")[0]
    paragraphs = [text.splitlines() for text in about.strip().split("\n\n")[1:]]
    for lines in paragraphs:
        for line, following in pairwise(lines):
            assert len(line) <= 60 < len(line.rstrip()) + 1 + len(following.split()[0])
