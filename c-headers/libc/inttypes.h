/* SPDX-License-Identifier: BSD-2-Clause */
/* Conversions of the fixed-width integers. */
#ifndef INTTYPES_H
#define INTTYPES_H

#include <stdint.h>

/* The compiler's stdint.h has another 64-bit type where long is one. */
#if __SIZEOF_LONG__ == 8
#define OXTEE_PRI64 "l"
#define OXTEE_PRIPTR "l"
#else
#define OXTEE_PRI64 "ll"
#define OXTEE_PRIPTR ""
#endif

#define PRId8 "d"
#define PRIi8 "i"
#define PRIu8 "u"
#define PRIx8 "x"
#define PRIX8 "X"
#define PRId16 "d"
#define PRIi16 "i"
#define PRIu16 "u"
#define PRIx16 "x"
#define PRIX16 "X"
#define PRId32 "d"
#define PRIi32 "i"
#define PRIu32 "u"
#define PRIx32 "x"
#define PRIX32 "X"
#define PRId64 OXTEE_PRI64 "d"
#define PRIi64 OXTEE_PRI64 "i"
#define PRIu64 OXTEE_PRI64 "u"
#define PRIx64 OXTEE_PRI64 "x"
#define PRIX64 OXTEE_PRI64 "X"
#define PRIuPTR OXTEE_PRIPTR "u"
#define PRIxPTR OXTEE_PRIPTR "x"
#define PRIXPTR OXTEE_PRIPTR "X"

#endif
