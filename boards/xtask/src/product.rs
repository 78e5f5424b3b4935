// SPDX-License-Identifier: BSD-2-Clause
//! Images that are made for a product: what they may not hold, and that they do not start on a board without secrets.

use crate::arch::Arch;
use crate::image::{self, Kind, public_key, uuid_of};
use crate::qemu::{self, End, Machine, World};
use crate::sign::development_key;
use crate::ta::Built;
use crate::test::Count;
use crate::tools::root;
use anyhow::{Context, Result, ensure};
use imx6ul::arguments::OPEN_FIRST;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use ta_loader::RootKey;

/// Reads the root keys of a product (each exponent, then modulus) and the TAs of its image.
///
/// # Errors
/// When there is no key, when one of them is the development key, whose private half everybody has, and for a TA that none of
/// them signed.
pub(crate) fn contents(trust: &[PathBuf], tas: &[PathBuf]) -> Result<(Vec<Vec<u8>>, Vec<Built>)> {
    ensure!(!trust.is_empty(), "a product needs a key of its own: --trust my-key.pem (cargo xtask key makes one)");
    let development = public_key(&development_key())?;
    let mut keys = Vec::new();
    for path in trust {
        let key = public_key(path)?;
        ensure!(key != development, "{} is the development key, which everybody has", path.display());
        keys.push(key);
    }
    let roots: Option<Vec<RootKey<'_>>> = keys.iter().map(|key| root_key(key)).collect();
    let roots = roots.context("a key is cut short")?;
    let mut built = Vec::new();
    for path in tas {
        let (uuid, bytes) = (uuid_of(path)?, fs::read(path)?);
        let verified = ta_loader::verify(&bytes, &uuid, &roots);
        ensure!(verified.is_ok(), "{} is signed by none of the keys that the product trusts", path.display());
        built.push(Built { name: "dropped in".into(), uuid, signed: path.clone() });
    }
    Ok((keys, built))
}

/// Words for an image that take away from its security, each for whoever develops.
const WEAK: [&str; 5] = ["no-aslr", "watchdog-stop", "shared-console", "keep-unique-key", OPEN_FIRST];

/// Checks the words of a product.
///
/// # Errors
/// For one that is for development only.
pub(crate) fn words(words: &[String]) -> Result<()> {
    let weak = words.iter().flat_map(|word| word.split_whitespace()).find(|word| WEAK.contains(word));
    ensure!(weak.is_none(), "`{}` is no word for a product", weak.unwrap_or_default());
    Ok(())
}

fn root_key(key: &[u8]) -> Option<RootKey<'_>> {
    let (exponent, modulus) = key.split_first_chunk()?;
    Some(RootKey { exponent: u32::from_le_bytes(*exponent), modulus })
}

/// A key for tests that is not the development key.
fn test_key() -> PathBuf {
    root().join("ta-loader/tests/keys/test-2048.pem")
}

/// Boots an image that is made for a product where there are only stand-ins: the TEE says why it stops, and the normal world never
/// runs.
pub(crate) fn target(arch: Arch, count: &mut Count) -> Result<()> {
    // One is as `image --product` makes it; the other has the kernel that the tests have built.
    let kind = if arch == Arch::Armv7a { Kind::Plain } else { Kind::Debug };
    let image = image::build_product(arch, kind, &[], &[test_key()])?;
    let (mut log, mut said, mut failed) = (String::new(), [false; 2], Vec::new());
    let expected = ["E core: made for a product, and the board has no entropy", "E core: PANIC the boot image is unusable: "];
    let machine = Machine { smp: 1, words: vec!["demo".into()], ..Machine::of(&image) };
    let end = qemu::run(&image, &machine, Duration::from_secs(60), |world, line| {
        let _ = writeln!(log, "{world:?} | {line}");
        if world == World::Normal {
            failed.push(format!("the normal world runs: {line}"));
        }
        for (said, expected) in said.iter_mut().zip(expected) {
            *said |= world == World::Secure && line.starts_with(expected);
        }
    })?;
    failed.extend(said.iter().zip(expected).filter(|(said, _)| !**said).map(|(_, expected)| format!("not said: {expected}")));
    if let End::Stopped(why) = end {
        failed.push(format!("the run was stopped: {why}"));
    }
    count.add(&format!("a product without secrets, {}", machine.title()), u32::from(failed.is_empty()), failed, &log);
    Ok(())
}

/// What the image cannot do, for whoever made it.
pub(crate) fn warn(image: &Path) {
    println!("{} does not start in QEMU, which has stand-ins for entropy and hardware key", image.display());
}

#[cfg(test)]
mod tests {
    use super::{contents, test_key};
    use crate::sign::{Scheme, development_key, read_key, sign};
    use std::path::{Path, PathBuf};
    use utee_abi::uuid::Uuid;

    fn signed(name: &str, key: &Path) -> PathBuf {
        let uuid = Uuid::new(1, 2, 3, [4; 8]);
        let path = std::env::temp_dir().join(format!("oxtee-{}-{name}.ta", std::process::id()));
        std::fs::write(&path, sign(b"not really an ELF file", uuid, 0, &read_key(key).unwrap(), Scheme::Pss).unwrap()).unwrap();
        path
    }

    fn error(trust: &[PathBuf], tas: &[PathBuf]) -> String {
        contents(trust, tas).err().map_or_else(String::new, |error| error.to_string())
    }

    #[test]
    fn a_product_has_no_words_for_development() {
        let list = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert!(super::words(&list(&["demo", "watchdog=10,2"])).is_ok() && super::words(&[]).is_ok());
        for weak in super::WEAK {
            assert!(super::words(&list(&["demo", weak])).is_err());
            assert!(super::words(&list(&[&format!("demo {weak}")])).is_err());
        }
    }

    #[test]
    fn a_product_trusts_and_holds_only_what_is_its_own() {
        assert!(error(&[], &[]).starts_with("a product needs a key of its own"));
        assert!(error(&[test_key(), development_key()], &[]).ends_with("is the development key, which everybody has"));
        let (own, foreign) = (signed("own", &test_key()), signed("foreign", &development_key()));
        let (keys, tas) = contents(&[test_key()], std::slice::from_ref(&own)).unwrap();
        assert_eq!((keys.len(), tas.len(), tas[0].uuid), (1, 1, Uuid::new(1, 2, 3, [4; 8])));
        assert!(error(&[test_key()], &[own.clone(), foreign.clone()]).ends_with("is signed by none of the keys that the product trusts"));
        for path in [own, foreign] {
            std::fs::remove_file(path).unwrap();
        }
    }
}
