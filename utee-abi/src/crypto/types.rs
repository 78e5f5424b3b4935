// SPDX-License-Identifier: BSD-2-Clause
//! What each type of object is made of (OP-TEE ABI, types and attributes in serialisation order).

use super::attribute::AttributeId as A;
use super::object::ObjectType as T;

/// How an attribute is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttributeKind {
    /// Bytes, as many as the object's largest size at most.
    Secret,
    /// An unsigned number of any length.
    Bignum,
    /// A u32.
    Value,
    /// So many bytes.
    Fixed(u32),
}

/// An attribute's part in its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttributeRow {
    /// Attribute.
    pub id: A,
    /// How it is stored.
    pub kind: AttributeKind,
    /// When it must be given.
    pub rule: Rule,
    /// It says the size of the object.
    pub gives_size: bool,
    /// Its number of bits may not be more than the largest size.
    pub is_bounded: bool,
}

/// When an attribute must be given to populate an object or to generate it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// To populate.
    Populate,
    /// To populate, and it may be given to generate.
    PopulateOrGenerate,
    /// To populate and to generate.
    PopulateAndGenerate,
    /// To populate, all or none of the optional ones.
    Optional,
    /// As [`Rule::Optional`], and it may be given to generate.
    OptionalOrGenerate,
}

/// A type of object. Sizes are in bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypeRow {
    /// Type.
    pub id: T,
    /// Sizes are multiples of this.
    pub quantum: u32,
    /// Smallest size.
    pub min: u32,
    /// Largest size.
    pub max: u32,
    /// Attributes in the order in which they are stored.
    pub attributes: &'static [AttributeRow],
}

impl TypeRow {
    /// The row of a type.
    #[must_use]
    pub fn of(id: T) -> Option<&'static Self> {
        TYPES.iter().find(|row| row.id == id)
    }

    /// True for a size that objects of the type can have.
    #[must_use]
    pub const fn allows(&self, bits: u32) -> bool {
        bits >= self.min && bits <= self.max && (self.quantum == 0 || bits.is_multiple_of(self.quantum))
    }
}

const fn row(id: A, kind: AttributeKind, rule: Rule) -> AttributeRow {
    AttributeRow { id, kind, rule, gives_size: false, is_bounded: false }
}

const fn secret(id: A) -> AttributeRow {
    size(row(id, AttributeKind::Secret, Rule::Populate))
}

const fn number(id: A, rule: Rule) -> AttributeRow {
    row(id, AttributeKind::Bignum, rule)
}

const fn size(row: AttributeRow) -> AttributeRow {
    AttributeRow { gives_size: true, ..row }
}

const fn bounded(row: AttributeRow) -> AttributeRow {
    AttributeRow { is_bounded: true, ..row }
}

const fn fixed(id: A, len: u32) -> AttributeRow {
    row(id, AttributeKind::Fixed(len), Rule::Populate)
}

const SECRET: &[AttributeRow] = &[secret(A::SECRET_VALUE)];

const CURVE: AttributeRow = size(row(A::ECC_CURVE, AttributeKind::Value, Rule::PopulateAndGenerate));
const X: AttributeRow = number(A::ECC_PUBLIC_VALUE_X, Rule::Populate);
const Y: AttributeRow = number(A::ECC_PUBLIC_VALUE_Y, Rule::Populate);
const D: AttributeRow = number(A::ECC_PRIVATE_VALUE, Rule::Populate);

const ECC_PUBLIC: &[AttributeRow] = &[X, Y, size(row(A::ECC_CURVE, AttributeKind::Value, Rule::Populate))];
const ECC_KEYPAIR: &[AttributeRow] = &[D, X, Y, CURVE];
const SM2_PUBLIC: &[AttributeRow] = &[X, Y];
const SM2_KEYPAIR: &[AttributeRow] = &[D, X, Y];

const RSA_PUBLIC: &[AttributeRow] = &[size(number(A::RSA_MODULUS, Rule::Populate)), number(A::RSA_PUBLIC_EXPONENT, Rule::Populate)];
const RSA_KEYPAIR: &[AttributeRow] = &[
    size(number(A::RSA_MODULUS, Rule::Populate)),
    number(A::RSA_PUBLIC_EXPONENT, Rule::PopulateOrGenerate),
    number(A::RSA_PRIVATE_EXPONENT, Rule::Populate),
    number(A::RSA_PRIME1, Rule::Optional),
    number(A::RSA_PRIME2, Rule::Optional),
    number(A::RSA_EXPONENT1, Rule::Optional),
    number(A::RSA_EXPONENT2, Rule::Optional),
    number(A::RSA_COEFFICIENT, Rule::Optional),
];

const DSA_PUBLIC: &[AttributeRow] = &[
    size(bounded(number(A::DSA_PRIME, Rule::Populate))),
    number(A::DSA_SUBPRIME, Rule::Populate),
    bounded(number(A::DSA_BASE, Rule::Populate)),
    bounded(number(A::DSA_PUBLIC_VALUE, Rule::Populate)),
];
const DSA_KEYPAIR: &[AttributeRow] = &[
    size(bounded(number(A::DSA_PRIME, Rule::PopulateAndGenerate))),
    number(A::DSA_SUBPRIME, Rule::PopulateAndGenerate),
    bounded(number(A::DSA_BASE, Rule::PopulateAndGenerate)),
    bounded(number(A::DSA_PRIVATE_VALUE, Rule::Populate)),
    bounded(number(A::DSA_PUBLIC_VALUE, Rule::Populate)),
];

const DH_KEYPAIR: &[AttributeRow] = &[
    size(number(A::DH_PRIME, Rule::PopulateAndGenerate)),
    number(A::DH_BASE, Rule::PopulateAndGenerate),
    number(A::DH_PUBLIC_VALUE, Rule::Populate),
    number(A::DH_PRIVATE_VALUE, Rule::Populate),
    number(A::DH_SUBPRIME, Rule::OptionalOrGenerate),
    row(A::DH_X_BITS, AttributeKind::Value, Rule::OptionalOrGenerate),
];

const fn of(id: T, quantum: u32, min: u32, max: u32, attributes: &'static [AttributeRow]) -> TypeRow {
    TypeRow { id, quantum, min, max, attributes }
}

/// Every type.
pub const TYPES: &[TypeRow] = &[
    of(T::AES, 64, 128, 256, SECRET),
    of(T::DES, 64, 64, 64, SECRET),
    of(T::DES3, 64, 128, 192, SECRET),
    of(T::SM4, 128, 128, 128, SECRET),
    of(T::HMAC_MD5, 8, 64, 512, SECRET),
    of(T::HMAC_SHA1, 8, 80, 512, SECRET),
    of(T::HMAC_SHA224, 8, 112, 512, SECRET),
    of(T::HMAC_SHA256, 8, 192, 1024, SECRET),
    of(T::HMAC_SHA384, 8, 256, 1024, SECRET),
    of(T::HMAC_SHA512, 8, 256, 1024, SECRET),
    of(T::HMAC_SM3, 8, 80, 1024, SECRET),
    of(T::HMAC_SHA3_224, 8, 192, 1024, SECRET),
    of(T::HMAC_SHA3_256, 8, 256, 1024, SECRET),
    of(T::HMAC_SHA3_384, 8, 256, 1024, SECRET),
    of(T::HMAC_SHA3_512, 8, 256, 1024, SECRET),
    of(T::GENERIC_SECRET, 8, 0, 4096, SECRET),
    of(T::HKDF_IKM, 8, 0, 4096, &[secret(A::HKDF_IKM)]),
    of(T::CONCAT_KDF_Z, 8, 0, 4096, &[secret(A::CONCAT_KDF_Z)]),
    of(T::PBKDF2_PASSWORD, 8, 0, 4096, &[secret(A::PBKDF2_PASSWORD)]),
    of(T::RSA_PUBLIC_KEY, 1, 256, 4096, RSA_PUBLIC),
    of(T::RSA_KEYPAIR, 1, 256, 4096, RSA_KEYPAIR),
    of(T::DSA_PUBLIC_KEY, 64, 512, 3072, DSA_PUBLIC),
    of(T::DSA_KEYPAIR, 64, 512, 3072, DSA_KEYPAIR),
    of(T::DH_KEYPAIR, 1, 256, 2048, DH_KEYPAIR),
    of(T::ECDSA_PUBLIC_KEY, 1, 192, 521, ECC_PUBLIC),
    of(T::ECDSA_KEYPAIR, 1, 192, 521, ECC_KEYPAIR),
    of(T::ECDH_PUBLIC_KEY, 1, 192, 521, ECC_PUBLIC),
    of(T::ECDH_KEYPAIR, 1, 192, 521, ECC_KEYPAIR),
    of(T::SM2_DSA_PUBLIC_KEY, 1, 256, 256, SM2_PUBLIC),
    of(T::SM2_DSA_KEYPAIR, 1, 256, 256, SM2_KEYPAIR),
    of(T::SM2_KEP_PUBLIC_KEY, 1, 256, 256, SM2_PUBLIC),
    of(T::SM2_KEP_KEYPAIR, 1, 256, 256, SM2_KEYPAIR),
    of(T::SM2_PKE_PUBLIC_KEY, 1, 256, 256, SM2_PUBLIC),
    of(T::SM2_PKE_KEYPAIR, 1, 256, 256, SM2_KEYPAIR),
    of(T::X25519_KEYPAIR, 1, 256, 256, &[fixed(A::X25519_PRIVATE_VALUE, 32), fixed(A::X25519_PUBLIC_VALUE, 32)]),
    of(T::X448_KEYPAIR, 1, 448, 448, &[fixed(A::X448_PRIVATE_VALUE, 56), fixed(A::X448_PUBLIC_VALUE, 56)]),
    of(T::ED25519_PUBLIC_KEY, 1, 256, 256, &[fixed(A::ED25519_PUBLIC_VALUE, 32)]),
    of(T::ED25519_KEYPAIR, 1, 256, 256, &[fixed(A::ED25519_PRIVATE_VALUE, 32), fixed(A::ED25519_PUBLIC_VALUE, 32)]),
    of(T::ED448_PUBLIC_KEY, 1, 448, 448, &[fixed(A::ED448_PUBLIC_VALUE, 57)]),
    of(T::ED448_KEYPAIR, 1, 448, 448, &[fixed(A::ED448_PRIVATE_VALUE, 57), fixed(A::ED448_PUBLIC_VALUE, 57)]),
    of(T::DATA, 0, 0, 0, &[]),
];

#[cfg(test)]
mod tests {
    use super::{TYPES, TypeRow};
    use crate::crypto::object::ObjectType;

    #[test]
    fn every_type_has_one_row() {
        for (name, id) in ObjectType::ALL {
            assert_eq!(TYPES.iter().filter(|row| row.id == *id).count(), 1, "{name}");
        }
        assert_eq!(TYPES.len(), ObjectType::ALL.len());
        assert!(TypeRow::of(ObjectType::from_raw(0)).is_none());
    }

    #[test]
    fn sizes_are_checked() {
        let aes = TypeRow::of(ObjectType::AES).unwrap();
        let allowed: [u32; 3] = [128, 192, 256];
        for bits in 0..=512 {
            assert_eq!(aes.allows(bits), allowed.contains(&bits), "{bits}");
        }
        assert!(TypeRow::of(ObjectType::DATA).unwrap().allows(0));
    }
}
