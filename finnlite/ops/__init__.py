# SPDX-License-Identifier: Apache-2.0
"""The registry of operators: ONNX domain and operator type to class.

A new operator is a class in a module that is listed here; a new module is one line. The modules are
imported on the first look-up, so that they may import each other and `finnlite.ir` in any order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib import import_module

from finnlite.errors import IRError
from finnlite.ir import Op

__all__ = ["OPERATORS", "lookup"]

_MODULES = (
    "axi",
    "convolution",
    "elementwise",
    "fifo",
    "gathering",
    "im2col",
    "joins",
    "label_select",
    "linear",
    "movement",
    "mvtu",
    "normalization",
    "outputs",
    "padding",
    "pooling",
    "pools",
    "quantizers",
    "reduction",
    "scaling",
    "selection",
    "spatial",
    "swu",
    "table",
    "thresholding",
    "vvtu",
    "width_converter",
)
"""Every class of these modules' `__all__` that is an `Op` and names its operator type is registered."""


class _Registry(Mapping[tuple[str, str], type[Op]]):
    """The operators by (domain, operator type), read from the modules when first asked."""

    @cached_property
    def _classes(self) -> dict[tuple[str, str], type[Op]]:
        classes: dict[tuple[str, str], type[Op]] = {}
        for name in _MODULES:
            module = import_module(f"{__name__}.{name}")
            for exported in module.__all__:
                cls = getattr(module, exported)
                if not (isinstance(cls, type) and issubclass(cls, Op) and cls.__dict__["op_type"]):
                    continue
                other = classes.setdefault((cls.domain, cls.op_type), cls)
                if other is not cls:
                    raise IRError(
                        f"operator {cls.domain}.{cls.op_type} must be defined once, "
                        f"is in {other.__module__} and {cls.__module__}"
                    )
        return classes

    def __getitem__(self, key: tuple[str, str]) -> type[Op]:
        return self._classes[key]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._classes)

    def __len__(self) -> int:
        return len(self._classes)


OPERATORS: Mapping[tuple[str, str], type[Op]] = _Registry()
"""All operators, by ONNX domain ("" for the standard one) and operator type."""


def lookup(domain: str, op_type: str) -> type[Op] | None:
    """The class of an operator, or None if finnlite has none; "ai.onnx" is read as ""."""
    return OPERATORS.get(("" if domain == "ai.onnx" else domain, op_type))
