"""The JSON Schema of the scenario language, from the classes that read it."""

from typing import Any

from mlsim.scenario.spec import Scenario


def schema() -> dict[str, Any]:
    """The schema (JSON Schema 2020-12) of a scenario, with all kinds that are registered.

    An editor that knows it completes keys and underlines mistakes. It says less than `load` checks:
    the insides of durations and expressions are plain text to it.
    """
    language = Scenario.model_json_schema(mode="validation")
    world = language["$defs"]["World"]
    # In a file the records are blocks of their own under `world`, beside its other keys.
    ((pattern, block),) = world["properties"].pop("records")["patternProperties"].items()
    world |= {"additionalProperties": block, "propertyNames": {"pattern": pattern}}
    column = language["$defs"]["Column"]
    language["$defs"]["Column"] = {"anyOf": [column["properties"]["is"], column]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "mlsim scenario",
        **{key: value for key, value in language.items() if key != "title"},
    }
