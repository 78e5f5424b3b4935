# SPDX-License-Identifier: BSD-2-Clause
srcs-y += src/hello_world.c
