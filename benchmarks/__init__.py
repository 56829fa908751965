# SPDX-License-Identifier: Apache-2.0
"""What the README's performance section quotes; each module is a script: `python -m benchmarks.chain`."""
