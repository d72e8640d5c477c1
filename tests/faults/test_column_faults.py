"""What holds for every fault that alters a column where it is sent."""

import numpy as np
import pytest

from mlsim.errors import ScenarioError
from tests.faults.senders import phone, with_fault
from tests.worlds import HOUR, World, loaded

KINDS: dict[str, dict[str, object]] = {
    "unit_change": {"column": "temperature", "unit": "fahrenheit"},
    "wrong_scale": {"column": "temperature", "factor": 10},
    "sign_flip": {"column": "temperature"},
    "swapped_columns": {"column": "temperature", "with": "pulse"},
    "format_change": {"column": "temperature", "to": "decimal_comma"},
    "missing_values": {"column": "temperature"},
    "default_values": {"column": "temperature", "value": 0},
    "constant_feature": {"column": "temperature", "value": 36.6},
    "numeric_overflow": {"column": "temperature", "bits": 4},
    "stale_encoder": {"column": "device"},
    "new_category": {"column": "device"},
    "sensor_ageing": {"column": "temperature", "drift": 1, "noise": 0.5},
    "clock_skew": {"column": "taken_at", "by": "30min", "per_day": "1h"},
    "time_zone": {"column": "taken_at", "hours": 1},
    "wrong_join_key": {"column": "age"},
    "shuffled": {"column": "pulse"},
    "library_skew": {
        "column": "pulse",
        "component": "features",
        "computes": "floor(pulse + normal(0, 1))",
    },
}


@pytest.fixture(scope="module")
def twin() -> World:
    return World(loaded(phone()))


@pytest.mark.parametrize("kind", KINDS)
def test_acts_from_its_onset_to_its_repair_and_lineage_knows_exactly_where(kind: str, twin: World):
    """Rows outside are the twin's to the last bit; inside, what differs is known to be touched."""
    world = with_fault(kind, **KINDS[kind] | {"at": "6h", "until": "18h", "share": 0.5})
    reader, column = "telemetry", str(KINDS[kind]["column"])
    mine, other = world.read(reader, column), twin.read(reader, column)
    sent = twin.log.sent
    during = (sent > 6 * HOUR) & (sent <= 18 * HOUR)
    assert mine[~during].tobytes() == other[~during].tobytes()
    touched = np.concatenate([np.broadcast_to(b.touched("features", column), b.log.end.shape)
                              for b in world.blocks])  # fmt: skip
    differs = (mine != other) & ~(np.isnan(mine) & np.isnan(other))
    assert differs.sum() > 500
    assert not np.any(differs & ~touched)
    assert abs(touched[during].mean() - 0.5) < 0.1
    assert not touched[~during].any()


@pytest.mark.parametrize("kind", KINDS)
def test_zero_share_is_the_twin_and_the_repair_restores_the_settings(kind: str, twin: World):
    world = with_fault(kind, **KINDS[kind] | {"at": "6h", "until": "18h", "share": 0})
    column = str(KINDS[kind]["column"])
    assert world.read("telemetry", column).tobytes() == twin.read("telemetry", column).tobytes()
    assert not any(np.any(block.touched("features", column)) for block in world.blocks)
    changed = world.system[str(KINDS[kind].get("component", "phone"))]
    assert len(changed.settings) == 3
    assert changed.settings[2] == changed.settings[0]


@pytest.mark.parametrize(
    ("kind", "change", "message"),
    [
        ("wrong_scale", {"column": "temprature"}, r"column: .*did you mean 'temperature'"),
        (
            "wrong_scale",
            {"component": "telemetry"},
            r"component: must be a component that sends columns, here phone or features",
        ),
        ("wrong_scale", {"factor": "many"}, r"factor: "),
        ("swapped_columns", {"with": "temperature"}, r"with: must be another column"),
        ("swapped_columns", {"with": "puls"}, r"with: .*did you mean 'pulse'"),
        ("format_change", {"to": "decimal_coma"}, r"to: .*decimal_comma"),
        ("clock_skew", {"column": "pulse"}, r"column: must have a unit of time"),
        ("time_zone", {"hours": 30}, r"hours: "),
        ("wrong_join_key", {"column": "pulse"}, r"column: must be a column of world.person"),
        ("new_category", {"code": 2}, r"code: must be a new one, and 2 is phone"),
        ("new_category", {"column": "pulse"}, r"needs a code: pulse states no categories"),
        ("numeric_overflow", {"bits": 1}, r"bits: "),
        ("sensor_ageing", {"noise": -1}, r"noise: "),
        ("library_skew", {"component": "phone"}, r"component: must be a transform"),
        ("library_skew", {"computes": "floor(puls)"}, r"computes: no 'puls' reaches features"),
    ],
)
def test_refuses(kind: str, change: dict[str, object], message: str):
    with pytest.raises(ScenarioError, match=rf"faults\[0\]\.?{message}|faults\[0\]: {message}"):
        with_fault(kind, **KINDS[kind] | change)


def test_an_unreadable_change_that_a_later_readable_one_replaces_is_readable():
    text = (
        phone("reads: [temperature], on_bad: 'null'")
        + """faults:
  - {kind: format_change, at: 0h, component: phone, column: temperature, to: renamed}
  - {kind: wrong_scale, at: 12h, component: phone, column: temperature, factor: 2}
"""
    )
    world = World(loaded(text))
    read = world.read("telemetry", "temperature")
    late = world.log.sent > 12 * HOUR
    assert np.isnan(read[~late]).all()
    np.testing.assert_array_equal(read[late], 2 * world.column("temperature")[late])
