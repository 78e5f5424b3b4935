/* SPDX-License-Identifier: BSD-2-Clause */
/* A library that is opened while the TA runs. */
#include "checks.h"
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <tally.h>

#define OPEN (RTLD_NOW | RTLD_GLOBAL | RTLD_NODELETE)

/* Storage of the TA's own, beside that of the library. */
static __thread uint32_t own_of_thread = 77;

void check_open(void)
{
	uint32_t (*add)(uint32_t);
	uint32_t (*hooked)(void);
	uint32_t *sum;
	char *(*text)(void);
	char *made;
	void *program, *library;

	CHECK(own_of_thread++ == 77 && own_of_thread == 78);
	program = dlopen(NULL, OPEN);
	CHECK(program && !dlsym(program, "tally_sum") && dlsym(program, "TEE_Malloc") == (void *)TEE_Malloc);
	CHECK(!dlopen(TALLY_LIBRARY, RTLD_NOW));
	CHECK(!dlopen("00000000-0000-0000-0000-000000000001", OPEN) && !dlopen("no UUID", OPEN));
	library = dlopen(TALLY_LIBRARY, OPEN);
	CHECK(library);
	if (!library)
		return;
	sum = dlsym(library, "tally_sum");
	add = (uint32_t(*)(uint32_t))dlsym(library, "tally_add");
	hooked = (uint32_t(*)(void))dlsym(program, "tally_hooked");
	text = (char *(*)(void))dlsym(library, "tally_text");
	CHECK(sum && add && hooked && text && !dlsym(library, "nobody"));
	if (!sum || !add || !hooked || !text)
		return;
	CHECK(*sum == 1000 && add(24) == 1024 && *sum == 1024 && hooked() == 1024);
	made = text();
	CHECK(made && !strcmp(made, "1024 in all"));
	free(made);
	CHECK(own_of_thread == 78);
	/* Once is enough: opened again it is the same. */
	CHECK(!dlclose(library) && dlopen(TALLY_LIBRARY, OPEN) && *sum == 1024);
	dlclose(program);
}
