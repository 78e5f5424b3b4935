// SPDX-License-Identifier: BSD-2-Clause
//! Large integers.

use crate::checks::Checks;
use utee::arithmetic::{BigInt, ExtendedGcd, FastModulus, MAX_OPERAND_BITS, Primality};
use utee::property::{self, Set};
use utee::{Result, TeeError};

/// The prime of the group of 2048 bits of RFC 3526, section 3.
const GROUP_14: &str = "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404dd\
                        ef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed\
                        ee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f\
                        83655d23dca3ad961c62f356208552bb9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3b\
                        e39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf6955817183995497cea956ae515d2261898fa0510\
                        15728e5a8aacaa68ffffffffffffffff";

pub(crate) fn arithmetic(checks: &mut Checks) -> Result<()> {
    checks.equal(property::get_u32(Set::Implementation, "gpd.tee.arith.maxBigIntSize")?, MAX_OPERAND_BITS);
    let (one, two) = (BigInt::from(1), BigInt::from(2));
    let p = BigInt::from_hex(GROUP_14)?;
    let (less, g) = ((&p - &one)?, BigInt::from(3));
    checks.equal(p.bit_count(), 2048);
    // Fermat, both ways, and a Diffie-Hellman exchange.
    checks.holds(g.exp_mod(&less, &p)? == one);
    let (mine, theirs) = (BigInt::from_be_bytes(&[0x3C; 32], false)?, BigInt::from_be_bytes(&[0x5D; 32], false)?);
    let shared = two.exp_mod(&mine, &p)?.exp_mod(&theirs, &p)?;
    checks.holds(shared == two.exp_mod(&theirs, &p)?.exp_mod(&mine, &p)?);
    checks.holds(shared.inv_mod(&p)?.mul_mod(&shared, &p)? == one);
    checks.holds(shared.exp_mod(&(&p - &two)?, &p)? == shared.inv_mod(&p)?);

    let fast = FastModulus::new(&p)?;
    let number = fast.enter(&shared)?;
    checks.holds(fast.leave(&fast.multiply(&number, &number)?)? == shared.square_mod(&p)?);

    let (quotient, rest) = shared.square()?.div_rem(&p)?;
    checks.holds((&(&quotient * &p)? + &rest)? == shared.square()? && rest < p);
    checks.holds((-&shared).modulo(&p)? == (&p - &shared)?);
    let ExtendedGcd { gcd, u, v } = shared.extended_gcd(&less)?;
    checks.holds((&(&u * &shared)? + &(&v * &less)?)? == gcd && gcd == shared.gcd(&less));
    checks.equal(shared.is_relative_prime(&p), true);

    let order = less.shift_right(1);
    checks.equal(BigInt::from(65_537).primality(80), Primality::Prime);
    checks.equal(less.primality(80), Primality::Composite);
    let curve = (&BigInt::zero().with_bit(255, true)? - &BigInt::from(19))?;
    checks.equal(curve.primality(80), Primality::Probable);
    checks.holds(order.is_odd() && order.bit(2046) && !order.bit(2047));

    let mut bytes = [0u8; 256];
    checks.equal(p.write_be_bytes(bytes.get_mut(..255).unwrap_or_default()), Err(TeeError::SHORT_BUFFER));
    checks.equal(p.write_be_bytes(&mut bytes), Ok(256));
    checks.holds(BigInt::from_be_bytes(&bytes, false)? == p);
    checks.equal(i32::try_from(&p), Err(TeeError::OVERFLOW));
    checks.equal(i32::try_from(&BigInt::from(i32::MIN)), Ok(i32::MIN));
    checks.equal(two.div_rem(&BigInt::zero()), Err(TeeError::BAD_PARAMETERS));
    checks.equal(two.modulo(&one), Err(TeeError::BAD_PARAMETERS));

    // The largest operands.
    let n = BigInt::from_be_bytes(&[0xC5; 512], false)?;
    let base = BigInt::from_be_bytes(&[0x9A; 512], false)?;
    checks.holds(base.exp_mod(&BigInt::from(5), &n)? == base.square()?.square_mod(&n)?.mul_mod(&base, &n)?);
    checks.equal(base.square()?.bit_count(), 8191);
    Ok(())
}
