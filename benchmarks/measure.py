"""One measurement in a process of its own: `python -m benchmarks.measure MODULE FUNCTION ARG...`

Prints what the function gave and the peak memory of the process and its children, as JSON.
"""

import importlib
import json
import resource
import sys

ALONE = ("cimba_chain", "starting")
"""What must not find compiled code in its process."""


def main() -> None:
    module, function, *arguments = sys.argv[1:]
    if module not in ALONE:
        from mlsim.telemetry.warming import warm

        warm()
    call = getattr(importlib.import_module(f"benchmarks.{module}"), function)
    value = call(*(int(float(a)) if float(a).is_integer() else float(a) for a in arguments))
    print(json.dumps({"value": value, "peak_mib": peak()}))


def peak() -> float:
    """MiB of resident memory at most, of this process or of one that it started."""
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(one).ru_maxrss for one in who) / 1024


if __name__ == "__main__":
    main()
