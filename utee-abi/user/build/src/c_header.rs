// SPDX-License-Identifier: BSD-2-Clause
//! `user_ta_header_defines.h` of a C TA, from its `ta.toml`.

use crate::config::{Property, Ta};
use std::fmt::Write;
use utee_abi::uuid::Uuid;

/// A C string literal: octal escapes, since they have a fixed length.
fn string(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'"' | b'\\' => format!("\\{}", char::from(byte)),
        // A question mark could begin a trigraph.
        b' '..=b'~' if byte != b'?' => char::from(byte).to_string(),
        byte => format!("\\{byte:03o}"),
    };
    format!("\"{}\"", text.bytes().map(escape).collect::<String>())
}

/// An initialiser of a TEE_UUID.
fn uuid(uuid: Uuid) -> String {
    let [a, b, c, d, e, f, g, h, node @ ..] = uuid.octets();
    let node: Vec<String> = node.iter().map(|byte| format!("{byte:#04x}")).collect();
    format!(
        "{{ {:#010x}, {:#06x}, {:#06x}, {{ {} }} }}",
        u32::from_be_bytes([a, b, c, d]),
        u16::from_be_bytes([e, f]),
        u16::from_be_bytes([g, h]),
        node.join(", ")
    )
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base64, which is how C TAs write blocks of bytes down.
fn base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let all = group.iter().enumerate().fold(0u32, |all, (index, byte)| all | u32::from(*byte) << (16 - 8 * index));
        for index in 0..4 {
            let digit = BASE64[(all >> (18 - 6 * index) & 63) as usize];
            text.push(if index <= group.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

/// A row of the table of properties. Values are addresses of compound literals, which a file-scope initialiser may have.
fn row(name: &str, value: &Property) -> String {
    let (kind, value) = match value {
        Property::Bool(value) => ("BOOL", format!("&(const bool){{ {value} }}")),
        Property::U32(value) => ("U32", format!("&(const uint32_t){{ {value} }}")),
        Property::U64(value) => ("U64", format!("&(const uint64_t){{ {value} }}")),
        Property::String(value) => ("STRING", string(value)),
        Property::BinaryBlock(value) => ("BINARY_BLOCK", string(&base64(value))),
    };
    format!("{{ {}, USER_TA_PROP_TYPE_{kind}, {value} }},", string(name))
}

/// The text of the header.
#[must_use]
pub fn source(ta: &Ta) -> String {
    let mut text =
        String::from("/* Made from ta.toml by utee-build. */\n#ifndef USER_TA_HEADER_DEFINES_H\n#define USER_TA_HEADER_DEFINES_H\n\n");
    let defines = [
        ("TA_UUID", uuid(ta.uuid)),
        ("TA_FLAGS", format!("{:#x}", ta.flags.bits())),
        ("TA_STACK_SIZE", ta.stack.to_string()),
        ("TA_DATA_SIZE", ta.heap.to_string()),
        ("TA_VERSION", string(&ta.version_text)),
        ("TA_DESCRIPTION", string(&ta.description)),
        ("TA_TIME_LIMIT_MS", ta.time_limit_ms.to_string()),
        ("TA_ABANDONED_LIMIT", format!("{}u", ta.limits().abandoned_limit)),
        ("TA_TRACE_LEVEL", ta.trace_level.to_string()),
    ];
    for (name, value) in defines {
        // Writing to a string does not fail.
        let _ = writeln!(text, "#define {name} {value}");
    }
    if !ta.rules.is_empty() {
        let rule = |words: [u32; 4]| words.map(|word| format!("{word:#x}")).join(", ");
        let rules: Vec<String> = ta.rules.iter().map(|words| format!("\t{},", rule(words.words()))).collect();
        let _ = writeln!(text, "#define TA_CALL_RULES \\\n{}", rules.join(" \\\n"));
    }
    if !ta.properties.is_empty() {
        let rows: Vec<String> = ta.properties.iter().map(|(name, value)| format!("\t{}", row(name, value))).collect();
        let _ = writeln!(text, "#define TA_CURRENT_TA_EXT_PROPERTIES \\\n{}", rows.join(" \\\n"));
    }
    text.push_str("\n#endif\n");
    text
}

#[cfg(test)]
mod tests {
    use super::{base64, source, string};
    use crate::Ta;
    use std::path::Path;

    #[test]
    fn header_has_what_ta_toml_says() {
        let text = "name = \"x\"\nuuid = \"8aaaf200-2450-11e4-abe2-0002a5d5c51b\"\nstack = 4096\nheap = 8192\n[properties]\na = [1]\n";
        let header = source(&Ta::parse(text, Path::new("ta.toml")).unwrap());
        assert!(header.contains("#define TA_UUID { 0x8aaaf200, 0x2450, 0x11e4, { 0xab, 0xe2, 0x00, 0x02, 0xa5, 0xd5, 0xc5, 0x1b } }"));
        assert!(header.contains("#define TA_DATA_SIZE 8192"));
        assert!(header.contains("{ \"a\", USER_TA_PROP_TYPE_BINARY_BLOCK, \"AQ==\" },"));
    }

    #[test]
    fn strings_survive_c() {
        assert_eq!(string("a\"b\\c\n\u{e9}?"), "\"a\\\"b\\\\c\\012\\303\\251\\077\"");
        assert_eq!(base64(b"any carnal pleas"), "YW55IGNhcm5hbCBwbGVhcw==");
    }
}
