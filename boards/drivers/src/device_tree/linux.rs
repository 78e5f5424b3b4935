// SPDX-License-Identifier: BSD-2-Clause
//! The device tree that Linux gets: the emulator's, without what is the secure world's, with what the TEE serves.
//!
//! It is copied node by node: the editable model of the library that reads it would make the monitor a tenth larger.

use super::DeviceTree;
use super::writer::Writer;
use alloc::vec::Vec;
use core::ops::Range;
use dtoolkit::fdt::{Fdt, FdtNode};
use dtoolkit::{Node, Property};

/// Kind of a shared peripheral interrupt in an interrupt specifier of the GIC.
const GIC_SPI: u32 = 0;
/// Trigger of an interrupt specifier: rising edge.
const EDGE_RISING: u32 = 1;
/// Number of the first shared peripheral interrupt; specifiers count from it.
const FIRST_SPI: u32 = 32;
/// Depth of a tree at most.
pub(super) const DEPTH: usize = 16;

/// Children of the root that are written anew.
const NEW: [&str; 3] = ["psci", "firmware", "reserved-memory"];
/// With it a kernel would take the secure physical timer, which is the TEE's.
const SECURE_TIMER: &str = "arm,cpu-registers-not-fw-configured";

/// What Linux is told beside what the emulator says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Linux<'a> {
    /// Command line of the kernel.
    pub arguments: &'a str,
    /// Where the initial file system lies; empty for none.
    pub initial_files: Range<u64>,
    /// RAM that the kernel may not use; empty for none. Of no effect when the tree has a TEE already.
    pub reserved: Range<u64>,
    /// Interrupt (number of the controller, 32 and up) that the TEE raises for asynchronous notifications.
    pub notification: Option<u32>,
    /// Random bytes for the kernel, instead of the ones that the emulator gave.
    pub seed: &'a [u8],
}

/// The tree for Linux, flattened; `None` when it is nested too deep. A TEE that put itself into the tree before stays as it
/// stands there, with the memory that it reserved.
#[must_use]
pub fn for_linux(tree: DeviceTree<'_>, linux: &Linux<'_>) -> Option<Vec<u8>> {
    let root = tree.tree.root();
    let mut out = Writer::new();
    out.begin("");
    for property in root.properties() {
        out.property(property.name(), property.value());
    }
    let mut chosen = false;
    for child in root.children().filter(|child| !is_secure(child) && !NEW.contains(&child.name())) {
        match child.name() {
            "chosen" => {
                chosen = true;
                write_chosen(&mut out, Some(child), linux);
            }
            "aliases" => write_aliases(&mut out, &tree.tree, &child),
            "timer" => copy(&mut out, &child, &[SECURE_TIMER], DEPTH)?,
            "cpus" => write_cpus(&mut out, &child)?,
            _ => copy(&mut out, &child, &[], DEPTH)?,
        }
    }
    if !chosen {
        write_chosen(&mut out, None, linux);
    }
    write_psci(&mut out);
    match root.child("firmware").filter(|firmware| firmware.child("optee").is_some()) {
        Some(announced) => {
            copy(&mut out, &announced, &[], DEPTH)?;
            write_reserved(&mut out, &root, &(0..0))?;
        }
        None => {
            out.begin("firmware");
            write_optee(&mut out, linux.notification);
            out.end();
            write_reserved(&mut out, &root, &linux.reserved)?;
        }
    }
    out.end();
    Some(out.finish())
}

/// Whether a property of a node is this text.
fn says(node: &FdtNode<'_>, name: &str, text: &str) -> bool {
    node.property(name).is_some_and(|property| property.value().strip_suffix(&[0]) == Some(text.as_bytes()))
}

/// Whether a node is the secure world's: the bindings give it a status of its own there.
fn is_secure(node: &FdtNode<'_>) -> bool {
    says(node, "status", "disabled") && says(node, "secure-status", "okay")
}

/// Copies a node without some of its own properties, and without what is secure below it.
fn copy(out: &mut Writer, node: &FdtNode<'_>, without: &[&str], depth: usize) -> Option<()> {
    let below = depth.checked_sub(1)?;
    out.begin(node.name());
    for property in node.properties().filter(|property| !without.contains(&property.name())) {
        out.property(property.name(), property.value());
    }
    for child in node.children().filter(|child| !is_secure(child)) {
        copy(out, &child, &[], below)?;
    }
    out.end();
    Some(())
}

/// CPUs are switched by our PSCI.
fn write_cpus(out: &mut Writer, cpus: &FdtNode<'_>) -> Option<()> {
    out.begin(cpus.name());
    for property in cpus.properties() {
        out.property(property.name(), property.value());
    }
    for child in cpus.children() {
        if !says(&child, "device_type", "cpu") {
            copy(out, &child, &[], DEPTH)?;
            continue;
        }
        out.begin(child.name());
        for property in child.properties().filter(|property| property.name() != "enable-method") {
            out.property(property.name(), property.value());
        }
        out.property("enable-method", b"psci\0");
        out.end();
    }
    out.end();
    Some(())
}

/// Names of nodes, without those of nodes that are gone.
fn write_aliases(out: &mut Writer, tree: &Fdt<'_>, aliases: &FdtNode<'_>) {
    out.begin(aliases.name());
    for property in aliases.properties() {
        let path = property.value().strip_suffix(&[0]).and_then(|path| core::str::from_utf8(path).ok());
        if !path.and_then(|path| tree.find_node(path)).is_some_and(|node| is_secure(&node)) {
            out.property(property.name(), property.value());
        }
    }
    out.end();
}

/// What the kernel is to do. The secure world stirs the emulator's seeds into its own: they stay here.
fn write_chosen(out: &mut Writer, old: Option<FdtNode<'_>>, linux: &Linux<'_>) {
    const OURS: [&str; 5] = ["bootargs", "linux,initrd-start", "linux,initrd-end", "rng-seed", "kaslr-seed"];
    out.begin("chosen");
    for property in old.iter().flat_map(|node| node.properties()).filter(|property| !OURS.contains(&property.name())) {
        out.property(property.name(), property.value());
    }
    out.text("bootargs", linux.arguments);
    if !linux.initial_files.is_empty() {
        out.property("linux,initrd-start", &linux.initial_files.start.to_be_bytes());
        out.property("linux,initrd-end", &linux.initial_files.end.to_be_bytes());
    }
    if !linux.seed.is_empty() {
        out.property("rng-seed", linux.seed);
    }
    out.end();
}

/// Power control, which is called by SMC.
fn write_psci(out: &mut Writer) {
    out.begin("psci");
    out.property("compatible", b"arm,psci-1.0\0arm,psci-0.2\0");
    out.text("method", "smc");
    out.end();
}

/// The TEE, which is called by SMC, below `/firmware`.
pub(super) fn write_optee(out: &mut Writer, notification: Option<u32>) {
    out.begin("optee");
    out.text("compatible", "linaro,optee-tz");
    out.text("method", "smc");
    if let Some(spi) = notification.and_then(|interrupt| interrupt.checked_sub(FIRST_SPI)) {
        out.words("interrupts", &[GIC_SPI, spi, EDGE_RISING]);
    }
    out.end();
}

/// Keeps the kernel from ranges of RAM, the emulator's own ones and `range`; it does not even map that.
pub(super) fn write_reserved(out: &mut Writer, root: &FdtNode<'_>, range: &Range<u64>) -> Option<()> {
    let old = root.child("reserved-memory");
    let size = range.end.saturating_sub(range.start);
    if old.is_none() && size == 0 {
        return Some(());
    }
    // Linux wants the cells of this node to be the root's.
    let cells = |name: &str, usual: u32| root.property(name).and_then(|property| property.value_as().ok()).unwrap_or(usual);
    let cells = [cells("#address-cells", 2), cells("#size-cells", 1)];
    out.begin("reserved-memory");
    out.words("#address-cells", &cells[..1]);
    out.words("#size-cells", &cells[1..]);
    out.property("ranges", &[]);
    for child in old.iter().flat_map(|node| node.children()) {
        copy(out, &child, &[], DEPTH)?;
    }
    if size != 0 {
        let mut reg = Vec::new();
        for (value, cells) in [range.start, size].into_iter().zip(cells) {
            let bytes = value.to_be_bytes();
            reg.extend_from_slice(if cells == 2 { &bytes } else { &bytes[4..] });
        }
        out.begin(&alloc::format!("optee-shm@{:x}", range.start));
        out.property("reg", &reg);
        out.property("no-map", &[]);
        out.end();
    }
    out.end();
    Some(())
}
