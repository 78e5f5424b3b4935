// SPDX-License-Identifier: BSD-2-Clause
//! What clients of the TA `hello-world` share with it.
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
    #[test]
    fn the_twin_in_c_has_the_same_commands_and_uuid() {
        use super::proto::{ADD, ALL, FAIL, GREET, GREETING, NOP, NULL_MEMREF, REVERSE, SPLIT, SUM, UUID_C};
        let source = include_str!("../../hello-world-c/src/hello_world.c");
        let defined = |name: &str| {
            let line = source.lines().find(|line| line.split_whitespace().nth(1) == Some(name))?;
            line.split_whitespace().nth(2)?.parse::<u32>().ok()
        };
        let commands = [
            ("NOP", NOP),
            ("ADD", ADD),
            ("SPLIT", SPLIT),
            ("SUM", SUM),
            ("GREET", GREET),
            ("REVERSE", REVERSE),
            ("NULL_MEMREF", NULL_MEMREF),
            ("ALL", ALL),
            ("FAIL", FAIL),
        ];
        for (name, number) in commands {
            assert_eq!(defined(&std::format!("CMD_{name}")), Some(number), "{name}");
        }
        assert!(source.contains(GREETING));
        assert!(include_str!("../../hello-world-c/ta.toml").contains(&UUID_C.to_string()));
    }
}
