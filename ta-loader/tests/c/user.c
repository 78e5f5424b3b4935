/* SPDX-License-Identifier: BSD-2-Clause */
/* What ta.c takes from library.c. */

extern int from_library(int x);
extern int shared_count;
extern __thread int per_thread;

struct tls_index {
	unsigned long module;
	unsigned long offset;
};

void *__tls_get_addr(struct tls_index *index)
{
	return (void *)(index->module << 16 | index->offset);
}

/* Before the library's. */
int interposed(int x)
{
	return x + 20;
}

int *taken = &shared_count;

int use_library(int x)
{
	return from_library(x) + shared_count + per_thread;
}
