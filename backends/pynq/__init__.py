# SPDX-License-Identifier: Apache-2.0
"""The PYNQ-Z1: the Vivado project of an accelerator, and the folder that goes onto the board."""
