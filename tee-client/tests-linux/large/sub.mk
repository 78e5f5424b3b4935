# SPDX-License-Identifier: BSD-2-Clause
srcs-y += src/large.c
