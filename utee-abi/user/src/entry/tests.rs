// SPDX-License-Identifier: BSD-2-Clause
//! The life of instances and sessions, entry by entry.
