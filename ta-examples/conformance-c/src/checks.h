/* SPDX-License-Identifier: BSD-2-Clause */
/* Counts checks and remembers the first one that failed. */
#ifndef CHECKS_H
#define CHECKS_H

#include <tee_internal_api_extensions.h>

extern uint32_t checks_passed;
extern uint32_t checks_first_failure;

void check_at(bool holds, const char *what, const char *file, unsigned int line);

#define CHECK(expression) check_at((expression), #expression, __FILE__, __LINE__)

void check_arithmetic(void);
void check_curves(void);
void check_framework(void);
void check_library(void);
void check_open(void);
void check_sm2(void);
void check_keys(void);
void check_storage(void);
void check_public_keys(void);

#endif
