# SPDX-License-Identifier: Apache-2.0
"""Backends: from a hardware graph to files."""
