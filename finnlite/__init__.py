# SPDX-License-Identifier: Apache-2.0
"""finnlite: quantized neural networks in ONNX to exact streaming accelerators on FPGAs.

`load` reads a model, `check` says what maps to hardware, `build` makes the accelerator, `explore` finds
foldings, `execute` runs any stage. They are imported on first use, so that `import finnlite` is quick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from finnlite.execution import execute
    from finnlite.flow import build, check, explore, load

__all__ = ["__version__", "build", "check", "execute", "explore", "load"]

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    if name == "execute":
        from finnlite.execution import execute

        return execute
    if name in ("build", "check", "explore", "load"):
        from finnlite import flow

        return getattr(flow, name)
    raise AttributeError(f"module 'finnlite' has no attribute {name!r}")
