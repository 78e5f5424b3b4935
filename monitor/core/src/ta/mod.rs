// SPDX-License-Identifier: BSD-2-Clause
//! Trusted applications: where they come from, how they are loaded, run and end.

pub mod abandoned;
pub mod dump;
pub mod image;
pub mod instance;
pub mod libraries;
pub mod load;
pub mod memory;
pub mod module;
pub mod params;
pub mod persistent_time;
pub mod publish;
pub mod registry;
pub mod run;
pub mod source;
pub mod space;
pub mod time;
