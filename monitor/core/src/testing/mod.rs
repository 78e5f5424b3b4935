// SPDX-License-Identifier: BSD-2-Clause
//! A platform in a host process.
