// SPDX-License-Identifier: BSD-2-Clause
//! Pseudo-TAs: UUIDs and commands (OP-TEE ABI, pseudo TAs).
//!
//! A command that does not exist is NOT_IMPLEMENTED, wrong types of parameters are BAD_PARAMETERS, origins are TRUSTED_APP.

use crate::uuid::Uuid;

pub mod apdu;
pub mod attestation;
pub mod device;
pub mod gprof;
pub mod invoke_tests;
pub mod log;
pub mod remoteproc;
pub mod rng;
pub mod rtc;
pub mod scmi;
pub mod scp03;
pub mod secstor_ta_mgmt;
pub mod socket;
pub mod stats;
pub mod system;
pub mod veraison;
pub mod widevine;

/// Every pseudo-TA that has a UUID, by name.
pub const ALL: &[(&str, Uuid)] = &[
    ("apdu", apdu::UUID),
    ("attestation", attestation::UUID),
    ("device", device::UUID),
    ("gprof", gprof::UUID),
    ("invoke_tests", invoke_tests::UUID),
    ("log", log::UUID),
    ("remoteproc", remoteproc::UUID),
    ("rng", rng::UUID),
    ("rtc", rtc::UUID),
    ("scmi", scmi::UUID),
    ("scp03", scp03::UUID),
    ("secstor_ta_mgmt", secstor_ta_mgmt::UUID),
    ("socket", socket::UUID),
    ("stats", stats::UUID),
    ("system", system::UUID),
    ("veraison", veraison::UUID),
    ("widevine", widevine::UUID),
];

#[cfg(test)]
mod tests {
    extern crate std;

    use super::ALL;
    use std::string::ToString;

    #[test]
    fn uuids_are_the_published_ones() {
        let published = [
            ("apdu", "3f3eb880-3639-11ec-9b9d-0f3fc9468f50"),
            ("attestation", "39800861-182a-4720-9b67-2bcd622bc0b5"),
            ("device", "7011a688-ddde-4053-a5a9-7b3c4ddf13b8"),
            ("gprof", "2f6e0d48-c574-426d-824e-40198cde5cac"),
            ("invoke_tests", "d96a5b40-c3e5-21e3-8794-1002a5d5c61b"),
            ("log", "5e0c91b7-2d4f-4c8a-8e63-a71f0b9d52c4"),
            ("remoteproc", "54af4a68-19be-40d7-bbe6-8950350a8744"),
            ("rng", "ab7a617c-b8e7-4d8f-8301-d09b61036b64"),
            ("rtc", "f389f8c8-845f-496c-8bbe-d64bd24c92fd"),
            ("scmi", "a8cfe406-d4f5-4a2e-9f8d-a25dc754c099"),
            ("scp03", "be0e5821-e718-4f77-ab3e-8e6c73a9c735"),
            ("secstor_ta_mgmt", "6e256cba-fc4d-4941-ad09-2ca1860342dd"),
            ("socket", "3b996a7d-2c2b-4a49-a896-e1fb5766d2f4"),
            ("stats", "d96a5b40-e2c7-b1af-8794-1002a5d5c61b"),
            ("system", "3a2f8978-5dc0-11e8-9c2d-fa7ae01bbebc"),
            ("veraison", "a77955f9-eea1-44fd-add5-4a9d962afcf5"),
            ("widevine", "721f4da9-da05-40d4-a1a3-8377c1e08b0a"),
        ];
        assert_eq!(ALL.len(), published.len());
        for ((name, uuid), (published_name, text)) in ALL.iter().zip(published) {
            assert_eq!((*name, uuid.to_string().as_str()), (published_name, text));
        }
        for (index, (name, uuid)) in ALL.iter().enumerate() {
            assert!(ALL[..index].iter().all(|(_, other)| other != uuid), "{name}");
        }
    }
}
