// SPDX-License-Identifier: BSD-2-Clause
//! Signing TAs, in Rust alone (OP-TEE ABI, TA image container).

use crate::tools::root;
use anyhow::{Context, Result, ensure};
use clap::Parser;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey, LineEnding};
use rsa::traits::PublicKeyParts;
use rsa::{Pkcs1v15Sign, PrivateKey, Pss};
use sha2::{Digest, Sha256};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use utee_abi::image::{
    ALGO_RSASSA_PKCS1_V1_5_SHA256, ALGO_RSASSA_PSS_SHA256, BootstrapHeader, DIGEST_SIZE, ImageType, MAGIC, MAX_MODULUS, MIN_MODULUS,
    SignedHeader,
};
use utee_abi::uuid::Uuid;

/// Arguments of `sign`.
#[derive(Parser)]
#[command(
    after_help = "Example: cargo xtask sign --uuid 8aaaf200-2450-11e4-abe2-0002a5d5c51b --in ta.stripped.elf --out ta.ta --key my-key.pem"
)]
pub(crate) struct Args {
    /// UUID of the TA.
    #[arg(long)]
    uuid: Uuid,
    /// Version of the TA.
    #[arg(long, alias = "ta-version", default_value_t = 0)]
    version: u32,
    /// Private RSA key in PEM (PKCS#8 or PKCS#1); without it the public development key.
    #[arg(long)]
    key: Option<PathBuf>,
    /// Signs with RSASSA-PKCS1-v1_5 instead of RSASSA-PSS.
    #[arg(long)]
    pkcs1v15: bool,
    /// The stripped ELF file.
    #[arg(long = "in")]
    input: PathBuf,
    /// The signed TA.
    #[arg(long = "out")]
    output: PathBuf,
}

/// Arguments of `key`.
#[derive(Parser)]
pub(crate) struct KeyArgs {
    /// Bits of the modulus: 2048, 3072 or 4096.
    #[arg(long, default_value_t = 3072)]
    bits: usize,
    /// Where the private key goes, in PEM.
    #[arg(long = "out")]
    output: PathBuf,
}

/// Padding of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Pss,
    Pkcs1v15,
}

/// The key that everybody has: for development only.
pub(crate) fn development_key() -> PathBuf {
    root().join("boards/xtask/keys/ta-dev.pem")
}

/// Reads a private key.
pub(crate) fn read_key(path: &Path) -> Result<PrivateKey> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read the key {}", path.display()))?;
    let key = PrivateKey::from_pkcs8_pem(&text).ok().or_else(|| PrivateKey::from_pkcs1_pem(&text).ok());
    key.with_context(|| format!("{} is no RSA private key in PEM", path.display()))
}

/// Random numbers of the host's kernel.
fn rng() -> Result<ChaCha20Rng> {
    let mut seed = [0; 32];
    fs::File::open("/dev/urandom")?.read_exact(&mut seed)?;
    Ok(ChaCha20Rng::from_seed(seed))
}

/// Signs an ELF file.
pub(crate) fn sign(elf: &[u8], uuid: Uuid, ta_version: u32, key: &PrivateKey, scheme: Scheme) -> Result<Vec<u8>> {
    let modulus = key.size();
    ensure!((MIN_MODULUS..=MAX_MODULUS).contains(&modulus), "a key of {} bits is not accepted: 2048 to 4096", modulus * 8);
    let algo = match scheme {
        Scheme::Pss => ALGO_RSASSA_PSS_SHA256,
        Scheme::Pkcs1v15 => ALGO_RSASSA_PKCS1_V1_5_SHA256,
    };
    let header = SignedHeader {
        magic: MAGIC,
        img_type: ImageType::Bootstrap.into(),
        img_size: u32::try_from(elf.len()).context("the ELF file is too large")?,
        algo,
        hash_size: DIGEST_SIZE as u16,
        sig_size: u16::try_from(modulus)?,
    };
    let sub = BootstrapHeader { uuid, ta_version };
    let mut digest = Sha256::new();
    digest.update(header.to_bytes());
    digest.update(sub.to_bytes());
    digest.update(elf);
    let hash = digest.finalize();
    let mut rng = rng()?;
    let signature = match scheme {
        Scheme::Pss => key.sign_with_rng(&mut rng, Pss::<Sha256>::new_blinded_with_salt(DIGEST_SIZE), &hash)?,
        Scheme::Pkcs1v15 => key.sign_with_rng(&mut rng, Pkcs1v15Sign::new::<Sha256>(), &hash)?,
    };
    Ok([&header.to_bytes()[..], &hash, &signature, &sub.to_bytes(), elf].concat())
}

/// Runs `sign`.
pub(crate) fn run(args: &Args) -> Result<u8> {
    let key = read_key(args.key.as_deref().unwrap_or(&development_key()))?;
    let elf = fs::read(&args.input).with_context(|| format!("cannot read {}", args.input.display()))?;
    let scheme = if args.pkcs1v15 { Scheme::Pkcs1v15 } else { Scheme::Pss };
    let signed = sign(&elf, args.uuid, args.version, &key, scheme)?;
    fs::write(&args.output, signed).with_context(|| format!("cannot write {}", args.output.display()))?;
    Ok(0)
}

/// Runs `key`.
pub(crate) fn generate(args: &KeyArgs) -> Result<u8> {
    ensure!(matches!(args.bits, 2048 | 3072 | 4096), "{} bits are not accepted: 2048, 3072 or 4096", args.bits);
    let key = PrivateKey::new(&mut rng()?, args.bits)?;
    let pem = key.to_pkcs8_pem(LineEnding::LF)?;
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&args.output);
    let file = file.as_mut().map_err(|error| anyhow::anyhow!("cannot write {}: {error}", args.output.display()))?;
    std::io::Write::write_all(file, pem.as_bytes())?;
    println!("{}: {} bits; keep it secret, give its public half to --trust", args.output.display(), args.bits);
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::{Scheme, development_key, read_key, sign};
    use rsa::traits::PublicKeyParts;
    use ta_loader::{LoadError, RootKey};
    use utee_abi::uuid::Uuid;

    #[test]
    fn what_is_signed_verifies_and_nothing_else_does() {
        let key = read_key(&development_key()).unwrap();
        let modulus = key.n_bytes();
        let roots = [RootKey { exponent: 65537, modulus: &modulus }];
        let uuid = Uuid::new(1, 2, 3, [4; 8]);
        for scheme in [Scheme::Pss, Scheme::Pkcs1v15] {
            let signed = sign(b"not really an ELF file", uuid, 7, &key, scheme).unwrap();
            let verified = ta_loader::verify(&signed, &uuid, &roots).unwrap();
            assert_eq!((verified.elf, verified.version), (&b"not really an ELF file"[..], 7));
            assert_eq!(ta_loader::verify(&signed, &Uuid::NIL, &roots).unwrap_err(), LoadError::Uuid);
            assert!(ta_loader::verify(&signed, &uuid, &[]).is_err());
            for at in 0..signed.len() {
                let mut bad = signed.clone();
                bad[at] ^= 1;
                assert!(ta_loader::verify(&bad, &uuid, &roots).is_err(), "byte {at}");
            }
        }
    }
}
