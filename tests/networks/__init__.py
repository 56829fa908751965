# SPDX-License-Identifier: Apache-2.0
"""Random quantized networks, the outside oracles that run them, and the coverage they reach."""

from .builder import Cell
from .mlp import Network, random_mlp
from .oracle import source_outputs

__all__ = ["Cell", "Network", "random_mlp", "source_outputs"]
