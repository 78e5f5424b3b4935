// SPDX-License-Identifier: BSD-2-Clause
//! The Rust source that `utee::ta!` includes.

use crate::config::{Property, Ta};
use crate::link::Width;
use utee_abi::ta_head::{TA_HEAD_SECTION, TA_HEAD_SYMBOL, TA_LIMITS_SYMBOL};
use utee_abi::ta_objects::{ELF_PHDR_INFO_SYMBOL, PhdrInfoLayout};

/// A Rust expression of a property's value.
fn constant(value: &Property) -> String {
    let (variant, value) = match value {
        Property::Bool(value) => ("Bool", value.to_string()),
        Property::U32(value) => ("U32", value.to_string()),
        Property::U64(value) => ("U64", value.to_string()),
        Property::String(value) => ("String", format!("{value:?}")),
        Property::BinaryBlock(value) => ("BinaryBlock", format!("&{value:?}")),
    };
    format!("::utee::property::Constant::{variant}({value})")
}

/// A static that the loader finds by its symbol. The list of dynamic symbols keeps it in the program; `#[used]`
/// would set the OS ABI of the file to GNU, which loaders of TAs refuse.
fn object(symbol: &str, attributes: &str, kind: &str, value: &str) -> String {
    format!("    #[unsafe(no_mangle)]\n{attributes}    #[allow(non_upper_case_globals)]\n    static {symbol}: {kind} = {value};\n")
}

/// The header, the limits, the properties, and the manifest with the heap.
pub(crate) fn source(ta: &Ta, width: Width) -> String {
    let head = object(
        TA_HEAD_SYMBOL,
        &format!("    #[unsafe(link_section = {TA_HEAD_SECTION:?})]\n"),
        "::utee::image::Header",
        &format!("::utee::image::Header({:?})", ta.head().to_bytes()),
    );
    let words = ta.limit_words();
    let limits = object(TA_LIMITS_SYMBOL, "", &format!("[u32; {}]", words.len()), &format!("{words:?}"));
    let size = match width {
        Width::A32 => PhdrInfoLayout::A32.size,
        Width::A64 => PhdrInfoLayout::A64.size,
    };
    let phdr_info = object(ELF_PHDR_INFO_SYMBOL, "", &format!("::utee::image::LoaderCell<{size}>"), "::utee::image::LoaderCell::new()");
    let level = object("trace_level", "", "u32", &ta.trace_level.to_string());
    let properties: String = ta
        .all_properties()
        .iter()
        .map(|(name, value)| format!("        ::utee::property::Property {{ name: {name:?}, value: {} }},\n", constant(value)))
        .collect();
    format!(
        "/// Made from ta.toml by utee-build.\n#[allow(clippy::unreadable_literal)]\nmod utee_ta {{\n{head}{limits}{phdr_info}{level}\n    \
         static HEAP: ::utee::heap::Memory<{heap}> = ::utee::heap::Memory::new();\n    \
         const PROPERTIES: &[::utee::property::Property] = &[\n{properties}    ];\n    \
         pub(super) static MANIFEST: ::utee::entry::Manifest = ::utee::entry::Manifest {{\n        \
         flags: ::utee::utee_abi::ta_head::TaFlags::from_bits_retain({flags:#x}),\n        \
         trace_level: {level_value},\n        properties: PROPERTIES,\n        \
         heap: ::utee::heap::Arena::of(&HEAP),\n    }};\n}}\n",
        heap = ta.heap,
        flags = ta.flags.bits(),
        level_value = ta.trace_level,
    )
}
