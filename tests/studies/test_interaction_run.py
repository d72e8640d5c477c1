"""Features in a machine: what they do to the world, requests see, from that moment on."""

import pytest

import mlsim
from mlsim.studies.interaction_run import ProductRun, run_product
from mlsim.world.actors import Lineup
from tests.worlds import loaded

SHOP = """
scenario: shop
horizon: 6h
history: 1h
seed: 3
world:
  state:
    banner: {start: 0}
    heat: {start: 0, flows: {rises: 1/s}}
    tired:
      start: 0
      every: 1h
      counts: {seen: banner_shown}
      next: tired + seen
  job:
    banner_shown: banner
    by_the_clock: "pulse(2h, 4h)"
    warmth: heat
    age: "ramp(0h, 6h) * 21600"
  features:
    campaign:
      when: pulse(2h, 4h)
      then: banner = 1
      requires: [never tired > 100, eventually tired > 0 within 90min]
    end_of_campaign:
      when: step(4h)
      then: banner = 0
load:
  jobs: {rate: 0.05/s, enters: desk}
system:
  desk: {kind: server, workers: 3, service_time: exponential(mean=1s)}
flow:
  - desk
outcomes:
  shown: {count: banner_shown}
  mistaken: {count: banner_shown != by_the_clock}
  misread: {sum: abs(warmth - age)}
"""


def shop(*features: str) -> ProductRun:
    scenario = loaded(SHOP)
    return run_product(scenario, scenario.seed, Lineup(features))


def test_requests_see_what_features_have_done_from_that_instant_on():
    run = shop("campaign", "end_of_campaign")
    assert run.outcomes["mistaken"] == 0
    assert 280 < run.outcomes["shown"] < 440  # 360 on average in two hours; four standard errors
    assert run.outcomes["misread"] == pytest.approx(0.0, abs=1e-3), "what flows, they see flowing"


def test_a_run_of_the_whole_is_written_and_texts_are_columns_of_requests(tmp_path):
    text = SHOP.replace("{start: 0}\n", "{start: 0}\n    sign: {start: open}\n", 1)
    (tmp_path / "shop.yaml").write_text(text.replace("banner = 0", "sign = 'shut'"))
    run = mlsim.load(tmp_path / "shop.yaml").run()
    shut = run.requests.query("sign == 'shut'")
    assert shut["arrival_s"].min() > 4 * 3600
    assert (run.write(tmp_path / "runs") / "report.html").exists()


def test_a_feature_that_is_not_of_the_product_does_nothing():
    assert shop().outcomes["shown"] == 0
    assert (
        shop("campaign").outcomes["shown"] > shop("campaign", "end_of_campaign").outcomes["shown"]
    )


def test_promises_hear_of_states_that_follow_what_people_did():
    """`tired` counts hour by hour: over 100 with the third one's requests, published at 3 h."""
    run = shop("campaign", "end_of_campaign")
    verdict = run.verdicts["campaign", 0]
    assert verdict.is_broken
    assert verdict.at == pytest.approx(3 * 3600)
    assert run.verdicts["campaign", 1].status == "kept"
    assert run.states["tired"].values[-1] == run.outcomes["shown"]
