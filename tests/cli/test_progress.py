import pytest

from mlsim import engine
from mlsim.cli.progress import DAY, replications_done, share_done, simulated_time


def test_the_bar_shows_simulated_days_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    with simulated_time(history=3 * DAY, horizon=14 * DAY, shown=True) as tell:
        assert tell is not None
        tell(5 * DAY)
    printed = capsys.readouterr()
    assert "day 5.0 of 14.0" in printed.err
    assert printed.out == ""


def test_no_bar_where_nobody_would_see_it(capsys: pytest.CaptureFixture[str]):
    with simulated_time(history=0, horizon=DAY, shown=True) as piped:
        assert piped is None
    with simulated_time(history=0, horizon=DAY, shown=False) as unwanted:
        assert unwanted is None
    with share_done("running") as share:
        assert share is None
    assert capsys.readouterr().err == ""


def test_nobody_is_told_of_compiling_for_what_is_refused(monkeypatch, capsys):
    monkeypatch.setattr(engine, "compiled", lambda: False)
    with replications_done(shown=True):
        pass
    assert capsys.readouterr().err == ""
    with replications_done(shown=True) as tell:
        for done in range(3):
            tell(done, 3)
    assert capsys.readouterr().err.count("compiling the kernel") == 1
