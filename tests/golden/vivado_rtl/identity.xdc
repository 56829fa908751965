# SPDX-License-Identifier: Apache-2.0
# The build this bitstream belongs to; the driver compares it with its metadata.
set_property BITSTREAM.CONFIG.USERID 0x0F1E2D3C [current_design]
