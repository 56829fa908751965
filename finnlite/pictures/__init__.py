# SPDX-License-Identifier: Apache-2.0
"""Pictures of graphs, schedules and reports as SVG: nothing is loaded, nothing runs, names are escaped."""

from .charts import draw_ladder, draw_layers
from .drawing import Picture
from .front import draw_front
from .graphs import draw_graph
from .timelines import draw_timeline

__all__ = ["Picture", "draw_front", "draw_graph", "draw_ladder", "draw_layers", "draw_timeline"]
