"""What studies keep of a run, in a form that is small and can be written down."""

from typing import Any

from mlsim.measures.findings import Findings
from mlsim.measures.headline import headline
from mlsim.measures.watchers import false_alarms, notices

NOTICES, FALSE_ALARMS = "notices", "false_alarms"


def measured(findings: Findings) -> dict[str, Any]:
    """The headline measures, who noticed what, and how often each rule fired in the twin.

    notices: lists of the fields of `mlsim.measures.watchers.Notice`. false_alarms: by rule.
    """
    kept: dict[str, Any] = headline(findings)
    kept[NOTICES] = [list(notice) for notice in notices(findings)]
    kept[FALSE_ALARMS] = false_alarms(findings)
    return kept
