// SPDX-License-Identifier: BSD-2-Clause
//! RSA keys that are known, made by OpenSSL: their primes, of which the rest is computed.

use alloc::boxed::Box;
use utee::Result;
use utee::arithmetic::BigInt;
use utee::crypto::{Attribute, Object};
use utee::utee_abi::crypto::{AttributeId as Id, ObjectType};

const EXPONENT: &str = "10001";

const PRIME1_2048: &str = "ef46d19c983569c6ee58137f1d29a91f008624728f9dcdd90968d1d86b783414d52e53dca749acab811cf9ebab7376bf63a4737611d668c3781a82d9\
     20cdf88da95080d81e354f842760b72e1feeea91db8b754833dab0028ff497fef08d15bf7af09f7e44b5bc1c2bb3789ec516685dd02520a9fcfa484f\
     432b8d3350ece139";
const PRIME2_2048: &str = "c57b3ed9735ac8c623c598f9f3b344048c3ffe33d26ace11a5f75350fa5345fc7a23b77dda1371f5203d3f896da3dae9f4e5a423c462451e2f34e3ef\
     f4c7b51e8f68edca25da189d87c8ce3c7f78a5ab71bce5cc228fbc01f914110733dec9aa6e5f0dac1e68ddf6cacee992f8c824482426a51af80f8f25\
     f47c787c66ceb319";
const PRIME1_4096: &str = "fcc54ac450f7b6e44de8237231de70585e075a8c65da6f9f1d49ab68d0750da5205572e5d519aebbdd8c14de9bc53052c8fbbea2b2a6be39561d2c61\
     99573480d39ec0748cfdc41078354c29f50381534737107ae26a5638fa4bb23667fc730f91a10295f80c96e0d36244ed1fdebf224187837deca0d780\
     1c919e21e83eb46ec33607a390c95045410bd4cbe953ab0834fc41640d6522a3db5c4d7849ca586a6eb5e47253b8068bcbc46aecfc0ec37afc7a451c\
     2c60fd7c0a4577ca8d44f78b873d4a8799acaa0fcb1c08c8b47a8251c629d2f0fab7f59db9bae84be8100c68ecfdbde9dc36c1fddc3dc2863c30f7d2\
     90eb89fa1928eda49faf0140c0eb04f3";
const PRIME2_4096: &str = "b6ec194fac64a9bebd73f7fd1d0e5a6378b2c50de09b8c329def1d2df4a315d601a308dccc5183267f9560dc7bb89cc9afa0d78401a4125db7885bd2\
     f0caef034446db21bf66396a2e91cbe429888aeb68b82bf34d648e7096755a65b3fee46b83f0ccc13d8771ed4fcbbd03b0a56ea49bae95e04200d3e8\
     e3700415506ecd0566f4e84349ce3bf1cd8ec1bfe6d2944b0903e8f00e660bbc2ec46e9219b9470b7c04306186c1a4288f5e85792dd796b2a90f7bd0\
     ace4addf095f89773983f7c6c7a46b63db02369fdf905362cfb60e70a65550b803dd8467fbd9886402ed37ff1fb33ac3c4c325a05ed55d8e35623075\
     2275c8048017b37c3b9390eaa9c58fb5";

/// The key pair of 2048 or 4096 bits, with what the Chinese remainder theorem wants or without.
pub(crate) fn key(bits: u32, with_primes: bool) -> Result<Object> {
    let (p, q) = if bits == 2048 { (PRIME1_2048, PRIME2_2048) } else { (PRIME1_4096, PRIME2_4096) };
    let (p, q, e, one) = (BigInt::from_hex(p)?, BigInt::from_hex(q)?, BigInt::from_hex(EXPONENT)?, BigInt::from(1));
    let (p_less, q_less) = ((&p - &one)?, (&q - &one)?);
    let d = e.inv_mod(&(&p_less * &q_less)?)?;
    let numbers = [&(&p * &q)?, &e, &d, &p, &q, &d.modulo(&p_less)?, &d.modulo(&q_less)?, &q.inv_mod(&p)?];
    let numbers: [Box<[u8]>; 8] = numbers.map(BigInt::to_be_bytes);
    let ids = [
        Id::RSA_MODULUS,
        Id::RSA_PUBLIC_EXPONENT,
        Id::RSA_PRIVATE_EXPONENT,
        Id::RSA_PRIME1,
        Id::RSA_PRIME2,
        Id::RSA_EXPONENT1,
        Id::RSA_EXPONENT2,
        Id::RSA_COEFFICIENT,
    ];
    let mut attributes = [Attribute::Bytes(Id::RSA_MODULUS, &[]); 8];
    for (attribute, (id, number)) in attributes.iter_mut().zip(ids.into_iter().zip(&numbers)) {
        *attribute = Attribute::Bytes(id, number);
    }
    Object::from_attributes(ObjectType::RSA_KEYPAIR, bits, attributes.get(..if with_primes { 8 } else { 3 }).unwrap_or_default())
}
