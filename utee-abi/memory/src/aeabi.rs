// SPDX-License-Identifier: BSD-2-Clause
//! The same under the names of the Run-time ABI for the Arm Architecture (IHI 0043, 4.3.4), which compilers for Arm call.
//! They give nothing back, and the last two arguments of memset change places.

use crate::function;

function!("__aeabi_memcpy", "b memcpy");
function!("__aeabi_memcpy4", "b memcpy");
function!("__aeabi_memcpy8", "b memcpy");
function!("__aeabi_memmove", "b memmove");
function!("__aeabi_memmove4", "b memmove");
function!("__aeabi_memmove8", "b memmove");
function!("__aeabi_memset", "mov r3, r1", "mov r1, r2", "mov r2, r3", "b memset");
function!("__aeabi_memset4", "mov r3, r1", "mov r1, r2", "mov r2, r3", "b memset");
function!("__aeabi_memset8", "mov r3, r1", "mov r1, r2", "mov r2, r3", "b memset");
function!("__aeabi_memclr", "mov r2, r1", "mov r1, #0", "b memset");
function!("__aeabi_memclr4", "mov r2, r1", "mov r1, #0", "b memset");
function!("__aeabi_memclr8", "mov r2, r1", "mov r1, #0", "b memset");
