"""What a run says of its clients, caches, priorities and replicas, where it has such."""

from collections.abc import Iterator, Mapping
from typing import Any

from mlsim.report import wording
from mlsim.telemetry.overview import MANY

Row = Mapping[str, Any]
_EACH = 8
"""Up to so many replicas a table has a line for each."""
_UNEVEN = 1.2
"""By how much the busiest replica is busier than the idlest, for a word about it."""
_MISSED = 0.01
"""Share of the visits to an optional component that bring nothing, for a word about it."""
_ALWAYS_TOLD = ("rejected", "lost")


def told(summary: Row) -> dict[str, list[str]]:
    """What there is to say, by what it is about."""
    return {
        "Clients": clients(summary),
        "Caches": caches(summary),
        "Priorities": priorities(summary),
        "Replicas": replicas(summary),
        "Optional": optional(summary),
    }


def clients(summary: Row) -> list[str]:
    """A clause for each client whose requests take time, or don't all bring an answer.

    >>> row = {"name": "app", "ended": {"ok": 97, "timed_out": 3}, "attempts": 110, "p95_s": 0.162}
    >>> clients({"components": [row | {"requests": 100, "p50_s": 0.07}]})
    ['app: 97% answered, half within 70 ms, 95% within 162 ms; 3% timed out; 1.1 attempts each']
    """
    return [_client(row) for row in summary["components"] if _is_telling(row)]


def _is_telling(row: Row) -> bool:
    """Whether there is more to say of a client than how many requests it has sent."""
    if not row.get("attempts"):
        return False
    return bool(row["p95_s"]) or row["ended"]["ok"] < row["requests"]


def _client(row: Row) -> str:
    total, ended = row["requests"], dict(row["ended"])
    answered = ended.pop("ok")
    quick = ""
    if row["p95_s"]:
        half, most = wording.duration(row["p50_s"]), wording.duration(row["p95_s"])
        quick = f", half within {half}, 95% within {most}"
    parts = [f"{row['name']}: {_share(answered, total)} answered{quick}"]
    parts += [f"{_share(n, total)} {how.replace('_', ' ')}" for how, n in ended.items() if n]
    if row["attempts"] > total:
        hedges = row.get("hedges") or 0
        of_these = f", {wording.number(hedges / total)} of them hedges" if hedges else ""
        parts.append(f"{wording.number(row['attempts'] / total)} attempts each{of_these}")
    if (still := row.get("unended", 0)) > MANY * total:
        parts.append(f"{wording.large(still)} more under way at the end")
    return "; ".join([*parts, *_kept_back(row)])


def _kept_back(row: Row) -> Iterator[str]:
    """What a breaker or a budget kept a client from sending; older runs don't tell.

    >>> [*_kept_back({"requests": 100, "unsent": 20, "denied": 3, "denied_by": "budget"})]
    ['20% not sent (breaker)', '3% not tried again (budget)']
    """
    if unsent := row.get("unsent"):
        opened = f", opened {wording.counted(n, 'time')}" if (n := row.get("opened")) else ""
        yield f"{_share(unsent, row['requests'])} not sent (breaker{opened})"
    if denied := row.get("denied"):
        yield f"{_share(denied, row['requests'])} not tried again ({row['denied_by']})"


def _share(part: int, total: int) -> str:
    """A share in percent, which is 100% only if it is all.

    >>> _share(100, 100), _share(99_999, 100_000), _share(3, 100)
    ('100%', '99.999%', '3%')
    """
    share = part / total
    if share < 1 and wording.percent(share) == "100%":
        return f"{100 - float(f'{100 * (1 - share):.2g}'):g}%"
    return wording.percent(share)


def caches(summary: Row) -> list[str]:
    """A clause for each cache: its hit rate."""
    return [
        f"{row['name']}: {_share(row['hits'], total)} of {wording.large(total)} look-ups hit"
        for row in summary["components"]
        if (total := row.get("hits", 0) + row.get("misses", 0))
    ]


def priorities(summary: Row) -> list[str]:
    """A clause for each component with priorities: how long each takes there, and who is lost.

    >>> urgent = {"priority": 2, "requests": 9, "ended": {"served": 9}, "p95_s": 0.4}
    >>> other = {"priority": 0, "requests": 9, "ended": {"served": 6}, "p95_s": 7.0}
    >>> priorities({"components": [{"name": "desk", "priorities": [urgent, other]}]})
    ['desk: 95% at priority 2 within 400 ms, at 0 within 7 s (33% not served)']
    """
    return [
        f"{row['name']}: 95% at priority {', at '.join(map(_urgent, row['priorities']))}"
        for row in summary["components"]
        if row.get("priorities")
    ]


def _urgent(row: Row) -> str:
    if row["p95_s"] is None:
        return f"{row['priority']} never"
    none = 1 - row["ended"]["served"] / row["requests"]
    turned_away = f" ({wording.percent(none)} not served)" if none else ""
    return f"{row['priority']} within {wording.duration(row['p95_s'])}{turned_away}"


def replicas(summary: Row) -> list[str]:
    """A clause for each component whose replicas have a queue each, and some more to do.

    >>> idle, busy = {"replica": 0, "utilisation": 0.29}, {"replica": 2, "utilisation": 0.51}
    >>> replicas({"components": [{"name": "shop", "own_queues": True, "replicas": [busy, idle]}]})
    ['shop: from 29% (replica 0) to 51% (replica 2) utilised']
    """
    return [
        f"{row['name']}: from {_busy(least)} to {_busy(most)} utilised"
        for row in summary["components"]
        if row.get("own_queues")
        for least, most in _uneven(row)
    ]


def _uneven(row: Row) -> Iterator[tuple[Row, Row]]:
    """The idlest replica and the busiest, if they differ."""
    known = [one for one in row["replicas"] if one["utilisation"] is not None]
    ranked = sorted(known, key=lambda one: float(one["utilisation"]))
    if ranked and ranked[-1]["utilisation"] > _UNEVEN * ranked[0]["utilisation"]:
        yield ranked[0], ranked[-1]


def _busy(row: Row) -> str:
    return f"{wording.percent(row['utilisation'])} (replica {row['replica']})"


def optional(summary: Row) -> list[str]:
    """A clause for each optional component that let many go on without it; older runs tell of none.

    >>> row = {"name": "db", "optional": True, "requests": 50, "ended": {"served": 9}}
    >>> row["ended"] |= {"rejected": 0, "timed_out": 41}
    >>> optional({"components": [row]})
    ['db: 82% of visits brought nothing (timed out)']
    """
    return [
        f"{row['name']}: {_share(missed, row['requests'])} of visits brought nothing"
        f" ({', '.join(_named(row['ended']))})"
        for row in summary["components"]
        if row.get("optional")
        if (missed := row["requests"] - row["ended"]["served"]) > _MISSED * row["requests"]
    ]


def _named(ended: Mapping[str, int]) -> list[str]:
    return [how.replace("_", " ") for how, n in ended.items() if n and how != "served"]


def client_rows(summary: Row) -> list[Row]:
    """The clients, for a table; older runs tell of none."""
    return [row for row in summary["components"] if "attempts" in row]


def ends(clients: list[Row]) -> list[str]:
    """How requests of clients ended, as far as any of them did."""
    return [how for how in (clients[0]["ended"] if clients else ()) if _any(clients, how)]


def _any(clients: list[Row], how: str) -> bool:
    return how == "ok" or any(row["ended"][how] for row in clients)


def component_rows(summary: Row) -> list[Row]:
    """All other components, each followed by its priorities and its replicas, which have `part`."""
    rows: list[Row] = []
    for row in summary["components"]:
        if "attempts" not in row:
            rows += [row, *_parts(row)]
    return rows


def losses(rows: list[Row]) -> list[str]:
    """How visits ended without being served, as far as any did: what the table has columns for.

    >>> losses([{"ended": {"served": 5, "rejected": 0, "lost": 0, "failed": 0, "expired": 3}}])
    ['rejected', 'lost', 'expired']
    """
    ended = [row["ended"] for row in rows if "ended" in row]
    known = dict.fromkeys(how for counts in ended for how in counts)
    others = (how for how in known if how not in (*_ALWAYS_TOLD, "served"))
    return [*_ALWAYS_TOLD, *(how for how in others if any(counts.get(how) for counts in ended))]


def _parts(row: Row) -> Iterator[Row]:
    for one in row.get("priorities") or ():
        yield {**one, **one["ended"], "part": f"priority {one['priority']}"}
    replicas = sorted(row.get("replicas") or (), key=lambda one: float(one["utilisation"] or 0.0))
    if len(replicas) > _EACH:
        named = {"idlest": replicas[0], "busiest": replicas[-1]}
        replicas = [
            {**one, "part": f"{word} of {len(replicas)} replicas: {one['replica']}"}
            for word, one in named.items()
        ]
    for one in sorted(replicas, key=lambda one: int(one["replica"])):
        yield {"part": f"replica {one['replica']}", **one}
