/* SPDX-License-Identifier: BSD-2-Clause */
/* The header inside a TA (OP-TEE ABI, TA ELF and loading). */
#ifndef USER_TA_HEADER_H
#define USER_TA_HEADER_H

#include <stddef.h>
#include <stdint.h>
#include <tee_api_types.h>

#define TA_FLAG_SINGLE_INSTANCE                     (1 << 2)
#define TA_FLAG_MULTI_SESSION                       (1 << 3)
#define TA_FLAG_INSTANCE_KEEP_ALIVE                 (1 << 4)
#define TA_FLAG_SECURE_DATA_PATH                    (1 << 5)
#define TA_FLAG_CACHE_MAINTENANCE                   (1 << 7)
#define TA_FLAG_CONCURRENT                          (1 << 8)
#define TA_FLAG_DEVICE_ENUM                         (1 << 9)
#define TA_FLAG_DEVICE_ENUM_SUPP                    (1 << 10)
#define TA_FLAG_DONT_CLOSE_HANDLE_ON_CORRUPT_OBJECT (1 << 11)
#define TA_FLAG_DEVICE_ENUM_TEE_STORAGE_PRIVATE     (1 << 12)
#define TA_FLAG_INSTANCE_KEEP_CRASHED               (1 << 13)

/* Without a meaning any more, so that old sources compile. */
#define TA_FLAG_USER_MODE     0
#define TA_FLAG_EXEC_DDR      0
#define TA_FLAG_REMAP_SUPPORT 0

/* What the framework adds to TA_STACK_SIZE. */
#define TA_FRAMEWORK_STACK_SIZE 2048

/* What Oxtee's loader reads beyond OP-TEE's header: magic, size, milliseconds that a call may take, zero. */
#define OXTEE_TA_LIMITS_MAGIC 0x4C54584F
#define OXTEE_TA_LIMITS_SIZE  16

struct ta_head {
	TEE_UUID uuid;
	uint32_t stack_size;
	uint32_t flags;
	uint64_t depr_entry;
};

enum user_ta_prop_type {
	USER_TA_PROP_TYPE_BOOL = 0,
	USER_TA_PROP_TYPE_U32 = 1,
	USER_TA_PROP_TYPE_UUID = 2,
	USER_TA_PROP_TYPE_IDENTITY = 3,
	USER_TA_PROP_TYPE_STRING = 4,
	USER_TA_PROP_TYPE_BINARY_BLOCK = 5,
	USER_TA_PROP_TYPE_U64 = 6,
	USER_TA_PROP_TYPE_INVALID = 7
};

/* The value is a bool, a uint32_t, a TEE_UUID, a TEE_Identity, a string, a base64 string, or a uint64_t. */
struct user_ta_property {
	const char *name;
	enum user_ta_prop_type type;
	const void *value;
};

extern const struct user_ta_property ta_props[];
extern const size_t ta_num_props;
extern uint8_t ta_heap[];
extern const size_t ta_heap_size;
extern const struct ta_head ta_head;

int tahead_get_trace_level(void);

#endif
