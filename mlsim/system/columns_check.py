"""Whether a component can read what it wants to read."""

from collections.abc import Iterable, Iterator

from mlsim.errors import nearest
from mlsim.scenario.flow_checks import is_connected
from mlsim.scenario.kinds import Mistake, Place
from mlsim.scenario.spec import Scenario
from mlsim.system.wiring import UnknownColumnError, Wiring


def unreadable(
    scenario: Scenario, reader: str, columns: Iterable[tuple[Place, str]]
) -> Iterator[Mistake]:
    """A mistake for each column, at its place, that doesn't reach the component `reader`.

    None while the flow itself has mistakes: what reaches whom isn't known then.
    """
    if not is_connected(scenario):
        return
    wiring = Wiring.of(scenario)
    for place, column in columns:
        try:
            wiring.source(reader, column)
        except UnknownColumnError as error:
            known = ", ".join(error.known) if len(error.known) <= 8 else ""
            hint = f" (what does: {known})" if known else ""
            yield place, f"no '{column}' reaches {reader}{hint}", nearest(column, error.known)
