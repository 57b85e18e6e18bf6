/*
 * The cost of instructions in cycles of the 200 MHz processor clock. This is the whole timing model of the processor.
 *
 * These are estimates, not measurements. The starting point is the ARM9E-S pipeline (ARM9E-S Technical Reference
 * Manual, DDI 0165, chapter on instruction cycle times): one cycle an instruction, two more when the pipeline is
 * refilled, one for each register that a block transfer moves. Interlocks are not modelled; the two extra
 * cycles of a multiplication stand for the long forms and for the interlock that usually follows. The costs
 * of SDRAM and devices are guesses for an uncontended system network on chip; a store is cheap because of the write
 * buffer. Contention between cores is not modelled.
 *
 * An instruction whose condition fails costs COST_INSTRUCTION only. All other entries come on top of it.
 */
#ifndef SPINNAKER_BOARD_COST_H
#define SPINNAKER_BOARD_COST_H

#define COST_INSTRUCTION 1u
#define COST_BRANCH 2u          /* any write to the pc, and the entry to an exception that an instruction causes */
#define COST_INTERRUPT 3u       /* entry to IRQ or FIQ: no instruction is executed */
#define COST_MULTIPLY 2u        /* every multiplication, also the DSP forms */
#define COST_BLOCK_REGISTER 1u  /* each register of LDM, STM, PUSH, POP; LDRD and STRD count two */
#define COST_SDRAM_READ 25u     /* each word, halfword or byte; also an instruction fetched from SDRAM */
#define COST_SDRAM_WRITE 4u
#define COST_DEVICE 8u          /* each access to anything but TCM and SDRAM, also one that is aborted */

#endif
