/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <tally.h>
#include <tee_internal_api.h>

uint32_t tally_sum = 1;
__thread uint32_t tally_of_thread;
/* Pointers that are relocated: to the library's own, and to a function of the TA. */
static uint32_t *const sum = &tally_sum;
static void *(*const allocate)(size_t, uint32_t) = TEE_Malloc;

static void __attribute__((constructor)) construct(void)
{
	tally_sum *= 1000;
}

uint32_t tally_add(uint32_t number)
{
	tally_of_thread += number;
	*sum += number;
	return tally_sum;
}

char *tally_text(void)
{
	char *text = allocate(32, TEE_MALLOC_FILL_ZERO);

	if (text)
		snprintf(text, 32, "%u in all", (unsigned int)tally_sum);
	return text;
}

uint32_t tally_hooked(void)
{
	return tally_hook ? tally_hook(tally_sum) : tally_sum;
}
