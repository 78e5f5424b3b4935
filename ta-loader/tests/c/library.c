/* SPDX-License-Identifier: BSD-2-Clause */
/* A library of ta.c, with every relocation that the compiler makes for one. */

extern int visible(int x);
extern int optional(int x) __attribute__((weak));

int shared_count = 3;
__thread int per_thread = 5;
static __thread int own_per_thread;

int interposed(int x)
{
	return x + 10;
}

int (*const chosen)(int) = interposed;
int *count = &shared_count;

int from_library(int x)
{
	if (optional)
		x = optional(x);
	own_per_thread += per_thread;
	return visible(interposed(x)) + *count + own_per_thread;
}
