"""A coverage as JUnit's XML, which continuous integration servers read: a test case per fault."""

from xml.etree import ElementTree as Tree

from mlsim.report import wording
from mlsim.report.coverage import Coverage


def junit_xml(coverage: Coverage, name: str) -> str:
    """The XML; `name` is that of the suite.

    A fault that doesn't fulfil the requirements fails; without any, one that nothing ever noticed.
    A replication that failed is an error.
    """
    failed = _failed(coverage)
    suite = Tree.Element(
        "testsuite",
        name=name,
        tests=str(len(coverage.faults) + len(coverage.failures)),
        failures=str(len(failed)),
        errors=str(len(coverage.failures)),
    )
    for fault in coverage.faults:
        case = Tree.SubElement(suite, "testcase", classname=name, name=fault)
        for message in failed.get(fault, ()):
            Tree.SubElement(case, "failure", message=message)
        Tree.SubElement(case, "system-out").text = _found(coverage, fault)
    for failure in coverage.failures:
        case = Tree.SubElement(suite, "testcase", classname=name, name=f"seed {failure.seed}")
        Tree.SubElement(case, "error", message=failure.error).text = failure.command
    Tree.indent(suite)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Tree.tostring(suite, "unicode") + "\n"


def _failed(coverage: Coverage) -> dict[str, list[str]]:
    if not coverage.requirements:
        return {fault: ["nothing noticed it in any run"] for fault in coverage.uncovered}
    failed: dict[str, list[str]] = {}
    for unmet in coverage.unmet:
        failed.setdefault(unmet.fault, []).append(f"{unmet.requirement}: {unmet.found}")
    return failed


def _found(coverage: Coverage, fault: str) -> str:
    rows = coverage.table[coverage.table["fault"] == fault]
    return "\n".join(
        f"{row['kind']} {row['watcher']}: noticed in {wording.percent(row['detected'])} of "
        f"{row['runs']} runs"
        for row in rows.to_dict("records")
    )
