// SPDX-License-Identifier: BSD-2-Clause
//! Keys that are large numbers: objects of RSA, DSA and Diffie-Hellman as what the algorithms work with.

use super::algorithms::{dh, dsa, rsa};
use super::object::{Object, Value};
use utee_abi::crypto::types::{Rule, TypeRow};
use utee_abi::crypto::{AttributeId as Id, ObjectType, UteeAttribute};
use utee_abi::result::TeeError;

/// True for the types of these keys.
pub fn is_number_key(id: ObjectType) -> bool {
    rsa::is_key(id) || dsa::is_key(id) || id == ObjectType::DH_KEYPAIR
}

impl Object {
    /// The public part of an RSA key.
    ///
    /// # Errors
    /// BAD_PARAMETERS for another object; OUT_OF_MEMORY.
    pub fn rsa_public(&self) -> Result<rsa::Public, TeeError> {
        rsa::Public::new(self.number(Id::RSA_MODULUS)?, self.number(Id::RSA_PUBLIC_EXPONENT)?)
    }

    /// An RSA key pair.
    ///
    /// # Errors
    /// BAD_PARAMETERS for another object, or numbers that are those of no key; OUT_OF_MEMORY.
    pub fn rsa_private(&self) -> Result<rsa::Private, TeeError> {
        let [n, e, d] = [Id::RSA_MODULUS, Id::RSA_PUBLIC_EXPONENT, Id::RSA_PRIVATE_EXPONENT].map(|id| self.number(id));
        let halves = match self.value(Id::RSA_PRIME1) {
            Some(_) => {
                let ids = [Id::RSA_PRIME1, Id::RSA_PRIME2, Id::RSA_EXPONENT1, Id::RSA_EXPONENT2, Id::RSA_COEFFICIENT];
                let [p, q, p_exponent, q_exponent, coefficient] = ids.map(|id| self.number(id));
                let halves = [p?, q?, p_exponent?, q_exponent?, coefficient?];
                // TAs that have the primes alone give nothing for the others: those are not known then.
                let known = halves.iter().skip(2).all(|number| number.iter().any(|byte| *byte != 0));
                known.then_some(halves)
            }
            None => None,
        };
        rsa::Private::new(&rsa::Parts { numbers: [n?, e?, d?], halves })
    }

    /// The group of a DSA key.
    ///
    /// # Errors
    /// BAD_PARAMETERS for another object, or numbers that make none; OUT_OF_MEMORY.
    pub fn dsa_domain(&self) -> Result<dsa::Domain, TeeError> {
        dsa::Domain::new(self.number(Id::DSA_PRIME)?, self.number(Id::DSA_SUBPRIME)?, self.number(Id::DSA_BASE)?)
    }

    /// The group of a Diffie-Hellman key.
    ///
    /// # Errors
    /// BAD_PARAMETERS for another object, or numbers that make none; OUT_OF_MEMORY.
    pub fn dh_group(&self) -> Result<dh::Group, TeeError> {
        let order = self.value(Id::DH_SUBPRIME).map(|_| self.number(Id::DH_SUBPRIME)).transpose()?;
        let bits = match self.value(Id::DH_X_BITS) {
            Some(Value::Number(bits)) => *bits,
            _ => 0,
        };
        dh::Group::new(self.number(Id::DH_PRIME)?, self.number(Id::DH_BASE)?, order, bits)
    }

    /// Checks the numbers of such a key.
    ///
    /// # Errors
    /// BAD_PARAMETERS when they are those of none; OUT_OF_MEMORY.
    pub(super) fn check_numbers(&self) -> Result<(), TeeError> {
        match self.id() {
            ObjectType::RSA_PUBLIC_KEY => self.rsa_public().map(drop),
            ObjectType::RSA_KEYPAIR => self.rsa_private().map(drop),
            ObjectType::DSA_PUBLIC_KEY => self.dsa_domain()?.check_public(self.number(Id::DSA_PUBLIC_VALUE)?),
            ObjectType::DSA_KEYPAIR => {
                self.dsa_domain()?.check_pair(self.number(Id::DSA_PRIVATE_VALUE)?, self.number(Id::DSA_PUBLIC_VALUE)?)
            }
            ObjectType::DH_KEYPAIR => self.dh_group()?.check_pair(self.number(Id::DH_PRIVATE_VALUE)?, self.number(Id::DH_PUBLIC_VALUE)?),
            _ => Ok(()),
        }
    }

    /// Checks that such a key pair of so many bits may be generated with these attributes.
    ///
    /// # Errors
    /// BAD_STATE when it has attributes; NOT_SUPPORTED for a size or a type that cannot be; ITEM_NOT_FOUND for attributes that are missing, come
    /// twice or are of no use.
    pub fn plan_numbers(&self, bits: u32, given: &[UteeAttribute]) -> Result<(), TeeError> {
        let row = TypeRow::of(self.id()).ok_or(TeeError::NOT_SUPPORTED)?;
        if self.is_initialised() {
            return Err(TeeError::BAD_STATE);
        }
        if !row.allows(bits) || bits > self.info().max_object_size || row.attributes.iter().all(|row| row.rule == Rule::Populate) {
            return Err(TeeError::NOT_SUPPORTED);
        }
        let count = |id: Id| given.iter().filter(|attribute| attribute.id == id).count();
        let known = |id: Id| row.attributes.iter().any(|row| row.id == id && !matches!(row.rule, Rule::Populate | Rule::Optional));
        let required = row.attributes.iter().filter(|row| row.rule == Rule::PopulateAndGenerate);
        let fine =
            given.iter().all(|attribute| known(attribute.id) && count(attribute.id) == 1) && required.clone().all(|row| count(row.id) == 1);
        if fine { Ok(()) } else { Err(TeeError::ITEM_NOT_FOUND) }
    }
}
