"""`mlsim validate FILE`."""

from mlsim.cli.options import MonitoringFile, ScenarioFile, Settings, settings_of


def validate(file: ScenarioFile, set_: Settings = None, monitoring: MonitoringFile = None) -> None:
    """Check a scenario and the monitoring file it names; report all mistakes at once."""
    from mlsim.monitoring.blind import blind_spots
    from mlsim.monitoring.loading import load_watched
    from mlsim.studies.memory import TooMuchMemory
    from mlsim.studies.recording import Recording
    from mlsim.studies.worlds import check_memory, worlds_of
    from mlsim.system.ways import doubtful

    scenario, watching = load_watched(file, settings_of(set_ or ()), monitoring)
    print(f"{file}: no mistakes found")
    for doubt in doubtful(scenario):
        print(f"Warning: {scenario.document.problem(*doubt)}")
    for blind in blind_spots(watching.rules if watching else (), scenario):
        print(f"Warning: {file}: {blind}")
    if scenario.has_machine:
        try:
            check_memory(scenario, watching, Recording.of(scenario, ()), len(worlds_of(scenario)))
        except TooMuchMemory as error:
            print(f"Warning: {file}: {error}")
