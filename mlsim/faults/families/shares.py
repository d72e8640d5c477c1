"""How reports call a share of rows or answers that a fault has its hand in."""


def part(share: float) -> str:
    """A share, before `of the rows`.

    >>> part(1.0), part(0.3), part(0.002)
    ('all', '30%', '0.2%')
    """
    return "all" if share == 1 else f"{100 * share:.3g}%"
