// SPDX-License-Identifier: BSD-2-Clause
//! The supplicant of a board without Linux: signed TAs, and the files that the TEE keeps in the normal world, on a FAT volume.
//!
//! A person can read and fill the volume with any computer: TAs are `optee_armtz/<uuid>.ta`, and what the TEE writes lies under
//! `tee`. Names and answers are those of OP-TEE's supplicant (its `tee_supp_fs.c`); where this one differs it says so. Names
//! on a FAT volume are found whatever the case of their letters.
//!
//! When an answer to a request that changes something is given, the change is on the disk. What a loss of power does before
//! that: a file is as it was before a request or as after it, except that of a write the beginning may have been done; space
//! that belongs to no file any more may be lost until the volume is checked on another computer.
//!
//! * [`window`] - the part of a disk that a volume takes.
//! * [`volume`] - the file system, by paths; `exchange` - the replacement of a file, and what a loss of power leaves.
//! * `path` - names of the TEE.
//! * [`service`] - the file requests; [`supplicant`] - these and TAs, as the client's transport wants them.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod exchange;
mod path;
pub mod service;
pub mod supplicant;
pub mod volume;
pub mod window;

pub use service::Service;
pub use supplicant::Files;
pub use volume::Volume;
