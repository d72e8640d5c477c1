"""Expressions as people write them, to be read and not to be parsed."""

from mlsim.scenario.tree import Binary, Call, Compare, Expression, IfElse, Logic, Number, Unary
from mlsim.scenario.units import duration_text

_COMPARISON, _SIGN, _CALL = 4, 7, 9
_BINDS = {"or": 1, "and": 2, "not": 3, "+": 5, "-": 5, "*": 6, "/": 6, "**": 8}
"""How tightly what binds its operands."""


def readable(node: Expression, within: int = 0) -> str:
    """An expression with no more brackets than it needs. within: how tightly what is around binds.

    >>> from mlsim.scenario.expressions import parse
    >>> readable(parse("((risk.score) > 0.30) and not (fever or (t + 1) * 2 > 30ms / 1s)"))
    'risk.score > 0.3 and not (fever or (t + 1) * 2 > 30ms / 1s)'
    """
    text, binds = _written(node)
    return f"({text})" if binds < within else text


def _written(node: Expression) -> tuple[str, int]:
    match node:
        case Number(value=value, dimension=dimension):
            return duration_text(value) if dimension else f"{value:.12g}", _CALL
        case Unary(operand=operand):
            return f"-{readable(operand, _SIGN)}", _SIGN
        case Binary(op=op, left=left, right=right) | Compare(op=op, left=left, right=right):
            binds = _BINDS.get(op, _COMPARISON)
            return f"{readable(left, binds)} {op} {readable(right, binds + 1)}", binds
        case Logic(op="not", operands=(operand,)):
            return f"not {readable(operand, _BINDS['not'])}", _BINDS["not"]
        case Logic(op=op, operands=operands):
            binds = _BINDS[op]
            return f" {op} ".join(readable(one, binds) for one in operands), binds
        case IfElse(condition=condition, then=then, otherwise=otherwise):
            return f"{readable(then, 1)} if {readable(condition, 1)} else {readable(otherwise)}", 0
        case Call(function=function, args=args):
            return f"{function}({', '.join(readable(one) for _, one in args)})", _CALL
    return str(node), _CALL
