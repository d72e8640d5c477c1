"""Studies every scenario of this folder and writes README.md and figures/: `make interactions`."""

from pathlib import Path

import mlsim
from mlsim.report.interactions import Interactions
from mlsim.report.shown import png
from mlsim.studies.intervals import of_mean

FOLDER = Path(__file__).parent
PAGE = FOLDER / "README.md"
SEEDS = 10
CLAIMS = {
    "flood_and_fire": "Flood control and fire control work independently, but live on the same "
    "resource: flood control may turn off the sprinklers' water while it still burns.",
    "brake_and_air_conditioning": "The electronic parking brake lets go over a certain engine "
    "speed, and air conditioning may bring about that engine speed.",
    "weather_and_smileys": "Two plugins of a blog work on the same tokens of a post: their "
    "preconditions overlap.",
    "call_forwarding_and_waiting": "Call forwarding and call waiting react to the same event, "
    "which is a race if nobody has decided who goes first.",
    "eight_features": "Components that are developed and tested independently are not fully "
    "independent; which of the many pairs interact, one learns by looking at the whole.",
    "two_bidders": "Two models that are each good for people alone are bad for them together: "
    "they bid for the same attention.",
}
"""The lecture's claim that a scenario shows, in the order of the page."""
LESSONS = {
    "flood_and_fire": "All four remedies work here, since one of the two can wait. Isolation costs "
    "a second pipe.",
    "brake_and_air_conditioning": "Priority and locking don't help: nobody competes for anything. "
    "The loop through the engine has to be cut, on either side of it.",
    "weather_and_smileys": "It breaks in one order of the plugins only, so priority helps; a lock "
    "doesn't, for it lets whoever comes first spoil the post.",
    "call_forwarding_and_waiting": "Each order breaks another promise, so no order helps. A rule "
    "that knows of both does, and so does a channel of its own for the tone.",
    "eight_features": "Things hang together far beyond the four pairs: the neighbour calls because "
    "of the fire. The pass over reads and writes warns of that too, and runs show no harm.",
    "two_bidders": "Neither model got worse. A rule that lets one of them speak at a time keeps "
    "what both are good for.",
}
HEAD = """\
# Features that work alone and fail together

Generated from runs by `make interactions`; don't edit. In each scenario features act on states of a
world and promise something
([how to write one](../../docs/language.md#events-and-features-what-a-product-does)).
`mlsim interactions FILE`
runs the product with none of them, each alone, all pairs, and all; where two react to one event, in
both orders. Nowhere does it say what interacts: it comes out.
"""


def page(found: dict[str, Interactions]) -> str:
    """The whole page."""
    sections = [section(name, one) for name, one in found.items()]
    return "\n".join([HEAD, *sections, *(by_chance(one) for one in found.values() if drawn(one))])


def section(name: str, found: Interactions) -> str:
    """One scenario: the claim, the command, what was found, what led to it, what helps."""
    title = found.study.scenario.title
    lines = [f"## {title}: [{name}.yaml]({name}.yaml)", "", f"*{CLAIMS[name]}*", ""]
    lines += ["```", f"mlsim interactions scenarios/interactions/{name}.yaml", "```", ""]
    lines += [f"{found.headline}. {found.forewarned}.", "", f"![{title}](figures/{name}.png)", ""]
    lines += ["| features | kind | through | broken promise | of | only in the order |"]
    lines += ["| --- | --- | --- | --- | --- | --- |"]
    for one in found.study.found:
        order = " before ".join(found.title((f,)) for f in one.order) or "any"
        lines += [
            f"| {found.title(one.features)} | {one.kind} | `{', '.join(one.via)}` "
            f"| `{one.promise}` | {found.title((one.owner,))} | {order} |"
        ]
    lines += ["", "What led to the first of them:", "", "```"]
    lines += [*found.trace(found.study.found[0]), "```", ""]
    if found.study.scenario.outcomes:
        lines += [*outcomes(found), ""]
    lines += [
        "| remedy | | promises left broken | broken by the remedy |",
        "| --- | --- | --- | --- |",
    ]
    for row in found.resolutions.itertuples():
        verdict = "**resolves it**" if row.resolves else "does not"
        lines += [f"| {row.title} | {verdict} | {row.left} | {row.newly_broken} |"]
    return "\n".join([*lines, "", LESSONS[name], ""])


def outcomes(found: Interactions) -> list[str]:
    """What people got from each product."""
    known = found.study.scenario.outcomes
    head = ["product", *(one.title or name for name, one in known.items())]
    rows = [
        [str(product), *(f"{value:,.0f}" for value in values)]
        for product, values in zip(
            found.outcomes.index, found.outcomes[list(known)].to_numpy(), strict=True
        )
    ]
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


def drawn(found: Interactions) -> bool:
    """Whether chance is at work: people come to a machine."""
    return bool(found.study.scenario.outcomes)


def by_chance(first: Interactions) -> str:
    """What of a scenario with people holds under other seeds, which are other people."""
    file, seed = first.study.scenario.document.path, first.study.scenario.seed
    others = [mlsim.interactions(file, seed=seed + more) for more in range(1, SEEDS)]
    every = [first, *others]
    same = sum(broken(one) == broken(first) for one in every)
    helped = sum(bool(one.resolutions.resolves.all()) for one in every)
    lines = [
        f"Chance is at work in this one. Under {same} of {SEEDS} seeds the same promises break, "
        f"and under {helped} the remedy helps. What features add to the product without "
        "any, for the same people with the same luck, with intervals at 99%:",
        "",
    ]
    return "\n".join([*lines, *differences(every), ""])


def broken(found: Interactions) -> set[tuple[str, str]]:
    """Whose promises break, and in which company."""
    return set(zip(found.table["features"], found.table["promise"], strict=True))


def differences(every: list[Interactions]) -> list[str]:
    """What each product adds to the outcomes, over seeds."""
    known = every[0].study.scenario.outcomes
    lines = [f"| product | {' | '.join(one.title or name for name, one in known.items())} |"]
    lines += [f"| {' | '.join(['---'] * (len(known) + 1))} |"]
    for product in every[0].outcomes.index[1:]:
        told = []
        for name in known:
            tables = [one.outcomes[name] for one in every]
            mean, low, high = of_mean([table[product] - table["none"] for table in tables], 0.99)
            told += [f"{mean:+,.0f} ({low:+,.0f} to {high:+,.0f})"]
        lines += [f"| {product} | {' | '.join(told)} |"]
    return lines


def main() -> None:
    """Study all and write the page with its figures."""
    figures = FOLDER / "figures"
    figures.mkdir(exist_ok=True)
    found = {name: mlsim.interactions(FOLDER / f"{name}.yaml") for name in CLAIMS}
    for name, one in found.items():
        (figures / f"{name}.png").write_bytes(png(one.plot()))
    PAGE.write_text(page(found), encoding="utf-8")


if __name__ == "__main__":
    main()
