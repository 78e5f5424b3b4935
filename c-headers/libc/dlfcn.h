/* SPDX-License-Identifier: BSD-2-Clause */
/* Libraries that a TA opens while it runs. Their names are UUIDs. */
#ifndef DLFCN_H
#define DLFCN_H

/* All three are to be given. */
#define RTLD_NOW      0x2
#define RTLD_GLOBAL   0x100
#define RTLD_NODELETE 0x1000

void *dlopen(const char *name, int flags);
void *dlsym(void *handle, const char *symbol);
int dlclose(void *handle);

#endif
