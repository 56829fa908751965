# SPDX-License-Identifier: Apache-2.0
"""The RTL backend: Verilog that equals the model of time cycle by cycle, its simulation and its synthesis."""
