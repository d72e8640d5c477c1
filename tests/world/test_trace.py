"""Traces: what is recorded comes at its time with what it carried; what is wrong has its line."""

import errno
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mlsim import api
from mlsim.errors import ScenarioError
from mlsim.measures.headline import headline
from mlsim.studies.store import fingerprint
from mlsim.studies.variant import Variant
from mlsim.world import trace_file
from mlsim.world.trace import _read
from tests.worlds import World

SHOP = """
scenario: shop
start: 2024-03-04T00:00:00Z
history: 10min
horizon: 1h
world:
  people: 50
  order:
    amount: {is: value * 2}
    country: {is: land, categories: [de, fr]}
load:
  orders:
    trace: {file: orders.csv, time: at, columns: {value: amount_eur, land: land}, person: user}
    of: person
    enters: shop
system:
  shop: {kind: server, workers: 3, service_time: exponential(mean=1s)}
flow:
  - shop
outcomes:
  turnover: {sum: amount}
"""
SMALL = "at,amount_eur,land,user\n1.5,10,de,3\n2,20,fr,0\n\n2,30,de,49\n100.25,,fr,3\n"


def orders(rows: int = 3000) -> pd.DataFrame:
    luck = np.random.default_rng(1)
    at = np.sort(luck.uniform(-1200.0, 4000.0, rows))
    amounts = luck.lognormal(3.0, 1.0, rows)
    lands, users = luck.choice(["de", "fr"], rows), luck.integers(0, 50, rows)
    return pd.DataFrame({"at": at, "amount_eur": amounts, "land": lands, "user": users})


def written(folder: Path, trace: str | pd.DataFrame, text: str = SHOP) -> Path:
    if isinstance(trace, str):
        (folder / "orders.csv").write_text(trace)
    else:
        trace.to_csv(folder / "orders.csv", index=False)
    (folder / "shop.yaml").write_text(text)
    return folder / "shop.yaml"


def mistake(folder: Path, trace: str, text: str = SHOP) -> str:
    with pytest.raises(ScenarioError) as caught:
        api.load(written(folder, trace, text))
    return str(caught.value).replace(f"{folder}/", "")


def test_requests_come_as_they_are_recorded(tmp_path: Path):
    """At their times, those between history and horizon, with the amount and the land they had."""
    table = orders()
    world = World(api.load(written(tmp_path, table)).spec)
    log = world.log
    order = np.argsort(log.request)
    came = table[(table["at"] >= -600) & (table["at"] < 3600)]
    assert log.request.size > came.shape[0] - 20  # but for those still served at the end
    seen = came.loc[log.request[order]]
    np.testing.assert_array_equal(log.arrival[order], seen["at"])
    np.testing.assert_array_equal(world.column("amount")[order], 2 * seen["amount_eur"])
    np.testing.assert_array_equal(world.column("country")[order], seen["land"] == "fr")
    people = np.concatenate([block.truth.people for block in world.blocks])
    np.testing.assert_array_equal(people[order], seen["user"])


@pytest.mark.parametrize("form", ["dates.csv", "orders.parquet", "dates.parquet", "zone.csv"])
def test_a_trace_is_the_same_in_any_form(tmp_path: Path, form: str):
    table = orders(200)
    plain = api.load(written(tmp_path, table))
    if form != "orders.parquet":
        moments = pd.Timestamp("2024-03-04") + pd.to_timedelta(table["at"], unit="s")
        table["at"] = moments.dt.tz_localize("UTC") if "zone" in form else moments
    write = table.to_parquet if form.endswith("parquet") else table.to_csv
    write(tmp_path / form, index=False)
    other = plain.with_({"load.orders.trace.file": form})
    mine, theirs = (World(scenario.spec) for scenario in (plain, other))
    np.testing.assert_allclose(mine.log.arrival, theirs.log.arrival, atol=2e-9, rtol=0)
    np.testing.assert_array_equal(mine.column("amount"), theirs.column("amount"))


def test_blocks_in_which_a_file_is_read_do_not_matter(tmp_path: Path, monkeypatch):
    path = written(tmp_path, orders())
    whole = World(api.load(path).spec).log
    _read.cache_clear()
    monkeypatch.setattr(trace_file, "BLOCK_BYTES", 500)
    np.testing.assert_array_equal(World(api.load(path).spec).log.end, whole.end)


def test_what_a_file_does_not_say_is_missing(tmp_path: Path):
    scenario = api.load(written(tmp_path, SMALL))
    assert np.isnan(World(scenario.spec).column("amount")).sum() == 1
    assert scenario.run().summary["outcomes"][0]["run"] == 2 * (10 + 20 + 30)


def test_a_trace_alone_is_enough(tmp_path: Path):
    text = SHOP.replace(
        "{file: orders.csv, time: at, columns: {value: amount_eur, land: land}, person: user}",
        "orders.csv",
    ).replace("    amount: {is: value * 2}\n    country: {is: land, categories: [de, fr]}\n",
              "    amount: 1\n")  # fmt: skip
    world = World(api.load(written(tmp_path, SMALL.replace("at,", "time,"), text)).spec)
    assert sorted(world.log.arrival) == [1.5, 2.0, 2.0, 100.25]


def test_a_run_can_be_opened_without_its_trace(tmp_path: Path):
    run = api.load(written(tmp_path, SMALL)).run()
    folder = run.write(tmp_path / "reports")
    (tmp_path / "orders.csv").unlink()
    opened = api.open_run(folder)
    assert opened.requests.shape[0] == 4
    assert opened.findings.scenario.hash == json.loads((folder / "run.json").read_text())["hash"]


def test_what_a_trace_holds_is_part_of_its_scenario(tmp_path: Path):
    """Not when it was written, nor what else lies there; of a study, too, which keeps its runs."""
    path = written(tmp_path, SMALL)
    (tmp_path / "turnover").write_text("a file that is called like an outcome")

    def names() -> tuple[str, str]:
        scenario = api.load(path).spec
        variant = Variant("as it is", scenario)
        return scenario.hash, fingerprint(variant, headline, None)(7)

    before = names()
    os.utime(tmp_path / "orders.csv", (0, 0))
    (tmp_path / "turnover").write_text("and that is changed")
    assert names() == before
    (tmp_path / "orders.csv").write_text(SMALL.replace("20,fr", "21,fr"))
    after = names()
    assert after[0] != before[0]
    assert after[1] != before[1]
    (tmp_path / "orders.csv").write_text(SMALL)
    assert names() == before


def test_another_size_of_the_machine_replays_the_same_requests(tmp_path: Path):
    scenario = api.load(written(tmp_path, orders()))
    many = scenario.with_({"system.shop.workers": 30})
    one, other = (set(World(s.spec).log.request.tolist()) for s in (scenario, many))
    assert len(one ^ other) < 20
    assert len(one & other) > 2300


@pytest.mark.parametrize(
    ("trace", "told"),
    [
        (
            "at,amount_eur,land,user\n1,1,de,0\n\n5,1,de,0\n4.5,1,de,0\n",
            "orders.csv:5: at must be sorted, and 4.5 s comes after 5 s: sort the file by at",
        ),
        (
            "at,amount_eur,land,user\n1,1,de,0\n,1,de,0\n",
            "orders.csv:3: at must be a time, in seconds since day 0 or as a date (got '')",
        ),
        (
            "at,amount_eur,land,user\n1,1,de,0\nsoon,1,de,0\n",
            "orders.csv:3: at must be a time, in seconds since day 0 or as a date (got 'soon')",
        ),
        (
            "at,amount_eur,land,user\n2024-03-04 00:00:01,1,de,0\n2024-13-04,1,de,0\n",
            "orders.csv:3: at must be a time, in seconds since day 0 or as a date "
            "(got '2024-13-04')",
        ),
        (
            "at,amount_eur,land,user\n1,1,de,0\n2,much,de,0\n",
            "orders.csv:3: amount_eur must be a number (got 'much')",
        ),
        (
            "at,amount_eur,land,user\n1,1,de,0\n2,1,fra,0\n",
            "orders.csv:3: land must be one of de, fr (got 'fra') (did you mean 'fr'?)",
        ),
        (
            "at,amount_eur,land,user\n1,1,de,0\n2,1,de,50\n",
            "orders.csv:3: user must be a whole number from 0 to world.people - 1 = 49 (got 50)",
        ),
        (
            "at,amount_eur,land,user\n1,1,de,0\n2,1,de,0,7\n",
            "orders.csv:3: must have 4 columns (got 5)",
        ),
        ("at,amount_eur,land,user\n", "orders.csv: must have a row for each request (got none)"),
        (
            "at,amount,country,user\n1,1,de,0\n",
            "shop.yaml:13: load.orders.trace.columns.value: no column 'amount_eur': orders.csv has "
            "at, amount, country, user (did you mean 'amount'?)\n"
            "shop.yaml:13: load.orders.trace.columns.land: no column 'land': orders.csv has "
            "at, amount, country, user",
        ),
        (
            "at,amount_eur,land,user\n7200,1,de,0\n7201,1,de,0\n",
            "shop.yaml:13: load.orders.trace: no request falls between the history and the "
            "horizon: they come from 7200 s to 7201 s after day 0",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_trace_is_told_with_its_line(tmp_path: Path, trace: str, told: str):
    expected = sorted(told.split("\n"))
    assert sorted(mistake(tmp_path, trace).split("\n")) == expected


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "file: orders.csv",
            "file: order.csv",
            "shop.yaml:13: load.orders.trace.file: no such file: order.csv "
            "(did you mean 'orders.csv'?)",
        ),
        (
            "file: orders.csv",
            "file: ../orders.csv",
            "shop.yaml:13: load.orders.trace.file: must be a path inside the scenario's folder, "
            "with / (got '../orders.csv')",
        ),
        (
            "file: orders.csv",
            "file: orders.txt",
            "shop.yaml:13: load.orders.trace.file: must be the path of a .csv or .parquet file "
            "(got 'orders.txt')",
        ),
        (
            "    of: person\n",
            "    rate: 1/s\n",
            "shop.yaml:12: load.orders: needs one of rate, trace and population, and not several",
        ),
        (
            "    of: person\n",
            "",
            "shop.yaml:12: load.orders: needs of: person, as its trace says whose requests they "
            "are",
        ),
        (
            "is: value * 2",
            "is: valeu * 2",
            "shop.yaml:9: world.order.amount: unknown name 'valeu' (known: land, value) "
            "(did you mean 'value'?)",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_about_a_trace_is_told(tmp_path: Path, old: str, new: str, told: str):
    assert told in mistake(tmp_path, SMALL, SHOP.replace(old, new))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "orders.csv: must begin with the names of its columns (got nothing)"),
        (b"\xff\xfea,\nb", "orders.csv: is not UTF-8 text"),
        (SMALL.replace("fr", "d\xe9").encode("latin-1"), "orders.csv:3: is not UTF-8 text"),
        (
            b"at;amount_eur;land;user\n1;2;de;3\n",
            "orders.csv: must have commas between its columns (got 'at;amount_eur;land;user')",
        ),
        (None, "shop.yaml:13: load.orders.trace.file: is a folder, and no file: orders.csv"),
    ],
)  # fmt: skip
def test_what_is_no_table_at_all_is_told_once(tmp_path: Path, content: bytes | None, told: str):
    path = written(tmp_path, "")
    if content is None:
        (tmp_path / "orders.csv").unlink()
        (tmp_path / "orders.csv").mkdir()
    else:
        (tmp_path / "orders.csv").write_bytes(content)
    with pytest.raises(ScenarioError) as caught:
        api.load(path)
    assert str(caught.value).replace(f"{tmp_path}{os.sep}", "") == told


def test_a_file_that_must_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path, opened = written(tmp_path, SMALL), Path.open

    def forbidden(file: Path, *args: object, **options: object) -> object:
        if file.name == "orders.csv":
            raise PermissionError(errno.EACCES, "Permission denied")
        return opened(file, *args, **options)

    monkeypatch.setattr(Path, "open", forbidden)
    with pytest.raises(ScenarioError, match=r"orders\.csv: cannot be read: Permission denied"):
        api.load(path)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path):
    inside = tmp_path / "inside"
    inside.mkdir()
    path = written(inside, SMALL)
    (inside / "orders.csv").rename(tmp_path / "orders.csv")
    (inside / "orders.csv").symlink_to(tmp_path / "orders.csv")
    with pytest.raises(ScenarioError, match="must not lead out of the scenario's folder"):
        api.load(path)


def test_dates_need_a_start(tmp_path: Path):
    text = SHOP.replace("start: 2024-03-04T00:00:00Z\n", "")
    trace = "at,amount_eur,land,user\n2024-03-04 00:00:01,1,de,0\n"
    assert mistake(tmp_path, trace, text) == (
        "orders.csv:2: at holds dates: give the scenario a start"
    )
