"""Types of every call into the package are checked while tests run."""

import jax
from jaxtyping import install_import_hook

jax.config.update("jax_platforms", "cpu")

with install_import_hook("inhabit", "beartype.beartype"):
    import inhabit  # noqa: F401
