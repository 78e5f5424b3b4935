// SPDX-License-Identifier: BSD-2-Clause
//! The TEE's own words in the device tree of the normal world, as OP-TEE adds them under firmware that leaves that to it. All
//! that the firmware has put there stays.

use super::DeviceTree;
use super::linux::{DEPTH, write_optee, write_reserved};
use super::writer::Writer;
use alloc::vec::Vec;
use core::ops::Range;
use dtoolkit::fdt::FdtNode;
use dtoolkit::{Node, Property};

/// Properties of `/chosen` that are random bytes for a kernel.
const SEEDS: [&str; 2] = ["rng-seed", "kaslr-seed"];

/// What the normal world is told of the TEE.
#[derive(Clone, Debug)]
pub struct Tee<'a> {
    /// RAM that a kernel may not use; empty for none.
    pub reserved: Range<u64>,
    /// Interrupt (number of the controller, 32 and up) that the TEE raises for asynchronous notifications.
    pub notification: Option<u32>,
    /// Random bytes instead of the seeds that stand in the tree, over again where those are longer.
    pub seed: &'a [u8],
}

/// The tree with the TEE in it, flattened, without reservations of memory outside the tree; `None` when there is one already, and
/// when it is nested too deep.
#[must_use]
pub fn with_tee(tree: DeviceTree<'_>, tee: &Tee<'_>) -> Option<Vec<u8>> {
    let root = tree.tree.root();
    let firmware = root.child("firmware");
    if firmware.as_ref().is_some_and(|firmware| firmware.child("optee").is_some()) {
        return None;
    }
    let mut out = Writer::new();
    out.begin("");
    for property in root.properties() {
        out.property(property.name(), property.value());
    }
    for child in root.children().filter(|child| !["firmware", "reserved-memory"].contains(&child.name())) {
        if child.name() == "chosen" {
            write_chosen(&mut out, &child, tee.seed)?;
        } else {
            copy(&mut out, &child, DEPTH)?;
        }
    }
    out.begin("firmware");
    if let Some(firmware) = firmware {
        copy_inside(&mut out, &firmware, DEPTH)?;
    }
    write_optee(&mut out, tee.notification);
    out.end();
    write_reserved(&mut out, &root, &tee.reserved)?;
    out.end();
    Some(out.finish())
}

fn copy(out: &mut Writer, node: &FdtNode<'_>, depth: usize) -> Option<()> {
    out.begin(node.name());
    copy_inside(out, node, depth)?;
    out.end();
    Some(())
}

/// Properties and children of a node.
fn copy_inside(out: &mut Writer, node: &FdtNode<'_>, depth: usize) -> Option<()> {
    let below = depth.checked_sub(1)?;
    for property in node.properties() {
        out.property(property.name(), property.value());
    }
    for child in node.children() {
        copy(out, &child, below)?;
    }
    Some(())
}

/// What a kernel is to do. The secure world stirs seeds that it finds into its own: others take their place.
fn write_chosen(out: &mut Writer, chosen: &FdtNode<'_>, seed: &[u8]) -> Option<()> {
    out.begin(chosen.name());
    for property in chosen.properties() {
        if SEEDS.contains(&property.name()) {
            let value: Vec<u8> = seed.iter().copied().cycle().take(property.value().len()).collect();
            out.property(property.name(), &value);
        } else {
            out.property(property.name(), property.value());
        }
    }
    for child in chosen.children() {
        copy(out, &child, DEPTH)?;
    }
    out.end();
    Some(())
}
