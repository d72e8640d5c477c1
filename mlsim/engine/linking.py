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
from numba.core.compiler import CompilerBase, Flags
from numba.core.compiler_machinery import PassManager
from numba.core.registry import CPUDispatcher
from numba.core.typed_passes import (
    AnnotateTypes,
    IRLegalization,
    NativeLowering,
    NoPythonBackend,
    NopythonTypeInference,
    PreLowerStripPhis,
)
from numba.core.untyped_passes import (
    FixupArgs,
    GenericRewrites,
    IRProcessing,
    ReconstructSSA,
    TranslateByteCode,
)


class Part(JITCodeLibrary):
    """Code that is only ever linked into that of others."""

    def finalize(self) -> None:
        """Nothing: whoever Python calls links and optimises all."""
        self._finalized = True

    @property
    def codegen(self) -> Any:
        """Where numba looks for the code's place in memory: it has none."""
        return self

    def set_env(self, name: str, env: Any) -> None:
        """What numba would keep for errors of the code when Python calls it: nobody does."""


class Whole(JITCodeLibrary):
    """Code that Python calls, with all that it calls."""

    def finalize(self) -> None:
        """Link what is called, for nobody else to call, so that the optimiser may change how."""
        module = self._final_module
        own = {function.name for function in module.functions if not function.is_declaration}
        for library in _called_by(self):
            called = library._final_module if isinstance(library, Part) else None
            module.link_in(called or library._get_module_for_linking(), preserve=True)
        for function in module.functions:
            if not function.is_declaration and function.name not in own:
                function.linkage = "internal"
        self._linking_libraries = []
        super().finalize()  # type: ignore[no-untyped-call]

    def _optimize_final_module(self) -> None:
        """Once: numba does it twice, for the sake of counts of references; the kernel has none."""
        passes, builder = cast(Any, self._codegen)._module_pass_manager()
        passes.run(self._final_module, builder)


def _called_by(library: Any) -> dict[Any, None]:
    """The libraries that one needs, and those that they need."""
    found: dict[Any, None] = {}
    waiting = [library]
    while waiting:
        for called in waiting.pop()._linking_libraries:
            if called not in found:
                found[called] = None
                if isinstance(called, Part):
                    waiting.append(called)
    return found


PASSES = (
    TranslateByteCode,
    FixupArgs,
    IRProcessing,
    GenericRewrites,
    ReconstructSSA,
    NopythonTypeInference,
    PreLowerStripPhis,
    IRLegalization,
    AnnotateTypes,
    NativeLowering,
    NoPythonBackend,
)
"""numba's usual ones but for closures, literals, overloads to inline and array expressions, which
the kernel hasn't got: each costs another analysis of every function."""


class Settings(Flags):
    """Settings of a compilation, compared by what is set.

    numba looks up each operator by them, and would compare all that could be set.
    """

    def __hash__(self) -> int:
        return len(self._values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Settings) and self._values == other._values


class WholeCompiler(CompilerBase):
    """numba's compiler; what comes of it is a `Whole`."""

    library: Any = Whole

    def __init__(self, *args: Any) -> None:
        *others, flags, local = args
        cast(Any, super()).__init__(*others, cast(Any, Settings)(flags), local)

    def define_pipelines(self) -> Any:
        """The steps of `PASSES`."""
        state = self.state
        state.library = self.library(state.targetctx.codegen(), state.func_id.func_qualname)
        if self.library is Whole:
            state.library.enable_object_caching()
        steps: Any = cast(Any, PassManager)("kernel")
        for step in PASSES:
            steps.add_pass(step, step.__name__)
        steps.finalize()
        return [steps]


class PartCompiler(WholeCompiler):
    """What comes of it is a `Part`."""

    library: Any = Part


class Compiled(CPUDispatcher):
    """A compiled function; what integers others call it with makes no difference."""

    def get_call_template(self, args: Any, kws: Any) -> Any:
        """What a call with arguments of these types leads to."""
        return super().get_call_template(tuple(_as_one(kind) for kind in args), kws)


def _as_one(kind: Any) -> Any:
    """The type that stands for integers of all widths, or for a literal."""
    plain = types.unliteral(kind)  # type: ignore[no-untyped-call]
    return types.int64 if plain in types.signed_domain else plain
