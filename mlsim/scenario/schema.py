"""The JSON Schema of the scenario language, from the classes that read it."""

from typing import Any

from mlsim.scenario.kinds import Spec
from mlsim.scenario.spec import Scenario


def schema() -> dict[str, Any]:
    """The schema (JSON Schema 2020-12) of a scenario, with all kinds that are registered.

    An editor that knows it completes keys and underlines mistakes. It says less than `load` checks:
    the insides of durations and expressions are plain text to it.
    """
    language = schema_of(Scenario, "mlsim scenario")
    world = language["$defs"]["World"]
    # In a file the records are blocks of their own under `world`, beside its other keys.
    ((pattern, block),) = world["properties"].pop("records")["patternProperties"].items()
    world |= {"additionalProperties": block, "propertyNames": {"pattern": pattern}}
    column = language["$defs"]["Column"]
    language["$defs"]["Column"] = {"anyOf": [column["properties"]["is"], column]}
    _one_or_several(language)
    # A world with features may do without a machine.
    machine = [key for key in language["required"] if key in ("load", "system", "flow")]
    language["required"] = [key for key in language["required"] if key not in machine]
    features = {"properties": {"world": {"required": ["features"]}}, "required": ["world"]}
    language["anyOf"] = [{"required": machine}, features]
    return language


def _one_or_several(language: dict[str, Any]) -> None:
    """Where a list of actions or promises belongs, a single text may stand."""
    for name in ("Event", "Feature"):
        properties = language["$defs"][name]["properties"]
        for key in {"then", "requires"} & set(properties):
            properties[key] = {"anyOf": [properties[key]["items"], properties[key]]}


def schema_of(model: type[Spec], title: str) -> dict[str, Any]:
    """The schema of a file that is read by a model."""
    dialect = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": dialect, **model.model_json_schema(mode="validation"), "title": title}
