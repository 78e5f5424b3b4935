/* SPDX-License-Identifier: BSD-2-Clause */
/* The system pseudo-TA: services for TAs. Most TAs use it through tee_internal_api_extensions.h. */
#ifndef PTA_SYSTEM_H
#define PTA_SYSTEM_H

#define PTA_SYSTEM_UUID { 0x3a2f8978, 0x5dc0, 0x11e8, { 0x9c, 0x2d, 0xfa, 0x7a, 0xe0, 0x1b, 0xbe, 0xbc } }

/* [in] memref[0]: entropy. */
#define PTA_SYSTEM_ADD_RNG_ENTROPY 0
/* [in] memref[0]: extra data; [out] memref[1]: the key, 16 to 32 bytes. */
#define PTA_SYSTEM_DERIVE_TA_UNIQUE_KEY 1
#define TA_DERIVED_KEY_MIN_SIZE 16
#define TA_DERIVED_KEY_MAX_SIZE 32
#define TA_DERIVED_EXTRA_DATA_MAX_SIZE 1024
/* [in] value[0]: bytes, flags; [inout] value[1]: address, high and low half; [in] value[2]: padding before and after. */
#define PTA_SYSTEM_MAP_ZI 2
#define PTA_SYSTEM_MAP_FLAG_SHAREABLE 1
/* [in] value[0]: bytes, 0; [in] value[1]: address, high and low half. */
#define PTA_SYSTEM_UNMAP 3
/* [in] memref[0]: UUID; [in] value[1]: flags. */
#define PTA_SYSTEM_DLOPEN 10
/* [in] memref[0]: UUID; [in] memref[1]: name; [out] value[2]: address, high and low half. */
#define PTA_SYSTEM_DLSYM 11
/* [out] memref[0]: the log. */
#define PTA_SYSTEM_GET_TPM_EVENT_LOG 12
/* [in] memref[0]: UUID; [in] value[1]: command, sub-command; [inout] memref[2]: data; [out] value[3]: its length. */
#define PTA_SYSTEM_SUPP_PLUGIN_INVOKE 13

#endif
