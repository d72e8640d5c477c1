"""What circuit breakers and retry budgets keep clients from sending, where nobody is answered."""

from typing import Any

import pytest

from mlsim import api
from mlsim.report import serving
from tests.worlds import loaded

SHOP = """
scenario: shop
horizon: 2h
seed: 3
load:
  visits: {rate: 1/s, enters: app}
system:
  app: {kind: client}
  shop: {kind: server, workers: 1, service_time: 100ms}
flow:
  - app -> shop -> app
faults:
  - {kind: crash, at: 0s, component: shop}
"""


def app(text: str = SHOP, **settings: Any) -> dict[str, Any]:
    """The client's row in the summary of the shop, and what is said of it."""
    named = {f"system__app__{key}": value for key, value in {"timeout": "1s", **settings}.items()}
    summary = api.Scenario(loaded(text, **named), None).run(twin=False).summary
    row = next(row for row in summary["components"] if row["name"] == "app")
    return row | {"told": serving.told(summary)["Clients"][0]}


def test_a_breaker_lets_a_probe_through_and_sends_nothing_between():
    """One second until a probe has timed out, ten more, and one on average until the next visit."""
    row = app(breaker={"failures": 1, "open_for": "10s"})
    assert row["unsent"] == row["requests"] - row["attempts"]
    assert row["requests"] - row["unsent"] == pytest.approx(7200 / 12, rel=0.1)
    assert (row["denied"], row["denied_by"]) == (None, None)
    assert row["opened"] == pytest.approx(row["attempts"], abs=1)
    assert row["told"].endswith(f"% not sent (breaker, opened {row['opened']} times)")


def test_a_budget_allows_a_retry_for_ten_requests():
    row = app(retries={"max": 1, "budget": 0.1})
    assert row["requests"] - row["denied"] == pytest.approx(0.1 * row["requests"] + 10, abs=2)
    assert (row["unsent"], row["denied_by"]) == (None, "budget")
    assert row["told"].endswith("% not tried again (budget)")


def test_nothing_is_kept_back_from_who_is_answered():
    limits = {"breaker": {"failures": 20, "open_for": "10s"}, "retries": {"max": 1, "budget": 0.1}}
    row = app(SHOP.partition("faults:")[0], **limits)
    assert (row["unsent"], row["denied"]) == (0, 0)
    assert "breaker" not in row["told"]


def test_without_either_there_is_nothing_to_tell():
    row = app(retries={"max": 2})
    assert (row["unsent"], row["denied"], row["denied_by"]) == (None, None, None)
    assert row["hedges"] is None
    assert row["told"].endswith("attempts each")


def test_hedges_are_not_taken_for_retries():
    """Nobody is answered: each has one hedge, and a budget for as many retries as without them."""
    row = app(retries={"max": 1, "budget": 0.1}, hedge={"after": "200ms"})
    assert row["hedges"] == row["requests"]
    assert row["requests"] - row["denied"] == pytest.approx(0.1 * row["requests"] + 10, abs=2)
    assert row["attempts"] == 3 * row["requests"] - row["denied"]
    assert " attempts each, 1 of them hedges; " in row["told"]


def test_requests_may_begin_at_a_server():
    """It has no retries, and no row of a client."""
    text = SHOP.replace("enters: app", "enters: shop").replace("app -> shop -> app", "shop")
    run = api.Scenario(loaded(text.replace("  app: {kind: client}\n", "")), None).run(twin=False)
    assert [row["name"] for row in run.summary["components"]] == ["shop"]
