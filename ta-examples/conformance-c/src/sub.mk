# SPDX-License-Identifier: BSD-2-Clause
global-incdirs-y += .
global-incdirs-y += ../../library-c/include
srcs-y += main.c
srcs-y += arithmetic.c
srcs-y += framework.c
srcs-y += library.c
srcs-y += open.c
srcs-y += keys.c
srcs-y += curves.c
srcs-y += sm2.c
srcs-y += storage.c
srcs-y += numbers.c
# What the library that open.c opens takes from this TA.
exports-y += TEE_Malloc snprintf __tls_get_addr
