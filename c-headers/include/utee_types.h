/* SPDX-License-Identifier: BSD-2-Clause */
/* Structures and numbers of the system calls (OP-TEE ABI, TA entry and system calls). */
#ifndef UTEE_TYPES_H
#define UTEE_TYPES_H

#include <stdint.h>
#include <tee_api_defines.h>
#include <tee_api_types.h>

/* What the kernel enters a TA for. */
enum utee_entry_func {
	UTEE_ENTRY_FUNC_OPEN_SESSION = 0,
	UTEE_ENTRY_FUNC_CLOSE_SESSION = 1,
	UTEE_ENTRY_FUNC_INVOKE_COMMAND = 2,
	UTEE_ENTRY_FUNC_DUMP_MEMSTATS = 3
};

enum utee_time_category {
	UTEE_TIME_CAT_SYSTEM = 0,
	UTEE_TIME_CAT_TA_PERSISTENT = 1,
	UTEE_TIME_CAT_REE = 2
};

enum utee_cache_operation {
	TEE_CACHECLEAN = 0,
	TEE_CACHEFLUSH = 1,
	TEE_CACHEINVALIDATE = 2
};

/* The types word, then two cells a parameter: the values, or address and size. */
struct utee_params {
	uint64_t types;
	uint64_t vals[TEE_NUM_PARAMS * 2];
};

struct utee_attribute {
	uint64_t a;
	uint64_t b;
	uint32_t attribute_id;
	uint32_t pad;
};

struct utee_object_info {
	uint32_t obj_type;
	uint32_t obj_size;
	uint32_t max_obj_size;
	uint32_t obj_usage;
	uint32_t data_size;
	uint32_t data_pos;
	uint32_t handle_flags;
};

#endif
