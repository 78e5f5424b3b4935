/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The header of a C TA, from its user_ta_header_defines.h: TA_UUID, TA_FLAGS, TA_STACK_SIZE (bytes, without what the
 * framework adds), TA_DATA_SIZE (bytes of heap); and if it likes TA_VERSION, TA_DESCRIPTION, TA_TIME_LIMIT_MS,
 * TA_ABANDONED_LIMIT (tenths of a second; 0: what the TEE sees fit, 65535: none), TRACE_LEVEL, TA_CURRENT_TA_EXT_PROPERTIES
 * and TA_CALL_RULES (four words a rule, by function and command in rising order).
 */
#ifdef TRACE_LEVEL
#define INITIAL_TRACE_LEVEL TRACE_LEVEL
#endif

#include <tee_internal_api.h>
#include <user_ta_header.h>
#include <user_ta_header_defines.h>

#ifndef TA_VERSION
#define TA_VERSION "0"
#endif
#ifndef TA_DESCRIPTION
#define TA_DESCRIPTION ""
#endif
#ifndef TA_CALL_RULES
#define TA_CALL_RULES
#endif
#ifndef TA_TIME_LIMIT_MS
#define TA_TIME_LIMIT_MS 0
#endif
#ifndef TA_ABANDONED_LIMIT
#define TA_ABANDONED_LIMIT 0u
#endif
#ifdef TA_TRACE_LEVEL
#undef INITIAL_TRACE_LEVEL
#define INITIAL_TRACE_LEVEL TA_TRACE_LEVEL
#endif
#ifndef INITIAL_TRACE_LEVEL
#define INITIAL_TRACE_LEVEL TRACE_INFO
#endif

/* The symbol stays in the file although nothing refers to it; the linker script keeps the section. */
const struct ta_head ta_head __attribute__((section(".ta_head"), visibility("default"))) = {
	.uuid = TA_UUID,
	.stack_size = TA_STACK_SIZE + TA_FRAMEWORK_STACK_SIZE,
	.flags = TA_FLAGS,
	.depr_entry = UINT64_MAX,
};

/* The rules of calls, four words each: function, command, types of the parameters, login methods. */
static const uint32_t rule_words[] = { TA_CALL_RULES 0 };
#define RULES (sizeof(rule_words) / 4 / sizeof(uint32_t))

const uint32_t oxtee_ta_limits[] __attribute__((visibility("default"))) = {
	OXTEE_TA_LIMITS_MAGIC, OXTEE_TA_LIMITS_SIZE + RULES * 4 * sizeof(uint32_t), TA_TIME_LIMIT_MS,
	RULES | (TA_ABANDONED_LIMIT << 16), TA_CALL_RULES
};

/* Filled in by the loader. */
struct __elf_phdr_info {
	uint32_t reserved;
	uint16_t count;
	uint8_t reserved2;
	char zero;
	void *dlpi;
};
struct __elf_phdr_info __elf_phdr_info __attribute__((visibility("default")));

const int trace_level __attribute__((visibility("default"))) = INITIAL_TRACE_LEVEL;
const char trace_ext_prefix[] __attribute__((visibility("default"))) = "TA";

static const bool single_instance = (TA_FLAGS & TA_FLAG_SINGLE_INSTANCE) != 0;
static const bool multi_session = (TA_FLAGS & TA_FLAG_MULTI_SESSION) != 0;
static const bool keep_alive = (TA_FLAGS & TA_FLAG_INSTANCE_KEEP_ALIVE) != 0;
static const bool keep_crashed = (TA_FLAGS & TA_FLAG_INSTANCE_KEEP_CRASHED) != 0;
static const bool keep_handles = (TA_FLAGS & TA_FLAG_DONT_CLOSE_HANDLE_ON_CORRUPT_OBJECT) != 0;
static const uint32_t data_size = TA_DATA_SIZE;
static const uint32_t stack_size = TA_STACK_SIZE;
static const uint32_t endian = 0;

const struct user_ta_property ta_props[] = {
	{ "gpd.ta.singleInstance", USER_TA_PROP_TYPE_BOOL, &single_instance },
	{ "gpd.ta.multiSession", USER_TA_PROP_TYPE_BOOL, &multi_session },
	{ "gpd.ta.instanceKeepAlive", USER_TA_PROP_TYPE_BOOL, &keep_alive },
	{ "gpd.ta.dataSize", USER_TA_PROP_TYPE_U32, &data_size },
	{ "gpd.ta.stackSize", USER_TA_PROP_TYPE_U32, &stack_size },
	{ "gpd.ta.version", USER_TA_PROP_TYPE_STRING, TA_VERSION },
	{ "gpd.ta.description", USER_TA_PROP_TYPE_STRING, TA_DESCRIPTION },
	{ "gpd.ta.endian", USER_TA_PROP_TYPE_U32, &endian },
	{ "gpd.ta.doesNotCloseHandleOnCorruptObject", USER_TA_PROP_TYPE_BOOL, &keep_handles },
	{ "optee.ta.instanceKeepCrashed", USER_TA_PROP_TYPE_BOOL, &keep_crashed },
#ifdef TA_CURRENT_TA_EXT_PROPERTIES
	TA_CURRENT_TA_EXT_PROPERTIES
#endif
};
const size_t ta_num_props = sizeof(ta_props) / sizeof(ta_props[0]);

uint8_t ta_heap[TA_DATA_SIZE] __attribute__((aligned(8)));
const size_t ta_heap_size = sizeof(ta_heap);

int tahead_get_trace_level(void)
{
	return trace_level;
}
