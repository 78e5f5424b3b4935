# SPDX-License-Identifier: BSD-2-Clause
global-incdirs-y += ../library-c/include
srcs-y += main.c
