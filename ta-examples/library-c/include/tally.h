/* SPDX-License-Identifier: BSD-2-Clause */
/* A library that counts. */
#ifndef TALLY_H
#define TALLY_H

#include <stddef.h>
#include <stdint.h>

/* UUID of the library, for dlopen. */
#define TALLY_LIBRARY "3d9c6a10-5b7e-4f28-8d41-b2e60f97c3a8"

/* What was added in all; 1000 to begin with, which the library's constructor sees to. */
extern uint32_t tally_sum;
/* The same for the thread, from 0; a TA has one thread. */
extern __thread uint32_t tally_of_thread;

/* Adds a number; gives the sum. */
uint32_t tally_add(uint32_t number);
/* Fills a text with the sum in words, by the TA's memory and C library; NULL when there is no memory. */
char *tally_text(void);
/* The sum as the hook below likes it, which the TA may define and need not. */
uint32_t tally_hooked(void);
uint32_t tally_hook(uint32_t sum) __attribute__((weak));

#endif
