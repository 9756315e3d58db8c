"""Compiling: what XLA is told about programs that run briefly, for which compiling takes longer than running."""

BRIEF = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
"""`compiler_options` of `jax.jit`: about half the time to compile, about twice the time to run, on a CPU."""
