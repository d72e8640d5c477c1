"""How the state is handed from step to step in machine code: as one pointer.

numba would hand on an object of twenty arrays as two hundred numbers, which costs more than what
most steps do, and takes most of the time to compile. So in machine code the state is the address
of its table, which says where the arrays lie and how long they are: `state.tokens` reads a line of
it. Nothing of a table changes while the kernel runs.
"""

import operator
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.imputils import lower_builtin, lower_getattr, lower_getattr_generic
from numba.core.typing.templates import AttributeTemplate, infer_getattr
from numba.extending import intrinsic, models, register_model
from numba.np.numpy_support import from_dtype

from mlsim.engine.jit import COMPILES
from mlsim.engine.state import ARRAYS, WORDS, State

Table = Any
"""What Python hands to the kernel: the table of a state, or the state itself where the kernel
runs as plain Python."""

WORD = ir.IntType(64)


def handed(state: State) -> Table:
    """A state as the kernel takes it; hold on to the state meanwhile."""
    return state.table if COMPILES else state


class StateArray(types.Array):
    """An array of a state: no index of the kernel counts from the end, so none is asked for it."""


class StateType(types.Type):
    """What a state is to numba: a pointer with the arrays of `ARRAY_TYPES`."""

    def __init__(self) -> None:
        super().__init__("State")


ARRAY_TYPES = {
    name: StateArray(from_dtype(dtype), dimensions, "C") for name, dtype, dimensions in ARRAYS
}
LINES = {name: WORDS * k for k, (name, *_) in enumerate(ARRAYS)}

register_model(StateType)(models.OpaqueModel)
register_model(StateArray)(models.OpaqueModel)


@intrinsic
def _opened(typing: Any, table: Any) -> Any:
    def pointer(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, args[0])
        return builder.bitcast(array.data, cgutils.voidptr_t)

    return StateType()(table), pointer


def _as_it_is(state: State) -> State:
    return state


state_at: Any = _opened if COMPILES else _as_it_is
"""In the kernel: the state of a table."""


@infer_getattr
class _Arrays(AttributeTemplate):
    key = StateType

    def generic_resolve(self, value: Any, attr: str) -> Any:  # type: ignore[override]
        return ARRAY_TYPES.get(attr)


@lower_getattr_generic(StateType)
def _array(context: Any, builder: Any, of: StateType, pointer: Any, name: str) -> Any:
    """The line of an array: what of it isn't asked for is not even read."""
    words = builder.bitcast(pointer, WORD.as_pointer())
    return builder.bitcast(builder.gep(words, [WORD(LINES[name])]), cgutils.voidptr_t)


def _word(builder: Any, line: Any, k: int) -> Any:
    words = builder.bitcast(line, WORD.as_pointer())
    loaded = builder.load(builder.gep(words, [WORD(k)]))
    # So the optimiser may keep it, whatever the kernel writes.
    loaded.set_metadata("invariant.load", builder.module.add_metadata([]))
    return loaded


@lower_getattr(StateArray, "shape")
def _shape(context: Any, builder: Any, kind: StateArray, line: Any) -> Any:
    return cgutils.pack_array(builder, [_word(builder, line, 1 + k) for k in range(kind.ndim)])


@lower_getattr(StateArray, "size")
def _size(context: Any, builder: Any, kind: StateArray, line: Any) -> Any:
    return builder.mul(_word(builder, line, 1), _word(builder, line, 2))


def _place(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    """Where an element lies."""
    kind, index = signature.args[:2]
    if isinstance(args[1].type, ir.Aggregate):
        row, column = (
            context.cast(builder, builder.extract_value(args[1], k), index[k], types.intp)
            for k in range(2)
        )
        number = builder.add(builder.mul(row, _word(builder, args[0], 2)), column)
    else:
        number = context.cast(builder, args[1], index, types.intp)
    element = context.get_data_type(kind.dtype).as_pointer()
    return builder.gep(builder.inttoptr(_word(builder, args[0], 0), element), [number])


@lower_builtin(operator.getitem, StateArray, types.Integer)
@lower_builtin(operator.getitem, StateArray, types.BaseTuple)
def _element(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    place = _place(context, builder, signature, args)
    return context.unpack_value(builder, signature.args[0].dtype, place)


@lower_builtin(operator.setitem, StateArray, types.Integer, types.Any)
@lower_builtin(operator.setitem, StateArray, types.BaseTuple, types.Any)
def _set_element(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    kind, _, given = signature.args
    value = context.cast(builder, args[2], given, kind.dtype)
    context.pack_value(builder, kind.dtype, value, _place(context, builder, signature, args))
    return context.get_dummy_value()
