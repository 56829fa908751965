# SPDX-License-Identifier: Apache-2.0
"""What a finished run of Vivado leaves, in the layout of its reports for a 7-series part."""

import json
from pathlib import Path

IDENTITY = "0123456789abcdef" * 4

UTILIZATION = """\
Copyright 1986-2022 Xilinx, Inc. All Rights Reserved.
---------------------------------------------------------------------------------------------------------
| Tool Version : Vivado v.2022.2 (lin64) Build 3671981 Fri Oct 14 04:59:54 MDT 2022
| Command      : report_utilization -file utilization.rpt
| Device       : xc7z020clg400-1
| Design State : Routed
---------------------------------------------------------------------------------------------------------

Utilization Design Information

1. Slice Logic
--------------

+----------------------------+-------+-------+------------+-----------+-------+
|          Site Type         |  Used | Fixed | Prohibited | Available | Util% |
+----------------------------+-------+-------+------------+-----------+-------+
| Slice LUTs                 | 25770 |     0 |          0 |     53200 | 48.44 |
|   LUT as Logic             | 23447 |     0 |          0 |     53200 | 44.07 |
|   LUT as Memory            |  2323 |     0 |          0 |     17400 | 13.35 |
|     LUT as Distributed RAM |  1938 |     0 |            |           |       |
|     LUT as Shift Register  |   385 |     0 |            |           |       |
| Slice Registers            | 42269 |     0 |          0 |    106400 | 39.73 |
|   Register as Flip Flop    | 42269 |     0 |          0 |    106400 | 39.73 |
| F7 Muxes                   |   908 |     0 |          0 |     26600 |  3.41 |
+----------------------------+-------+-------+------------+-----------+-------+
* Warning! LUT value is adjusted to account for LUT combining.

2. Slice Logic Distribution
---------------------------

+--------------------------------------------+-------+-------+------------+-----------+-------+
|                  Site Type                 |  Used | Fixed | Prohibited | Available | Util% |
+--------------------------------------------+-------+-------+------------+-----------+-------+
| Slice                                      | 11423 |     0 |          0 |     13300 | 85.89 |
| Slice Registers                            | 40000 |     0 |          0 |    106400 | 37.59 |
+--------------------------------------------+-------+-------+------------+-----------+-------+

3. Memory
---------

+-------------------+-------+-------+------------+-----------+-------+
|     Site Type     |  Used | Fixed | Prohibited | Available | Util% |
+-------------------+-------+-------+------------+-----------+-------+
| Block RAM Tile    | 120.5 |     0 |          0 |       140 | 86.07 |
|   RAMB36/FIFO*    |    76 |     0 |          0 |       140 | 54.29 |
|     RAMB36E1 only |    76 |       |            |           |       |
|   RAMB18          |    89 |     0 |          0 |       280 | 31.79 |
|     RAMB18E1 only |    89 |       |            |           |       |
+-------------------+-------+-------+------------+-----------+-------+

4. DSP
------

+----------------+------+-------+------------+-----------+-------+
|    Site Type   | Used | Fixed | Prohibited | Available | Util% |
+----------------+------+-------+------------+-----------+-------+
| DSPs           |   24 |     0 |          0 |       220 | 10.91 |
|   DSP48E1 only |   24 |       |            |           |       |
+----------------+------+-------+------------+-----------+-------+
"""

HIERARCHY = """\
| Tool Version : Vivado v.2022.2 (lin64) Build 3671981 Fri Oct 14 04:59:54 MDT 2022
| Command      : report_utilization -hierarchical -file utilization_hierarchical.rpt
| Device       : xc7z020clg400-1

1. Utilization by Hierarchy
---------------------------

+----------------------+----------------------------+------------+------------+---------+------+-------+--------+--------+------------+
|       Instance       |           Module           | Total LUTs | Logic LUTs | LUTRAMs | SRLs |  FFs  | RAMB36 | RAMB18 | DSP Blocks |
+----------------------+----------------------------+------------+------------+---------+------+-------+--------+--------+------------+
| finnlite_wrapper     |                      (top) |      25770 |      23447 |    1938 |  385 | 42269 |     76 |     89 |         24 |
|   (finnlite_wrapper) |                      (top) |          0 |          0 |       0 |    0 |     0 |      0 |      0 |          0 |
|   finnlite_i         |                   finnlite |      25770 |      23447 |    1938 |  385 | 42269 |     76 |     89 |         24 |
|     axi_dma          |         finnlite_axi_dma_0 |       1500 |       1400 |     100 |    0 |  2000 |      2 |      1 |          0 |
|     mvtu_fc0         |        finnlite_mvtu_fc0_0 |        812 |        800 |      12 |    0 |   900 |      3 |      1 |          2 |
|       (mvtu_fc0)     |        finnlite_mvtu_fc0_0 |          2 |          2 |       0 |    0 |     0 |      0 |      0 |          0 |
|       inst           |                   mvtu_fc0 |        810 |        798 |      12 |    0 |   900 |      3 |      1 |          2 |
|         mvtu_fc0     |                  something |          5 |          5 |       0 |    0 |     1 |      0 |      0 |          0 |
+----------------------+----------------------------+------------+------------+---------+------+-------+--------+--------+------------+
"""  # noqa: E501 - as wide as Vivado writes it


def layer(name: str, **changes: object) -> dict[str, object]:
    figures = {"ii": 1, "latency": 9, "style": "flp", "slack_ns": 1.25}
    return {"layer": name, **figures, "lut": 700, "ff": 650, "bram18": 6, "dsp": 2, **changes}


def write_results(vivado: Path, identity: str = IDENTITY) -> Path:
    """Puts the results into a project's folder; the folder."""
    results = vivado / "results"
    (results / "layers").mkdir(parents=True)
    summary = {"vivado": "2022.2", "identity": identity, "clock_mhz": 100, "wns_ns": 0.123, "whs_ns": 0.01}
    (results / "implementation.json").write_text(json.dumps(summary))
    (results / "utilization.rpt").write_text(UTILIZATION)
    (results / "utilization_hierarchical.rpt").write_text(HIERARCHY)
    for name in ("mvtu_fc0", "axiin_0"):
        (results / "layers" / f"{name}.json").write_text(json.dumps(layer(name)))
    return vivado
