// SPDX-License-Identifier: BSD-2-Clause
//! What Linux is told, made from the tree of QEMU 10.0.2 (`-M virt,secure=on,highmem=off,gic-version=2,dumpdtb=…
//! -cpu cortex-a15 -smp 4 -m 512`, packed by dtc).

use drivers::device_tree::DeviceTree;
use drivers::device_tree::announce::{Tee, with_tee};
use drivers::device_tree::linux::{Linux, for_linux};
use dtoolkit::fdt::Fdt;
use dtoolkit::{Node, Property};

const QEMU: &[u8] = include_bytes!("qemu-virt.dtb");
const SEED: [u8; 32] = [0x5A; 32];

fn edited(linux: &Linux<'_>) -> Vec<u8> {
    for_linux(DeviceTree::new(QEMU).unwrap(), linux).unwrap()
}

fn linux() -> Linux<'static> {
    Linux {
        arguments: "console=ttyAMA0",
        initial_files: 0x4800_0000..0x4812_3456,
        reserved: 0x4200_0000..0x4220_0000,
        notification: Some(80),
        seed: &SEED,
    }
}

fn value(tree: &Fdt<'_>, path: &str, name: &str) -> Option<Vec<u8>> {
    tree.find_node(path)?.property(name).map(|property| property.value().to_vec())
}

fn words(words: &[u32]) -> Option<Vec<u8>> {
    Some(words.iter().flat_map(|word| word.to_be_bytes()).collect())
}

#[test]
fn the_tee_is_announced() {
    let bytes = edited(&linux());
    let tree = Fdt::new(&bytes).unwrap();
    assert_eq!(value(&tree, "/firmware/optee", "compatible").unwrap(), b"linaro,optee-tz\0");
    assert_eq!(value(&tree, "/firmware/optee", "method").unwrap(), b"smc\0");
    assert_eq!(value(&tree, "/firmware/optee", "interrupts"), words(&[0, 48, 1]));
    assert_eq!(value(&tree, "/psci", "compatible").unwrap(), b"arm,psci-1.0\0arm,psci-0.2\0");
    assert_eq!(value(&tree, "/psci", "method").unwrap(), b"smc\0");
    for cpu in 0..4 {
        assert_eq!(value(&tree, &format!("/cpus/cpu@{cpu}"), "enable-method").unwrap(), b"psci\0");
    }
    assert_eq!(value(&tree, "/reserved-memory/optee-shm@42000000", "reg"), words(&[0, 0x4200_0000, 0, 0x20_0000]));
    assert_eq!(value(&tree, "/reserved-memory/optee-shm@42000000", "no-map"), words(&[]));
    assert_eq!(value(&tree, "/reserved-memory", "#address-cells"), words(&[2]));
}

#[test]
fn the_kernel_finds_its_arguments_and_files() {
    let bytes = edited(&linux());
    let tree = Fdt::new(&bytes).unwrap();
    assert_eq!(value(&tree, "/chosen", "bootargs").unwrap(), b"console=ttyAMA0\0");
    assert_eq!(value(&tree, "/chosen", "linux,initrd-start"), words(&[0, 0x4800_0000]));
    assert_eq!(value(&tree, "/chosen", "linux,initrd-end"), words(&[0, 0x4812_3456]));
}

#[test]
fn the_emulators_seeds_stay_here() {
    let before = Fdt::new(QEMU).unwrap();
    let seed = value(&before, "/chosen", "rng-seed").unwrap();
    let bytes = edited(&linux());
    assert!(!bytes.windows(seed.len()).any(|window| window == seed));
    let tree = Fdt::new(&bytes).unwrap();
    assert_eq!(value(&tree, "/chosen", "rng-seed").unwrap(), SEED);
    assert_eq!(value(&tree, "/chosen", "kaslr-seed"), None);
}

#[test]
fn what_is_secure_is_gone_and_the_rest_is_unchanged() {
    let bytes = edited(&linux());
    let (before, after) = (Fdt::new(QEMU).unwrap(), Fdt::new(&bytes).unwrap());
    let secure = ["/secram@e000000", "/pl011@9040000", "/pl061@90b0000", "/secflash@0", "/gpio-restart", "/gpio-poweroff"];
    for path in secure {
        assert!(before.find_node(path).is_some(), "{path}");
        assert!(after.find_node(path).is_none(), "{path}");
    }
    for node in before.root().children() {
        let path = format!("/{}", node.name());
        if secure.contains(&path.as_str()) || path == "/chosen" || path == "/aliases" {
            continue;
        }
        let kept = after.find_node(&path).unwrap_or_else(|| panic!("{path} is gone"));
        for property in node.properties() {
            let found = kept.property(property.name()).map(|property| property.value().to_vec());
            assert_eq!(found.as_deref(), Some(property.value()), "{path} {}", property.name());
        }
    }
    let aliases = after.find_node("/aliases").unwrap();
    assert_eq!(value(&after, "/aliases", "serial0").unwrap(), b"/pl011@9000000\0");
    assert!(aliases.properties().all(|alias| alias.value() != b"/pl011@9040000\0"));
}

#[test]
fn nothing_is_announced_that_there_is_not() {
    let bytes = edited(&Linux { arguments: "", ..Linux::default() });
    let tree = Fdt::new(&bytes).unwrap();
    assert_eq!(value(&tree, "/firmware/optee", "interrupts"), None);
    assert!(tree.find_node("/reserved-memory").is_none());
    assert_eq!(value(&tree, "/chosen", "linux,initrd-start"), None);
}

#[test]
fn a_tee_that_is_there_stays_as_it_is() {
    let before = Linux { reserved: 0x4210_0000..0x4220_0000, notification: Some(219), ..linux() };
    let announced = edited(&before);
    let bytes = for_linux(DeviceTree::new(&announced).unwrap(), &linux()).unwrap();
    let tree = Fdt::new(&bytes).unwrap();
    assert_eq!(value(&tree, "/firmware/optee", "interrupts"), words(&[0, 187, 1]));
    assert_eq!(value(&tree, "/reserved-memory/optee-shm@42100000", "reg"), words(&[0, 0x4210_0000, 0, 0x10_0000]));
    assert!(tree.find_node("/reserved-memory/optee-shm@42000000").is_none());
    assert_eq!(value(&tree, "/psci", "method").unwrap(), b"smc\0");
}

#[test]
fn a_tee_announces_itself_once() {
    let tee = Tee { reserved: 0x4200_0000..0x4220_0000, notification: Some(219), seed: &SEED };
    let bytes = with_tee(DeviceTree::new(QEMU).unwrap(), &tee).unwrap();
    let (before, after) = (Fdt::new(QEMU).unwrap(), Fdt::new(&bytes).unwrap());
    assert_eq!(value(&after, "/firmware/optee", "compatible").unwrap(), b"linaro,optee-tz\0");
    assert_eq!(value(&after, "/firmware/optee", "interrupts"), words(&[0, 187, 1]));
    assert_eq!(value(&after, "/reserved-memory/optee-shm@42000000", "reg"), words(&[0, 0x4200_0000, 0, 0x20_0000]));
    // Other bytes for the seeds, everything else as it was, what is secure among it.
    assert_eq!(value(&after, "/chosen", "rng-seed").unwrap(), SEED);
    assert_eq!(value(&after, "/chosen", "kaslr-seed").unwrap(), SEED[..8]);
    for (path, name) in [("/chosen", "stdout-path"), ("/pl011@9040000", "secure-status"), ("/timer", "interrupts"), ("/cpus/cpu@1", "reg")]
    {
        assert!(value(&before, path, name).is_some(), "{path}/{name}");
        assert_eq!(value(&after, path, name), value(&before, path, name), "{path}/{name}");
    }
    assert!(with_tee(DeviceTree::new(&bytes).unwrap(), &tee).is_none(), "it is there already");
    // What our EL3 makes for Linux of such a tree keeps it.
    let linux = for_linux(DeviceTree::new(&bytes).unwrap(), &Linux { notification: None, reserved: 0..0, ..linux() }).unwrap();
    let linux = Fdt::new(&linux).unwrap();
    assert_eq!(value(&linux, "/firmware/optee", "interrupts"), words(&[0, 187, 1]));
    assert_eq!(value(&linux, "/reserved-memory/optee-shm@42000000", "no-map"), words(&[]));
}
