"""Types of every call into the package are checked while tests run."""

import os

os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true")

import jax
from jaxtyping import install_import_hook

jax.config.update("jax_platforms", "cpu")

with install_import_hook("inhabit", "beartype.beartype"):
    import inhabit  # noqa: F401
