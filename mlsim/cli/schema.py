"""`mlsim schema`."""

import json
from typing import Annotated

import typer


def schema(
    monitoring: Annotated[
        bool, typer.Option("--monitoring", help="The schema of monitoring files instead.")
    ] = False,
) -> None:
    """Print the language's JSON Schema, for editors that complete and check."""
    from mlsim.cli.catalogue import catalogue
    from mlsim.monitoring.spec import MonitoringFile
    from mlsim.scenario import schema as schemas

    catalogue()  # the schemas hold the kinds that are known by then
    if monitoring:
        language = schemas.schema_of(MonitoringFile, "mlsim monitoring file")
    else:
        language = schemas.schema()
    print(json.dumps(language, indent=2))
