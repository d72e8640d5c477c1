"""`mlsim validate FILE`."""

from mlsim.cli.options import MonitoringFile, ScenarioFile, Settings, settings_of


def validate(file: ScenarioFile, set_: Settings = None, monitoring: MonitoringFile = None) -> None:
    """Check a scenario and the monitoring file it names; report all mistakes at once."""
    from mlsim.monitoring.loading import load_watched

    load_watched(file, settings_of(set_ or ()), monitoring)
    print(f"{file}: no mistakes found")
