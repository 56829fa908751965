# SPDX-License-Identifier: Apache-2.0
"""The HLS backend: readable C++ a layer, and its C simulation."""
