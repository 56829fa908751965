# SPDX-License-Identifier: Apache-2.0
"""How the library's cells are told what the bits of an element mean."""

from __future__ import annotations

from qonnx.core.datatype import BaseDataType, DataType

__all__ = ["element_kind"]


def element_kind(datatype: BaseDataType) -> int:
    """KIND of `finnlite_recode`: 0 plain binary, 1 two's complement, 2 bipolar."""
    return 2 if datatype == DataType["BIPOLAR"] else int(datatype.signed())
