"""How steps of the kernel become machine code: once, as parts of whoever Python calls.

numba would optimise each function with all that it calls, make machine code of that and keep it,
before whoever calls it does the same with all again: half of the time to compile, for code that
nobody runs. A `Part` is linked, and nothing else; its callers find it as numba left it.

It would also compile a function anew for each width of integers that others call it with, and
fields of records have several: a quarter of what is left. `Compiled` takes them all as one.
"""

from typing import Any, cast

from numba import types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.registry import CPUDispatcher


class Part(JITCodeLibrary):
    """Code that is only ever linked into that of others."""

    def finalize(self) -> None:
        """Link what is called; whoever calls optimises all."""
        for library in dict.fromkeys(self._linking_libraries):
            self._final_module.link_in(library._get_module_for_linking(), preserve=True)
        self._finalized = True

    @property
    def codegen(self) -> Any:
        """Where numba looks for the code's place in memory: it has none."""
        return self

    def set_env(self, name: str, env: Any) -> None:
        """What numba would keep for errors of the code when Python calls it: nobody does."""


class PartCompiler(Compiler):
    """numba's compiler; what comes of it is a `Part`."""

    def define_pipelines(self) -> Any:
        """The usual steps."""
        state, part = self.state, cast(Any, Part)  # numba's own constructor has no types
        state.library = part(state.targetctx.codegen(), state.func_id.func_qualname)
        return super().define_pipelines()  # type: ignore[no-untyped-call]


class Compiled(CPUDispatcher):
    """A compiled function; what integers others call it with makes no difference."""

    def get_call_template(self, args: Any, kws: Any) -> Any:
        """What a call with arguments of these types leads to."""
        return super().get_call_template(tuple(_as_one(kind) for kind in args), kws)


def _as_one(kind: Any) -> Any:
    """The type that stands for integers of all widths, or for a literal."""
    plain = types.unliteral(kind)  # type: ignore[no-untyped-call]
    return types.int64 if plain in types.signed_domain else plain
