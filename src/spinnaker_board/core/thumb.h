/* Thumb instructions as the ARM instructions that they abbreviate. */
#ifndef SPINNAKER_BOARD_THUMB_H
#define SPINNAKER_BOARD_THUMB_H

#include <stdint.h>

/*
 * The ARM instruction (condition AL) that has the effect of a Thumb instruction, as DDI 0100 A7.1 gives it for each;
 * 0 when there is none: branches with an offset, the halves of BL and BLX, and what is undefined. The ARM instruction
 * is meant to run in Thumb state, where the pc reads as the instruction's address + 4 and, with an immediate offset,
 * word-aligned.
 */
uint32_t thumb_as_arm(uint32_t thumb);

#endif
