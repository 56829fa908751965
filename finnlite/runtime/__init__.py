# SPDX-License-Identifier: Apache-2.0
"""What runs beside the accelerator, on a board too: numpy only, Python 3.8."""
