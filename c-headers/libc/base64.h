/* SPDX-License-Identifier: BSD-2-Clause */
/* Base64 (RFC 4648). Sizes are set to what is needed also when there is no room, which is false. Not for secrets. */
#ifndef BASE64_H
#define BASE64_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Characters, and a NUL. */
bool base64_enc(const void *data, size_t size, char *buf, size_t *len);
bool base64_dec(const char *data, size_t size, void *buf, size_t *len);
/* Characters without the NUL. */
size_t base64_enc_len(size_t size);

#ifdef __cplusplus
}
#endif

#endif
