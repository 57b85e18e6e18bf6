/*
 * The memory map of a chip and the speed of its clock, for the core in C and for Python: layout.py reads this file when
 * it is imported. A definition is one line with a plain number, since Python does not evaluate expressions of C.
 *
 * Sources: SpiNNaker datasheet 2.02 (section 3.3, memory map), spinnaker_tools 4.0.0 (sark.h, spinnaker.h).
 */
#ifndef SPINNAKER_BOARD_LAYOUT_H
#define SPINNAKER_BOARD_LAYOUT_H

#define CLOCK_MHZ 200u       /* processor clock, cycles a microsecond */
#define QUANTUM_CYCLES 2000u /* 10 microseconds */

#define CHIP_CORES 18u /* core 0 is the monitor */
#define CHIP_LINKS 6u

/* Memories. The second address of SDRAM and System RAM is that of unbuffered writes to the same bytes. */
#define ITCM_BASE 0x00000000u
#define ITCM_BYTES 0x8000u
#define DTCM_BASE 0x00400000u
#define DTCM_BYTES 0x10000u
#define SDRAM_BASE 0x60000000u
#define SDRAM_ALIAS_BASE 0x70000000u
#define SDRAM_BYTES 0x08000000u
#define SYSRAM_BASE 0xe5000000u
#define SYSRAM_ALIAS_BASE 0xf5000000u
#define SYSRAM_BYTES 0x8000u

/* Devices of the whole chip, each with a span of addresses for its registers. */
#define DEVICES_BASE 0xe0000000u
#define DEVICES_ALIAS_BASE 0xf0000000u
#define DEVICE_SPAN 0x01000000u
#define ROUTER_BASE 0xf1000000u
#define SYSTEM_CONTROLLER_BASE 0xf2000000u

/* Registers of the router, section 10. */
#define ROUTER_CONTROL 0x000u
#define ROUTER_DIAGNOSTIC_ENABLE 0x02cu
#define ROUTER_FIXED_ROUTE 0x084u
#define ROUTER_FILTERS 0x200u
#define ROUTER_COUNTERS 0x300u
#define ROUTER_ROUTE 0x4000u
#define ROUTER_KEY 0x8000u
#define ROUTER_MASK 0xc000u
#define ROUTER_P2P 0x10000u
#define ROUTER_ENTRIES 1024u
#define P2P_WORDS 8192u

/* Registers of the system controller. */
#define SC_CHIP_ID 0x00u
#define SC_SET_IRQ 0x08u
#define SC_CLEAR_IRQ 0x0cu
#define SC_CPU_OK 0x10u
#define SC_MONITOR_ID 0x34u
#define SC_FLAGS_SET 0x58u
#define SC_FLAGS_CLEAR 0x5cu
#define SC_TEST_AND_SET 0x100u
#define SC_TEST_AND_CLEAR 0x180u

#endif
