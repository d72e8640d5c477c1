"""A run as the report shows it, straight from its findings instead of from its folder."""

from pathlib import Path

from mlsim.measures.findings import Findings
from mlsim.measures.summary import summary
from mlsim.report.figures.catalogue import shown
from mlsim.report.folder import RunFolder
from mlsim.report.html import page
from mlsim.report.run_folder import origin
from mlsim.report.world_folder import table_of


def as_folder(findings: Findings, wall_s: float) -> RunFolder:
    """What `folder.read` gives for the folder that `write_run` would write."""
    return RunFolder(
        summary=summary(findings),
        run=origin(findings, wall_s),
        alerts=findings.alerts,
        detection=findings.detection.astype({"false_alarms": float, "false_alarms_per_day": float}),
        outcomes=findings.outcomes,
        minutes={
            world: table_of(record.totals, record.step).frame()
            for world, record in findings.records.items()
        },
        states={world: record.states for world, record in findings.records.items()},
        telemetry=lambda metric: findings.run.store,
    )


def write_page(findings: Findings, wall_s: float, path: Path) -> None:
    """Write the report as one page to `path`."""
    run = as_folder(findings, wall_s)
    path.write_text(page(run, shown(run)), encoding="utf-8")
