# SPDX-License-Identifier: Apache-2.0
#
# The block design: every cell, every connection and every address by itself.

create_bd_design system

# The processor: its settings are in ps7.tcl.
create_bd_cell -type ip -vlnv xilinx.com:ip:processing_system7 ps7
source [file join [file dirname [file normalize [info script]]] ps7.tcl]

# The DMA and its way to the registers and to memory.
create_bd_cell -type ip -vlnv xilinx.com:ip:axi_dma axi_dma
set_property -dict [list \
    CONFIG.c_include_sg 0 \
    CONFIG.c_sg_include_stscntrl_strm 0 \
    CONFIG.c_sg_length_width 26 \
    CONFIG.c_include_mm2s 1 \
    CONFIG.c_include_mm2s_dre 0 \
    CONFIG.c_m_axi_mm2s_data_width 64 \
    CONFIG.c_m_axis_mm2s_tdata_width 64 \
    CONFIG.c_mm2s_burst_size 16 \
    CONFIG.c_include_s2mm 1 \
    CONFIG.c_include_s2mm_dre 0 \
    CONFIG.c_m_axi_s2mm_data_width 64 \
    CONFIG.c_s_axis_s2mm_tdata_width 64 \
    CONFIG.c_s2mm_burst_size 16 \
] [get_bd_cells axi_dma]
create_bd_cell -type ip -vlnv xilinx.com:ip:axi_interconnect gp0_interconnect
set_property -dict [list CONFIG.NUM_SI 1 CONFIG.NUM_MI 2] [get_bd_cells gp0_interconnect]
create_bd_cell -type ip -vlnv xilinx.com:ip:axi_interconnect hp0_interconnect
set_property -dict [list CONFIG.NUM_SI 2 CONFIG.NUM_MI 1] [get_bd_cells hp0_interconnect]
create_bd_cell -type ip -vlnv xilinx.com:ip:proc_sys_reset reset

# The accelerator.
create_bd_cell -type module -reference finnlite_accelerator accelerator

# Which build this is.
create_bd_cell -type ip -vlnv xilinx.com:ip:xlconstant finnlite_0f1e2d3c4b5a6978
set_property -dict [list CONFIG.CONST_WIDTH 32 CONFIG.CONST_VAL 0x0f1e2d3c] [get_bd_cells finnlite_0f1e2d3c4b5a6978]

# Memory and registers.
connect_bd_intf_net [get_bd_intf_pins ps7/M_AXI_GP0] [get_bd_intf_pins gp0_interconnect/S00_AXI]
connect_bd_intf_net [get_bd_intf_pins gp0_interconnect/M00_AXI] [get_bd_intf_pins axi_dma/S_AXI_LITE]
connect_bd_intf_net [get_bd_intf_pins axi_dma/M_AXI_MM2S] [get_bd_intf_pins hp0_interconnect/S00_AXI]
connect_bd_intf_net [get_bd_intf_pins axi_dma/M_AXI_S2MM] [get_bd_intf_pins hp0_interconnect/S01_AXI]
connect_bd_intf_net [get_bd_intf_pins hp0_interconnect/M00_AXI] [get_bd_intf_pins ps7/S_AXI_HP0]

# The streams.
connect_bd_intf_net [get_bd_intf_pins axi_dma/M_AXIS_MM2S] [get_bd_intf_pins accelerator/s_axis]
connect_bd_intf_net [get_bd_intf_pins accelerator/m_axis] [get_bd_intf_pins axi_dma/S_AXIS_S2MM]

# The status block.
connect_bd_intf_net [get_bd_intf_pins gp0_interconnect/M01_AXI] [get_bd_intf_pins accelerator/s_axi]

# The one clock.
connect_bd_net [get_bd_pins ps7/FCLK_CLK0] [get_bd_pins ps7/M_AXI_GP0_ACLK]
connect_bd_net [get_bd_pins ps7/FCLK_CLK0] [get_bd_pins ps7/S_AXI_HP0_ACLK]
connect_bd_net [get_bd_pins ps7/FCLK_CLK0] [get_bd_pins axi_dma/s_axi_lite_aclk]
connect_bd_net [get_bd_pins ps7/FCLK_CLK0] [get_bd_pins axi_dma/m_axi_mm2s_aclk]
connect_bd_net [get_bd_pins ps7/FCLK_CLK0] [get_bd_pins axi_dma/m_axi_s2mm_aclk]
connect_bd_net [get_bd_pins ps7/FCLK_CLK0] [get_bd_pins gp0_interconnect/ACLK]
connect_bd_net [get_bd_pins ps7/FCLK_CLK0] [get_bd_pins gp0_interconnect/S00_ACLK]
connect_bd_net [get_bd_pins ps7/FCLK_CLK0] [get_bd_pins gp0_interconnect/M00_ACLK]
connect_bd_net [get_bd_pins ps7/FCLK_CLK0] [get_bd_pins gp0_interconnect/M01_ACLK]
connect_bd_net [get_bd_pins ps7/FCLK_CLK0] [get_bd_pins hp0_interconnect/ACLK]
connect_bd_net [get_bd_pins ps7/FCLK_CLK0] [get_bd_pins hp0_interconnect/S00_ACLK]
connect_bd_net [get_bd_pins ps7/FCLK_CLK0] [get_bd_pins hp0_interconnect/S01_ACLK]
connect_bd_net [get_bd_pins ps7/FCLK_CLK0] [get_bd_pins hp0_interconnect/M00_ACLK]
connect_bd_net [get_bd_pins ps7/FCLK_CLK0] [get_bd_pins reset/slowest_sync_clk]
connect_bd_net [get_bd_pins ps7/FCLK_CLK0] [get_bd_pins accelerator/aclk]

# Resets, all active low.
connect_bd_net [get_bd_pins reset/peripheral_aresetn] [get_bd_pins axi_dma/axi_resetn]
connect_bd_net [get_bd_pins reset/interconnect_aresetn] [get_bd_pins gp0_interconnect/ARESETN]
connect_bd_net [get_bd_pins reset/peripheral_aresetn] [get_bd_pins gp0_interconnect/S00_ARESETN]
connect_bd_net [get_bd_pins reset/peripheral_aresetn] [get_bd_pins gp0_interconnect/M00_ARESETN]
connect_bd_net [get_bd_pins reset/peripheral_aresetn] [get_bd_pins gp0_interconnect/M01_ARESETN]
connect_bd_net [get_bd_pins reset/interconnect_aresetn] [get_bd_pins hp0_interconnect/ARESETN]
connect_bd_net [get_bd_pins reset/peripheral_aresetn] [get_bd_pins hp0_interconnect/S00_ARESETN]
connect_bd_net [get_bd_pins reset/peripheral_aresetn] [get_bd_pins hp0_interconnect/S01_ARESETN]
connect_bd_net [get_bd_pins reset/peripheral_aresetn] [get_bd_pins hp0_interconnect/M00_ARESETN]
connect_bd_net [get_bd_pins ps7/FCLK_RESET0_N] [get_bd_pins reset/ext_reset_in]
connect_bd_net [get_bd_pins reset/peripheral_aresetn] [get_bd_pins accelerator/aresetn]

# Which build the status block says this is.
connect_bd_net [get_bd_pins finnlite_0f1e2d3c4b5a6978/dout] [get_bd_pins accelerator/identity]

# What the processor sees of the DMA, and the DMA of memory.
assign_bd_address -offset 0x40400000 -range 0x00010000 -target_address_space [get_bd_addr_spaces ps7/Data] [get_bd_addr_segs axi_dma/S_AXI_LITE/Reg] -force
assign_bd_address -offset 0x00000000 -range 0x20000000 -target_address_space [get_bd_addr_spaces axi_dma/Data_MM2S] [get_bd_addr_segs ps7/S_AXI_HP0/HP0_DDR_LOWOCM] -force
assign_bd_address -offset 0x00000000 -range 0x20000000 -target_address_space [get_bd_addr_spaces axi_dma/Data_S2MM] [get_bd_addr_segs ps7/S_AXI_HP0/HP0_DDR_LOWOCM] -force
assign_bd_address -offset 0x43C00000 -range 0x00010000 -target_address_space [get_bd_addr_spaces ps7/Data] [get_bd_addr_segs accelerator/s_axi/reg0] -force

regenerate_bd_layout
validate_bd_design
save_bd_design
add_files -norecurse [list [make_wrapper -files [get_files system.bd] -top]]
set_property top system_wrapper [current_fileset]
update_compile_order -fileset sources_1
