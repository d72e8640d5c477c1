"""`mlsim schema`."""

import json


def schema() -> None:
    """Print the JSON Schema of the scenario language, for editors that complete and check."""
    from mlsim.scenario.schema import schema as language

    print(json.dumps(language(), indent=2))
