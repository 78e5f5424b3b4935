// SPDX-License-Identifier: BSD-2-Clause
//! What clients of the TA `demonstration` share with it.
#![no_std]

pub mod proto;

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::ToString;

    #[test]
    fn uuid_is_that_of_ta_toml() {
        assert!(include_str!("../ta.toml").contains(&super::proto::UUID.to_string()));
    }
}
