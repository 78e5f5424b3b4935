// SPDX-License-Identifier: BSD-2-Clause
//! The TEE's algorithms behind the traits of RustCrypto, for crates that are written to those: digests and message authentication
//! codes behind [`digest`], authenticated encryption behind [`aead`], which stand here too. Random numbers are [`crate::random::TeeRng`].
//!
//! The traits have no room for an algorithm that the TEE lacks, or for memory that it has not: that panics the TA, as the functions
//! of GlobalPlatform do. [`crate::digest`] and [`crate::crypto`] have the same with errors.
//!
//! ```no_run
//! use utee::traits::aead::{AeadInOut, KeyInit};
//! use utee::traits::digest::Digest;
//! use utee::traits::{Aes256Gcm, Sha256};
//! let key = Sha256::digest(b"a secret");
//! let cipher = Aes256Gcm::new(&key);
//! let mut text = *b"attack at dawn";
//! let tag = cipher.encrypt_inout_detached(&[0; 12].into(), b"to whom it may concern", text.as_mut_slice().into());
//! # let _ = tag;
//! ```

use crate::TeeError;
use crate::crypto::{Ae, Direction, Mac, Object};
use crate::digest::{Algorithm, Digest};
use crate::panic::or_panic;
use ::digest::common::{BlockSizeUser, KeySizeUser};
use ::digest::consts::{U12, U13, U16, U20, U28, U32, U48, U64, U72, U104, U128, U136, U144};
use ::digest::{FixedOutput, FixedOutputReset, HashMarker, InvalidLength, Key, KeyInit, MacMarker, Output, OutputSizeUser, Reset, Update};
use aead::inout::InOutBuf;
use aead::{AeadCore, AeadInOut, Nonce, Tag, TagPosition};
use utee_abi::crypto::{AlgorithmId, ObjectType};

pub use ::aead;
pub use ::digest;

/// Bytes of a tag.
const TAG: usize = 16;

/// What digests and codes have in common: they take bytes, and give a result of a size.
macro_rules! absorbs {
    ($name:ident, $size:ident) => {
        impl OutputSizeUser for $name {
            type OutputSize = $size;
        }

        impl Update for $name {
            fn update(&mut self, data: &[u8]) {
                or_panic(self.0.update(data));
            }
        }

        impl FixedOutput for $name {
            fn finalize_into(mut self, out: &mut Output<Self>) {
                self.finalize_into_reset(out);
            }
        }

        impl Reset for $name {
            fn reset(&mut self) {
                or_panic(self.0.reset());
            }
        }

        impl FixedOutputReset for $name {
            fn finalize_into_reset(&mut self, out: &mut Output<Self>) {
                or_panic(self.0.finish(&[], out));
            }
        }
    };
}

/// Types of digests: name, algorithm, bytes of the result and of a block.
macro_rules! digests {
    ($($name:ident $algorithm:ident $size:ident $block:ident;)*) => {
        $(
            #[doc = concat!(stringify!($name), " of the TEE. Dropping it frees the kernel's state.")]
            #[derive(Debug)]
            pub struct $name(Digest);

            impl Default for $name {
                fn default() -> Self {
                    Self(or_panic(Digest::new(Algorithm::$algorithm)))
                }
            }

            impl Clone for $name {
                fn clone(&self) -> Self {
                    Self(or_panic(self.0.try_clone()))
                }
            }

            impl HashMarker for $name {}

            impl BlockSizeUser for $name {
                type BlockSize = $block;
            }

            absorbs!($name, $size);
        )*
    };
}

digests! {
    Sha1 Sha1 U20 U64;
    Sha224 Sha224 U28 U64;
    Sha256 Sha256 U32 U64;
    Sha384 Sha384 U48 U128;
    Sha512 Sha512 U64 U128;
    Sha3_224 Sha3_224 U28 U144;
    Sha3_256 Sha3_256 U32 U136;
    Sha3_384 Sha3_384 U48 U104;
    Sha3_512 Sha3_512 U64 U72;
    Sm3 Sm3 U32 U64;
}

/// A key of a type; `None` when the type has no keys of this length.
fn object(kind: ObjectType, secret: &[u8]) -> Option<Object> {
    match Object::from_secret(kind, secret) {
        Err(TeeError::NOT_SUPPORTED) => None,
        result => Some(or_panic(result)),
    }
}

/// Types of codes: name, algorithm, type of the key, bytes of a key for [`KeyInit::new`], bytes of the result.
macro_rules! codes {
    ($($name:ident $algorithm:ident $kind:ident $key:ident $size:ident;)*) => {
        $(
            #[doc = concat!(stringify!($name), " of the TEE. Dropping it frees and wipes the kernel's state and key.")]
            ///
            /// Keys of other lengths, as many as GlobalPlatform lets the type have, go by `new_from_slice`.
            #[derive(Debug)]
            pub struct $name(Mac);

            impl KeySizeUser for $name {
                type KeySize = $key;
            }

            impl KeyInit for $name {
                fn new(key: &Key<Self>) -> Self {
                    or_panic(Self::new_from_slice(key).map_err(|_| TeeError::NOT_SUPPORTED))
                }

                fn new_from_slice(key: &[u8]) -> Result<Self, InvalidLength> {
                    let key = object(ObjectType::$kind, key).ok_or(InvalidLength)?;
                    Ok(Self(or_panic(Mac::new(AlgorithmId::$algorithm, &key))))
                }
            }

            impl MacMarker for $name {}

            absorbs!($name, $size);
        )*
    };
}

codes! {
    HmacSha1 HMAC_SHA1 HMAC_SHA1 U64 U20;
    HmacSha224 HMAC_SHA224 HMAC_SHA224 U64 U28;
    HmacSha256 HMAC_SHA256 HMAC_SHA256 U64 U32;
    HmacSha384 HMAC_SHA384 HMAC_SHA384 U128 U48;
    HmacSha512 HMAC_SHA512 HMAC_SHA512 U128 U64;
    HmacSm3 HMAC_SM3 HMAC_SM3 U64 U32;
    CmacAes128 AES_CMAC AES U16 U16;
    CmacAes256 AES_CMAC AES U32 U16;
}

/// Types of authenticated encryption: name, algorithm, bytes of the key and of the nonce.
macro_rules! ciphers {
    ($($name:ident $algorithm:ident $key:ident $nonce:ident;)*) => {
        $(
            #[doc = concat!(stringify!($name), " of the TEE, with a tag of 16 bytes. Dropping it frees and wipes the kernel's key.")]
            #[derive(Debug)]
            pub struct $name(Object);

            impl KeySizeUser for $name {
                type KeySize = $key;
            }

            impl KeyInit for $name {
                fn new(key: &Key<Self>) -> Self {
                    Self(or_panic(object(ObjectType::AES, key).ok_or(TeeError::NOT_SUPPORTED)))
                }
            }

            impl AeadCore for $name {
                type NonceSize = $nonce;
                type TagSize = U16;
                const TAG_POSITION: TagPosition = TagPosition::Postfix;
            }

            impl AeadInOut for $name {
                fn encrypt_inout_detached(
                    &self,
                    nonce: &Nonce<Self>,
                    associated_data: &[u8],
                    buffer: InOutBuf<'_, '_, u8>,
                ) -> aead::Result<Tag<Self>> {
                    let mut tag = Tag::<Self>::default();
                    let mut ae = start(AlgorithmId::$algorithm, Direction::Encrypt, &self.0, nonce, associated_data, buffer.len())?;
                    ae.seal_inout(buffer, &mut tag).map_err(|_| aead::Error)?;
                    Ok(tag)
                }

                fn decrypt_inout_detached(
                    &self,
                    nonce: &Nonce<Self>,
                    associated_data: &[u8],
                    buffer: InOutBuf<'_, '_, u8>,
                    tag: &Tag<Self>,
                ) -> aead::Result<()> {
                    let mut ae = start(AlgorithmId::$algorithm, Direction::Decrypt, &self.0, nonce, associated_data, buffer.len())?;
                    ae.open_inout(buffer, tag).map_err(|_| aead::Error)
                }
            }
        )*
    };
}

ciphers! {
    Aes128Gcm AES_GCM U16 U12;
    Aes256Gcm AES_GCM U32 U12;
    Aes128Ccm AES_CCM U16 U13;
    Aes256Ccm AES_CCM U32 U13;
}

fn start(algorithm: AlgorithmId, direction: Direction, key: &Object, nonce: &[u8], associated: &[u8], len: usize) -> aead::Result<Ae> {
    let mut ae = or_panic(Ae::new(algorithm, direction, key));
    // Lengths that the mode does not have are the caller's to know of.
    ae.start(nonce, TAG, associated.len(), len).and_then(|()| ae.add(associated)).map_err(|_| aead::Error)?;
    Ok(ae)
}

impl Ae {
    /// Encrypts from one place to another, or where the text stands.
    fn seal_inout(&mut self, buffer: InOutBuf<'_, '_, u8>, tag: &mut [u8]) -> crate::Result<()> {
        let len = buffer.len();
        let (from, to) = buffer.into_raw();
        // SAFETY: the kernel reads the one and writes the other, which may be the same, and writes the tag.
        unsafe { self.state().ae_encrypt((from, len), (to, len), (tag.as_mut_ptr(), tag.len())) }.0
    }

    /// Decrypts so, and compares the tag.
    fn open_inout(&mut self, buffer: InOutBuf<'_, '_, u8>, tag: &[u8]) -> crate::Result<()> {
        let len = buffer.len();
        let (from, to) = buffer.into_raw();
        // SAFETY: as above.
        unsafe { self.state().ae_decrypt((from, len), (to, len), (tag.as_ptr(), tag.len())) }.0
    }
}

#[cfg(test)]
mod tests {
    use super::{Aes128Gcm, CmacAes128, HmacSha256, Sha256};
    use crate::TeeError;
    use crate::fake::{self, End};
    use crate::raw::Word;
    use ::digest::{Digest, KeyInit, Mac};
    use aead::AeadInOut;
    use alloc::vec::Vec;
    use utee_abi::sysnum::Syscall;

    /// A kernel whose digest is the number of bytes, whose cipher inverts bits, and whose tag is 7s.
    fn kernel() {
        for call in [Syscall::CrypStateFree, Syscall::CrypStateCopy, Syscall::HashInit, Syscall::CrypObjClose, Syscall::CrypObjCopy] {
            fake::on(call, |_| 0);
        }
        for call in [Syscall::HashUpdate, Syscall::AuthencInit, Syscall::AuthencUpdateAad, Syscall::CrypObjPopulate] {
            fake::on(call, |_| 0);
        }
        let number = |args: &[Word], at: usize| {
            // SAFETY: the cell of a handle.
            unsafe { args[at].pointer::<u32>().write(5) };
            0
        };
        fake::on(Syscall::CrypStateAlloc, move |args| number(args, 4));
        fake::on(Syscall::CrypObjAlloc, move |args| {
            // Keys of HMAC have 192 bits at least.
            if args[0].value() == 0xA000_0004 && args[1].value() < 192 { TeeError::NOT_SUPPORTED.raw() } else { number(args, 2) }
        });
        fake::on(Syscall::CrypObjGetInfo, |args| {
            let words = [0xA000_0004u32, 256, 256, u32::MAX, 0, 0, 0x3_0000];
            // SAFETY: the structure that the library passes.
            unsafe { args[1].pointer::<[u32; 7]>().write_unaligned(words) };
            0
        });
        fake::on(Syscall::HashFinal, |args| {
            // SAFETY: the buffer and the cell of its size.
            unsafe {
                let len = args[4].pointer::<u64>().read();
                args[3].pointer::<u8>().write_bytes(9, len as usize);
            }
            0
        });
        let crypt = |args: &[Word]| {
            for index in 0..args[2].value() {
                // SAFETY: two ranges of this length, which may be one.
                unsafe { args[3].pointer::<u8>().add(index).write(!args[1].pointer::<u8>().add(index).read()) };
            }
        };
        fake::on(Syscall::AuthencEncFinal, move |args| {
            crypt(args);
            // SAFETY: the tag.
            unsafe { args[5].pointer::<u8>().write_bytes(7, 16) };
            0
        });
        fake::on(Syscall::AuthencDecFinal, move |args| {
            // SAFETY: the tag.
            let tag = unsafe { args[5].pointer::<[u8; 16]>().read() };
            if tag != [7; 16] {
                return TeeError::MAC_INVALID.raw();
            }
            crypt(args);
            0
        });
    }

    fn names() -> Vec<Syscall> {
        fake::calls().iter().map(|call| call.number).collect()
    }

    #[test]
    fn a_digest_is_one_of_the_trait() {
        kernel();
        let mut hash = Sha256::new_with_prefix(b"ab");
        hash.update(b"c");
        assert_eq!(hash.clone().finalize()[..], [9; 32]);
        assert_eq!(hash.finalize_reset()[..], [9; 32]);
        drop(hash);
        use Syscall::{CrypStateAlloc, CrypStateCopy, CrypStateFree, HashFinal, HashInit, HashUpdate};
        let wanted = [
            CrypStateAlloc,
            HashInit,
            HashUpdate,
            HashUpdate,
            CrypStateAlloc,
            HashInit,
            CrypStateCopy,
            HashFinal,
            HashInit,
            CrypStateFree,
            HashFinal,
            HashInit,
            CrypStateFree,
        ];
        assert_eq!(names(), wanted);
    }

    #[test]
    fn codes_take_the_keys_that_their_type_has() {
        kernel();
        let mut code = HmacSha256::new_from_slice(&[1; 32]).unwrap();
        code.update(b"text");
        assert!(code.verify_slice(&[9; 32]).is_ok());
        assert!(HmacSha256::new_from_slice(&[1; 16]).is_err());
        let wrong = CmacAes128::new(&[1; 16].into()).chain_update(b"text").verify_slice(&[8; 16]);
        assert!(wrong.is_err());
    }

    #[test]
    fn text_is_sealed_where_it_stands_and_opened_by_its_tag() {
        kernel();
        let cipher = Aes128Gcm::new(&[1; 16].into());
        let (mut text, nonce) = (*b"text", [0; 12].into());
        let tag = cipher.encrypt_inout_detached(&nonce, b"more", text.as_mut_slice().into()).unwrap();
        assert_eq!((text, tag[..].to_vec()), (b"text".map(|byte| !byte), [7; 16].to_vec()));
        assert!(cipher.decrypt_inout_detached(&nonce, b"more", text.as_mut_slice().into(), &[8; 16].into()).is_err());
        assert!(cipher.decrypt_inout_detached(&nonce, b"more", text.as_mut_slice().into(), &tag).is_ok());
        assert_eq!(&text, b"text");
        drop(cipher);
        // Nothing is left in the kernel: a key is closed, or goes with the state that took it.
        let calls = names();
        let count = |call| calls.iter().filter(|other| **other == call).count();
        assert_eq!(count(Syscall::CrypObjAlloc), count(Syscall::CrypObjClose) + count(Syscall::CrypStateAlloc));
        assert_eq!(count(Syscall::CrypStateAlloc), count(Syscall::CrypStateFree));
    }

    #[test]
    fn what_the_traits_cannot_say_panics() {
        kernel();
        fake::on(Syscall::CrypStateAlloc, |_| TeeError::NOT_SUPPORTED.raw());
        assert_eq!(fake::run(|| drop(Sha256::new())), Some(End::Panic(TeeError::NOT_SUPPORTED.raw())));
    }
}
