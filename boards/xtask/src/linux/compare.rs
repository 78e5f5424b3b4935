// SPDX-License-Identifier: BSD-2-Clause
//! `bench --peer`: what calls cost from a program in Debian's Linux on our TEE and on Debian's OP-TEE, in one run and under the same
//! conditions: the same EL3, kernel, library, supplicant and prebuilt TAs, one CPU, counted instructions.

use super::exec;
use super::log::Log;
use super::{Added, Guest, Release, packages, peer};
use crate::arch::Arch;
use crate::bench::grouped;
use crate::image::{self, Image, Kind};
use crate::qemu::Machine;
use crate::setup;
use crate::tools::{check, root, target_dir};
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Compiler of the program.
const CC: (&str, &str) = ("aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu");
/// Seconds that one of the two boots may take.
const LIMIT: Duration = Duration::from_secs(1800);

/// A row that the program measures: its name and what it is.
const ROWS: [(&str, &str); 8] = [
    ("invoke-noop", "invoke that the TA refuses"),
    ("invoke-value", "invoke with a value out"),
    ("invoke-registered-4k", "invoke with 4 KiB registered memory"),
    ("invoke-temporary-4k", "invoke with 4 KiB temporary memory"),
    ("register-release-4k", "share and unshare 4 KiB"),
    ("open-close-loaded", "open and close of a loaded TA"),
    ("open-close-again", "open and close, TA not loaded, opened before"),
    ("open-close-first", "open and close, first time since boot"),
];

/// A row that the suite's own programs measure: its name, what it is, and what they are called with.
const PERF: [(&str, &str, &str); 18] = [
    ("sha256-4k", "SHA-256 of 4 KiB", "--hash-perf -a SHA256 -s 4096 -n 40 -w 0"),
    ("sha512-4k", "SHA-512 of 4 KiB", "--hash-perf -a SHA512 -s 4096 -n 40 -w 0"),
    ("hmac-sha256-1k", "HMAC-SHA-256 of 1 KiB", "--hash-perf -a HMAC_SHA256 -s 1024 -n 40 -w 0"),
    ("hmac-sha256-4k", "  of 4 KiB", "--hash-perf -a HMAC_SHA256 -s 4096 -n 40 -w 0"),
    ("hmac-sha256-64k", "  of 64 KiB", "--hash-perf -a HMAC_SHA256 -s 65536 -n 10 -w 0"),
    ("hmac-sha256-1m", "  of 1 MiB", "--hash-perf -a HMAC_SHA256 -s 1048576 -n 2 -w 0"),
    ("aes-cbc-4k", "AES-128-CBC of 4 KiB", "--aes-perf -m CBC -k 128 -s 4096 -n 40 -w 0"),
    ("aes-ctr-4k", "AES-128-CTR of 4 KiB", "--aes-perf -m CTR -k 128 -s 4096 -n 40 -w 0"),
    ("aes-xts-4k", "AES-128-XTS of 4 KiB", "--aes-perf -m XTS -k 128 -s 4096 -n 40 -w 0"),
    ("aes-gcm-4k", "AES-128-GCM of 4 KiB", "--aes-perf -m GCM -k 128 -s 4096 -n 40 -w 0"),
    ("ecdsa-sign", "ECDSA P-256, signing", "--asym-perf -a ECDSA_SIGN -d 256 -k 32 -n 3 -w 0"),
    ("ecdsa-verify", "ECDSA P-256, verifying", "--asym-perf -a ECDSA_VERIFY -d 256 -k 32 -n 3 -w 0"),
    ("ecdh", "ECDH P-256, agreeing", "--asym-perf -a ECDH -d 256 -n 3 -w 0"),
    ("x25519", "X25519, agreeing", "--asym-perf -a X25519 -d 256 -n 3 -w 0"),
    ("dh-2048", "Diffie-Hellman 2048, agreeing", "--asym-perf -a DH -d 2048 -n 3 -w 0"),
    ("rsa-2048-sign", "RSA 2048, PKCS#1 v1.5 SHA-256, signing", "--asym-perf -a RSASSA_PKCS1_V1_5_SHA256_SIGN -d 2048 -k 32 -n 3 -w 0"),
    ("rsa-2048-verify", "  verifying", "--asym-perf -a RSASSA_PKCS1_V1_5_SHA256_VERIFY -d 2048 -k 32 -n 3 -w 0"),
    ("rsa-2048-decrypt", "RSA 2048, PKCS#1 v1.5, decrypting", "--asym-perf -a RSAES_PKCS1_V1_5_DECRYPT -d 2048 -k 32 -n 3 -w 0"),
];

/// Figures by the name of their row.
type Figures = BTreeMap<String, u64>;

/// Builds the program. It is linked against Debian's library, which it runs with.
fn program() -> Result<PathBuf> {
    setup::require(CC.0, CC.1)?;
    let out = target_dir().join("client/compare");
    fs::create_dir_all(out.parent().context("no folder")?)?;
    let library = packages::guest(Arch::Aarch64, Release::Tested)?.join("usr/lib/aarch64-linux-gnu/libteec.so.2");
    let mut command = Command::new(CC.0);
    command.args(["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-I"]).arg(root().join("c-headers/include"));
    // What the library needs in turn is the guest's, which may be newer than the compiler's.
    command.arg(root().join("tee-client/bench/compare/compare.c")).arg(library).arg("-Wl,--allow-shlib-undefined").arg("-o").arg(&out);
    check(&mut command)?;
    Ok(out)
}

/// Measures both; gives the figures of ours and of the peer.
///
/// # Errors
/// When something is not to be had, or does not come to its end.
fn figures() -> Result<[Figures; 2]> {
    let program = program()?;
    let ours = image::build_for(Arch::Aarch64, Kind::Plain, &[], &[peer::test_key(Release::Tested)?])?;
    Ok([measure(&ours, &program, "Oxtee")?, measure(&peer::image(Release::Tested)?, &program, "OP-TEE")?])
}

fn measure(image: &Image, program: &Path, name: &str) -> Result<Figures> {
    eprintln!("bench: {name}, some minutes");
    let machine = Machine { smp: 1, cpu: image.arch.cpu().into(), memory: 1024, icount: true, ..Machine::default() };
    let mut guest = Guest::new(image, machine);
    guest.folders.push(packages::suite(Release::Tested)?);
    guest.added.push(Added { path: "usr/bin/compare".into(), from: program.to_path_buf() });
    // What the kernel has to do after it has booted is done then.
    let mut script = String::from("sleep 20; compare || exit 1\n");
    for (row, _, arguments) in PERF {
        let _ = writeln!(script, "echo \"perf: {row} $(xtest {arguments} 2>&1 | grep min=)\"");
    }
    let mut text = Vec::new();
    let status = exec::run(&guest, &script, LIMIT, Log::keeping(image)?, |bytes| {
        text.extend_from_slice(bytes);
        Ok(())
    })?;
    let text = String::from_utf8_lossy(&text);
    if status != 0 {
        bail!("the benchmark on {name} failed with status {status}: {text}");
    }
    Ok(read(&text))
}

/// Reads what the programs print.
fn read(text: &str) -> Figures {
    let mut figures = Figures::new();
    for line in text.lines() {
        if let Some((name, value)) = line.strip_prefix("bench: ").and_then(|line| line.split_once(' '))
            && let Ok(value) = value.trim().parse()
        {
            figures.insert(name.into(), value);
        }
        // Microseconds, of which there are thousand instructions.
        if let Some((name, rest)) = line.strip_prefix("perf: ").and_then(|line| line.split_once(' '))
            && let Some(value) = rest.split("min=").nth(1).and_then(|rest| rest.split("us").next()?.parse::<f64>().ok())
        {
            figures.insert(name.into(), (value * 1000.0).round() as u64);
        }
    }
    figures
}

/// Runs `bench --peer`.
///
/// # Errors
/// As [`figures`].
pub(crate) fn run(json: bool) -> Result<u8> {
    let [ours, peer] = figures()?;
    let whole = serde_json::to_string_pretty(
        &serde_json::json!({ "oxtee": ours, "optee": peer, "optee-version": peer::version(Release::Tested) }),
    )?;
    let path = target_dir().join("bench-peer.json");
    fs::write(&path, &whole)?;
    if json {
        println!("{whole}");
        return Ok(0);
    }
    println!(
        "OP-TEE is Debian's {}: built for debugging, with the log of level 3, without the CPU's instructions for ciphers.",
        peer::version(Release::Tested)
    );
    println!("{:46} {:>13} {:>13} {:>9}", "guest instructions, from a program in Linux", "Oxtee", "OP-TEE", "ratio");
    let rows = ROWS.into_iter().chain(PERF.map(|(name, what, _)| (name, what)));
    for (name, what) in rows {
        let figure = |figures: &Figures| figures.get(name).copied();
        let shown = |figure: Option<u64>| figure.map_or("not served".into(), grouped);
        let (own, other) = (figure(&ours), figure(&peer));
        let ratio = own.zip(other).filter(|(own, _)| *own != 0).map(|(own, other)| format!("{:.2}", other as f64 / own as f64));
        println!("{what:46} {:>13} {:>13} {:>9}", shown(own), shown(other), ratio.unwrap_or_default());
    }
    println!("ratio: OP-TEE's figure by ours. Written to {}", path.display());
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::{Figures, read};

    #[test]
    fn figures_are_read() {
        let text = "bench: invoke-noop 3718\nbench: FAILED: x\nperf: sha256-4k min=668.002us max=700us mean=669us\nperf: aes-cbc-4k \n";
        assert_eq!(read(text), Figures::from([("invoke-noop".into(), 3718), ("sha256-4k".into(), 668_002)]));
    }
}
