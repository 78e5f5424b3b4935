# SPDX-License-Identifier: BSD-2-Clause
global-incdirs-y += .
srcs-y += main.c
srcs-y += framework.c
srcs-y += library.c
