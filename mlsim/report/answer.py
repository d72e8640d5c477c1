"""The answer in three sentences: what broke, who noticed and when, what it cost by then."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from mlsim.report import wording

Summary = Mapping[str, Any]
Fault = Mapping[str, Any]

_TOLD_SINGLY = 2
"""Up to so many faults a sentence has room for each."""
NO_TELLING = "without a fault there is no telling right from wrong alerts"
NOTHING = "nothing"
_SHORT = 600.0
"""Seconds: of what is over sooner, the duration is told, which is read more easily."""


class Answer(NamedTuple):
    """One sentence for each question, in the order in which people ask them."""

    broke: str
    noticed: str
    cost: str


def answer(summary: Summary) -> Answer:
    """What a run has to say, from its `summary.json`."""
    return Answer(what_broke(summary), who_noticed(summary), what_it_cost(summary))


def begun(summary: Summary) -> list[Fault]:
    """The faults that began before the run's end."""
    return [fault for fault in summary["faults"] if fault["began"]]


def has_twin(summary: Summary) -> bool:
    """Whether the run was compared with a twin; `--no-twin` leaves its figures out."""
    twins = [outcome["twin"] for outcome in summary["outcomes"]]
    twins += [rule["firings_twin"] for rule in summary["rules"]]
    return any(figure is not None for figure in twins)


def has_damage(summary: Summary) -> bool:
    """Whether the run can differ from its twin; where nothing broke, both are the same world."""
    return has_twin(summary) and bool(begun(summary))


def what_broke(summary: Summary) -> str:
    """Sentence one: the faults and how long they lasted."""
    scenario, faults = summary["scenario"], begun(summary)
    if not summary["faults"]:
        return "Nothing was broken: the scenario has no faults."
    if not faults:
        names = wording.listed([fault["name"] for fault in summary["faults"]])
        run = wording.duration(scenario["horizon_s"])
        return f"Nothing broke: {names} would have begun after the end of the run ({run})."
    if len(faults) == 1:
        fault = faults[0]
        span = _span(fault, scenario["horizon_s"], scenario["start"])
        return f"{wording.capital(fault['title'])}, {span}."
    if len(faults) > _TOLD_SINGLY:
        first = wording.moment(min(fault["at_s"] for fault in faults), scenario["start"])
        names = wording.listed([fault["name"] for fault in faults])
        return f"{wording.capital(wording.counted(len(faults), 'fault'))} from {first} on: {names}."
    each = [
        f"{fault['name']} ({fault['title']}; {_span(fault, scenario['horizon_s'], None)})"
        for fault in faults
    ]
    return f"{wording.capital(wording.counted(len(faults), 'fault'))}: {wording.listed(each)}."


def _span(fault: Fault, horizon_s: float, start: str | None) -> str:
    begin = wording.moment(fault["at_s"], start)
    until = fault["until_s"]
    ended = until is not None and until < horizon_s
    if not ended:
        end = "to the end of the run"
    elif until - fault["at_s"] < _SHORT:
        end = f"for {wording.duration(until - fault['at_s'])}"
    else:
        end = f"to {wording.moment(until, start)}"
    ramp = f", building up over {wording.duration(fault['ramp_s'])}" if fault["ramp_s"] else ""
    again = ", then restarted" if ended and fault.get("restarted") else ""
    return f"from {begin} {end}{again}{ramp}"


def who_noticed(summary: Summary) -> str:
    """Sentence two: the first alert that each fault caused, and how long it took."""
    monitoring, faults = summary["monitoring"], begun(summary)
    if not monitoring or not monitoring["rules"]:
        return "Nobody could notice: no alerting rule was watching."
    if not faults:
        return _without_faults(summary)
    if not has_twin(summary) and not any(fault["detected"] for fault in faults):
        return _unattributed(summary)
    if len(faults) == 1:
        return f"{wording.capital(_noticed_alone(faults[0], summary))}."
    if len(faults) > _TOLD_SINGLY or not any(fault["detected"] for fault in faults):
        return _noticed_of_many(faults, monitoring["rules"])
    return f"{wording.capital('; '.join(_noticed_among(fault) for fault in faults))}."


def _without_faults(summary: Summary) -> str:
    """What fired, and no verdict: a sale or a cold cache is trouble, too, and no fault tells."""
    fired = _that_fired(summary)
    if not fired:
        rules = wording.counted(summary["monitoring"]["rules"], "rule")
        return f"No alert fired, with {rules} watching."
    count = sum(rule["firings_run"] for rule in fired)
    return (
        f"{wording.capital(wording.counted(count, 'alert'))} fired"
        f"{_from_when(fired, summary)}: {_fired(summary)}; {NO_TELLING}."
    )


def _from_when(fired: list[Mapping[str, Any]], summary: Summary) -> str:
    """When the first of several alerts fired; older runs don't tell."""
    moments = [rule["first_firing_s"] for rule in fired if "first_firing_s" in rule]
    if not moments:
        return ""
    several = sum(rule["firings_run"] for rule in fired) > 1
    when = wording.moment(min(moments), summary["scenario"]["start"])
    return f", {'the first ' if several else ''}on {when}"


def _unattributed(summary: Summary) -> str:
    alerts = _fired(summary)
    if not alerts:
        return "Nobody noticed: no alert fired in the whole run."
    return f"Who noticed is open without a twin: these alerts fired, for whatever reason: {alerts}."


def _fired(summary: Summary) -> str:
    """The rules that fired, in the order in which they did first; older runs don't tell."""
    fired = sorted(_that_fired(summary), key=lambda rule: float(rule.get("first_firing_s") or 0.0))
    return wording.listed([f"{rule['rule']} ({_times(rule['firings_run'])})" for rule in fired])


def _that_fired(summary: Summary) -> list[Mapping[str, Any]]:
    return [rule for rule in summary["rules"] if rule["firings_run"]]


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _noticed_alone(fault: Fault, summary: Summary) -> str:
    detected, start = fault["detected"], summary["scenario"]["start"]
    if detected is None:
        return _unnoticed_alone(fault, summary)
    by = _rule(detected)
    at = wording.moment(detected["firing_s"], start)
    if late := _late(fault):
        return f"{by} noticed only on {at}, {late}"
    return f"{by} noticed after {wording.duration(detected['time_to_detect_s'])}, on {at}"


def _unnoticed_alone(fault: Fault, summary: Summary) -> str:
    end, rules = summary["scenario"]["horizon_s"], summary["monitoring"]["rules"]
    none = "its one rule did not fire" if rules == 1 else f"none of {rules} rules fired"
    until = min(fault["until_s"] or end, end)
    lasted = f"in the {wording.duration(until - fault['at_s'])}"
    if until == end:
        return f"nobody noticed: {none} because of it {lasted} up to the end of the run"
    after = f"the {wording.duration(end - until)} after it"
    return f"nobody noticed: {none} because of it {lasted} that it lasted or {after}"


def _noticed_among(fault: Fault) -> str:
    detected = fault["detected"]
    if detected is None:
        return f"nobody noticed {fault['name']}"
    when = _late(fault) or f"after {wording.duration(detected['time_to_detect_s'])}"
    return f"{_rule(detected)} noticed {fault['name']} {when}"


def _rule(detected: dict[str, Any]) -> str:
    severity = detected["severity"]
    return f"{detected['rule']} ({severity})" if severity else str(detected["rule"])


def _noticed_of_many(faults: list[Fault], rules: int) -> str:
    """The quickest and the slowest detection; and whatever nobody noticed, by name."""
    noticed = [fault for fault in faults if fault["detected"]]
    missed = wording.listed([fault["name"] for fault in faults if not fault["detected"]])
    if not noticed:
        which = "either" if len(faults) == _TOLD_SINGLY else "any"
        none = "the one rule did not fire" if rules == 1 else f"none of {rules} rules fired"
        return (
            f"Nobody noticed {which} of the {wording.counted(len(faults), 'fault')}: {none} "
            "because of them in the whole run."
        )
    noticed.sort(key=lambda fault: float(fault["detected"]["time_to_detect_s"]))
    share = f"of {len(faults)} faults {wording.counted(len(noticed), 'was', 'were')} noticed"
    quickest, slowest = _by_whom(noticed[0]), _by_whom(noticed[-1])
    last = f", the slowest {slowest}" if len(noticed) > 1 else ""
    rest = f"; nobody noticed {missed}" if missed else ""
    return f"{wording.capital(share)}: the quickest {quickest}{last}{rest}."


def _by_whom(fault: Fault) -> str:
    detected = fault["detected"]
    taken = wording.duration(detected["time_to_detect_s"])
    return f"after {taken} ({fault['name']}, by {detected['rule']})"


def _late(fault: Fault) -> str:
    """Says how long after the fault's end the alert came; empty if it came in time."""
    until, firing = fault["until_s"], fault["detected"]["firing_s"]
    if until is None or firing <= until:
        return ""
    return f"{wording.duration(firing - until)} after the fault had ended"


def what_it_cost(summary: Summary) -> str:
    """Sentence three: what the faults had cost when somebody noticed, and in all."""
    faults = begun(summary)
    if not summary["outcomes"]:
        return "What it cost is unknown: the scenario states no outcomes."
    if not faults:
        return _plain_cost("The run", summary)
    if not has_twin(summary):
        return _plain_cost("What it cost is open without a twin; the run as a whole", summary)
    if len(faults) == 1:
        return _cost_alone(faults[0])
    return _cost_among(faults, summary)


def anyway(summary: Summary) -> str:
    """What a load that was too much cost without the faults, if that is more than they cost."""
    overload = overloaded_anyway(summary) if has_damage(summary) else ""
    outcomes = summary["outcomes"]
    twin, harm = (
        sum(row[f"cost_{of}"] or 0.0 for row in outcomes) for of in ("twin", "difference")
    )
    if not overload or is_nothing(twin) or twin <= abs(harm):
        return ""
    without = "it" if len(begun(summary)) == 1 else "them"
    cost = _plain_cost(f"The same run without {without}", summary, "cost_twin")
    return f"{cost.removesuffix('.')}; {overload}."


def false_alarms(summary: Summary) -> tuple[int, str]:
    """How often rules fired in the twin, and what that may be called.

    Where load alone was too much for a component, an alert that tells of it is none that is false.
    """
    count = sum(rule["firings_twin"] for rule in summary["rules"])
    return count, "alert" if overloaded_anyway(summary) else "false alarm"


def overloaded_anyway(summary: Summary) -> str:
    """Says which components were overloaded in the twin; empty if none was, and of older runs.

    >>> overloaded_anyway({"overloaded_twin": ["pool", "db"]})
    'pool and db were overloaded there'
    """
    names = summary.get("overloaded_twin") or []
    were = "was" if len(names) == 1 else "were"
    return f"{wording.listed(names)} {were} overloaded there" if names else ""


def _plain_cost(subject: str, summary: Summary, key: str = "cost_run") -> str:
    priced = [outcome for outcome in summary["outcomes"] if outcome[key] is not None]
    if not any(outcome[key] for outcome in priced):
        counts = [f"{_quoted(row)} {_amount(row['run'], row)}" for row in summary["outcomes"]]
        verdict = "cost nothing" if priced else "is not priced"
        return f"{subject} {verdict}: {wording.listed(counts)}."
    priced = [outcome for outcome in priced if outcome[key]]
    currency = priced[0]["currency"]
    total = wording.about(sum(outcome[key] for outcome in priced), currency)
    most = max(priced, key=lambda outcome: float(outcome[key]))
    share = wording.about(most[key], currency)
    if len(priced) == 1:
        return f"{subject} cost {total}, all of it for {_quoted(most)}."
    return f"{subject} cost {total}, most of it for {_quoted(most)} ({share})."


def _cost_alone(fault: Fault) -> str:
    cost = fault["cost"]
    if all(is_nothing(row["cost"]) for row in fault["damage"]):
        return _unpriced(fault)
    if is_nothing(cost["total"]):
        return f"It cost nothing on balance; against its twin: {_changed(fault['damage'])}."
    total = wording.about(abs(cost["total"]), cost["currency"])
    if cost["total"] < 0:
        return f"It cost nothing on balance: the run came out {total} cheaper than its twin."
    most = _most(fault)
    if fault["detected"] is None:
        return f"It cost {total} without anybody knowing{most}."
    if _late(fault) and cost["before_alert"] >= cost["total"]:
        return f"By then the whole cost, {total}, had been paid{most}."
    paid = cost["before_alert"]
    by_then = wording.about(paid, cost["currency"]) if paid > 0 else "nothing"
    return f"By then it had cost {by_then}, of {total} in all{most}."


def _most(fault: Fault) -> str:
    """Names the dearest outcome; and what others saved, or the parts would not add up."""
    row = max(fault["damage"], key=lambda damage: float(damage["cost"] or 0))
    currency = fault["cost"]["currency"]
    price = wording.about(row["cost"], currency)
    saved = sum(min(damage["cost"] or 0.0, 0.0) for damage in fault["damage"])
    less = f", less {wording.about(-saved, currency)} saved elsewhere" if saved else ""
    if row["cost"] == fault["cost"]["total"]:
        return f", all of it for {_quoted(row)} ({_more(row)})"
    return f", most of it for {_quoted(row)} ({_more(row)}, {price}{less})"


def _unpriced(fault: Fault) -> str:
    changed = _changed(fault["damage"])
    if not changed:
        return "It cost nothing: every outcome is the same as in its twin."
    return f"No cost follows from it; against its twin: {changed}."


def _changed(rows: Iterable[Mapping[str, Any]]) -> str:
    """The outcomes that are others than the twin's, and by how much."""
    return wording.listed([f"{_quoted(row)} {_more(row)}" for row in rows if row["difference"]])


def _cost_among(faults: list[Fault], summary: Summary) -> str:
    is_pair = len(faults) == _TOLD_SINGLY
    if all(is_nothing(row["cost"]) for fault in faults for row in fault["damage"]):
        changed = _changed(summary["outcomes"])
        if not changed:
            return "They cost nothing: every outcome is the same as in their twin."
        which = "either" if is_pair else "any"
        return f"No cost follows from {which} of them; against their twin: {changed}."
    currency = faults[0]["cost"]["currency"]
    together = sum(outcome["cost_difference"] or 0.0 for outcome in summary["outcomes"])
    all_of_them = "both" if is_pair else "all"
    if is_nothing(together):
        return f"{_each_cost(faults)}; {all_of_them} together cost nothing."
    word = "less" if together < 0 else "more"
    # A cost is always against the twin; it is said where nothing else is compared.
    against = (together > 0 and _beyond(summary)) or f" {word} than their twin"
    price = wording.about(abs(together), currency)
    return f"{_each_cost(faults)}; {all_of_them} together cost {price}{against}."


def is_nothing(cost: float | None) -> bool:
    """Whether there is no cost, or less than a cent of it."""
    return cost is None or round(cost, 2) == 0


def _each_cost(faults: list[Fault]) -> str:
    """What each fault cost until it was noticed; of many only the dearest."""
    anybody = any(fault["detected"] for fault in faults)
    opening = "By then" if anybody else "Without anybody knowing,"
    if len(faults) > _TOLD_SINGLY:
        dearest = max(faults, key=lambda fault: float(fault["cost"]["total"] or 0))
        return f"{opening} the dearest, {dearest['name']}, {_cost_of(dearest, anybody=anybody)}"
    each = [f"{fault['name']} {_cost_of(fault, anybody=anybody)}" for fault in faults]
    return f"{opening} {wording.listed(each)}"


def after_repair(summary: Summary) -> str:
    """What repaired faults still do, by way of models, in a sentence; empty if they do nothing."""
    told: list[str] = []
    for fault in begun(summary):
        until, radius = fault["until_s"], fault["radius"]
        if until is None or not radius or not radius["after_repair"] or not radius["models"]:
            continue
        of = f" ({fault['name']})" if len(begun(summary)) > 1 else ""
        noun = "" if told else " rows"
        told.append(f"{wording.large(radius['after_repair'])}{noun}{of}")
    return f"Models made of spoilt rows touched {wording.listed(told)}." if told else ""


def _beyond(summary: Summary) -> str:
    """What the faults do to each other, where that is worth a word: a hundredth of their cost."""
    together = summary["together"]
    if not together or not together["cost_beyond"]:
        return ""
    beyond = together["cost_beyond"]
    costs = sum(abs(fault["cost"]["total"] or 0.0) for fault in begun(summary))
    if abs(beyond) < 0.01 * costs:
        return ""
    word = "less" if beyond < 0 else "more"
    return f", {wording.about(abs(beyond), together['currency'])} {word} than their sum"


def _cost_of(fault: Fault, *, anybody: bool) -> str:
    """What a fault cost, until it was noticed if it was, and in all; what it saved is no cost.

    >>> cost = {"total": 9.0, "before_alert": -2.0, "currency": "EUR"}
    >>> _cost_of({"cost": cost, "detected": {}}, anybody=True)
    'had cost nothing (of 9 EUR in all)'
    >>> _cost_of({"cost": cost | {"total": -2.14}, "detected": None}, anybody=False)
    'saved 2.14 EUR'
    >>> _cost_of({"cost": cost | {"total": 0.0}, "detected": {}}, anybody=True)
    'had cost nothing'
    """
    cost, had = fault["cost"], "had " if anybody else ""
    total = _amount_of(cost["total"], cost["currency"])
    if cost["total"] is not None and cost["total"] < 0 and not is_nothing(cost["total"]):
        return f"{had}saved {_amount_of(-cost['total'], cost['currency'])}"
    if fault["detected"] is None:
        return f"{had}cost {total}{', unnoticed to the end' if anybody else ''}"
    by_then = _amount_of(cost["before_alert"], cost["currency"])
    if by_then == total == NOTHING:
        return f"had cost {NOTHING}"
    return f"had cost {by_then} (of {total} in all)"


def _amount_of(cost: float | None, currency: str) -> str:
    return NOTHING if cost is None or round(cost, 2) <= 0 else wording.about(cost, currency)


def _more(row: Mapping[str, Any]) -> str:
    return f"{wording.signed(row['difference'])} {row['unit']}".strip()


def _amount(value: float, row: Mapping[str, Any]) -> str:
    return f"{wording.number(value)} {row['unit']}".strip()


def _quoted(row: Mapping[str, Any]) -> str:
    # Titles are other people's words, and need not fit into a sentence of ours.
    return f'"{wording.capital(row["title"])}"'
