"""`mlsim schema`."""

import json


def schema() -> None:
    """Print the JSON Schema of the scenario language, for editors that complete and check."""
    from mlsim.cli.catalogue import catalogue
    from mlsim.scenario.schema import schema as language

    catalogue()  # the schema holds the kinds that are known by then
    print(json.dumps(language(), indent=2))
