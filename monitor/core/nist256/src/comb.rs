// SPDX-License-Identifier: BSD-2-Clause
//! Multiples of the base point of P-256 by a comb of four teeth: 64 doublings and additions instead of 256 and 64 more.

use crate::curve::Nist256;
use crate::scalar::Scalar;
use p256::elliptic_curve::Group;
use p256::elliptic_curve::ff::PrimeField;
use p256::elliptic_curve::point::AffineCoordinates;
use p256::elliptic_curve::subtle::{ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

type Affine = primeorder::AffinePoint<Nist256>;
type Projective = primeorder::ProjectivePoint<Nist256>;

/// Bits between two teeth.
const STEP: usize = 64;

/// Eight words of x and eight of y, as they are written.
type Entry = [u32; 16];

/// The sum of G, 2^64 G, 2^128 G and 2^192 G, each if its bit is set in the number of the entry; the first entry has number 1.
#[rustfmt::skip]
const TABLE: [Entry; 15] = [
    [
        0x6B17_D1F2, 0xE12C_4247, 0xF8BC_E6E5, 0x63A4_40F2, 0x7703_7D81, 0x2DEB_33A0, 0xF4A1_3945, 0xD898_C296,
        0x4FE3_42E2, 0xFE1A_7F9B, 0x8EE7_EB4A, 0x7C0F_9E16, 0x2BCE_3357, 0x6B31_5ECE, 0xCBB6_4068, 0x37BF_51F5,
    ],
    [
        0x0FA8_22BC, 0x2811_AAA5, 0x8492_592E, 0x326E_25DE, 0x2949_3BAA, 0xAD65_1F7E, 0x90E7_5CB4, 0x8E14_DB63,
        0xBFF4_4AE8, 0xF5DB_A80D, 0x6F4A_D4BC, 0xB3DF_188B, 0x34B1_A650, 0x50FE_82F5, 0xE411_2454, 0x5F46_2EE7,
    ],
    [
        0x300A_4BBC, 0x89D6_726F, 0xB257_C0DE, 0x95E0_2789, 0xE96C_98FD, 0x0D35_F1FA, 0x9339_1CE2, 0x0979_92AF,
        0x72AA_C7E0, 0xD09B_4644, 0x7F1D_DB25, 0xFF1E_3C6F, 0x5BB1_EEAD, 0xA9D8_06A5, 0xAA54_A291, 0xC081_27A0,
    ],
    [
        0x447D_739B, 0xEEDB_5E67, 0xFB98_2FD5, 0x88C6_766E, 0xFC35_FF7D, 0xC297_EAC3, 0x57C8_4FC9, 0xD789_BD85,
        0x2D48_25AB, 0x8341_31EE, 0xE12E_9D95, 0x3A4A_AFF7, 0x3D34_9B95, 0xA7FA_E500, 0x0C7E_33C9, 0x72E2_5B32,
    ],
    [
        0xEF95_1932, 0x8A9C_72FF, 0xDDC6_068B, 0xB91D_FC60, 0xEF7F_BD2B, 0x1A0A_11B7, 0x1394_9C93, 0x2A1D_367F,
        0x611E_9FC3, 0x7DBB_2C9B, 0xC1EE_9807, 0x022C_219C, 0x2318_3B08, 0x95CA_1740, 0x1960_35A7, 0x7376_D8A8,
    ],
    [
        0x5506_6379, 0x7B51_F5D8, 0x7DEA_6482, 0xE112_38BF, 0x2936_DF5E, 0xC6C9_BC36, 0xCAE2_B192, 0x0B57_F4BC,
        0x1571_6484, 0x8AEC_B851, 0x0AFA_4001, 0x8D9D_50E5, 0x9FB3_D576, 0xDBDE_FBE1, 0x44FF_E216, 0x348A_964C,
    ],
    [
        0xEB5D_7745, 0xB211_41EA, 0xA2E8_F483, 0xF43E_4391, 0x7CCD_84E7, 0x0D71_5F26, 0xE48E_CAFF, 0xFC5C_DE01,
        0xEAFD_72EB, 0xDBEC_C17B, 0x0990_E6A1, 0x5800_6CEE, 0x85F2_2CFE, 0x2844_B645, 0xCAC9_17E2, 0x731A_3479,
    ],
    [
        0xA6D3_9677, 0xA784_9276, 0x2736_FF83, 0x4431_5FC5, 0x9643_9591, 0xA3C6_B94A, 0x6CF2_0FFB, 0x3137_28BE,
        0x674F_8474, 0x9B0B_8816, 0x66B8_BABD, 0x2D27_ECDF, 0x824A_920C, 0x2284_059B, 0xF2BA_B833, 0xC357_F5F4,
    ],
    [
        0x4E76_9E76, 0x72C9_DDAD, 0x3185_5F7D, 0xB8C7_FEDB, 0x74E0_2F08, 0x0203_A56B, 0x2DF4_8C04, 0x677C_8A3E,
        0x42B9_9082, 0xDE83_0663, 0x1EC0_0572, 0x0694_7281, 0xFB9A_E16F, 0x3B91_22A5, 0xA4C3_6165, 0xB824_BBB0,
    ],
    [
        0x7887_8EF6, 0x1C6C_E04D, 0x7FDC_1CA0, 0x08A1_C478, 0xD1F8_9E79, 0x9C0C_E131, 0x6EF9_5150, 0xDDA8_68B9,
        0xB6CB_3F5D, 0x7B72_C321, 0xDE53_142C, 0x1230_9DEF, 0x6ACE_570E, 0xBDE0_8D4F, 0x9C62_B912, 0x1FE0_D976,
    ],
    [
        0x0C88_BC4D, 0x716B_1287, 0x595C_5220, 0x812F_FCAE, 0x5B82_DD5B, 0xD54F_B496, 0x7F99_1ED2, 0xC31A_3573,
        0xDD5D_DEA3, 0xF390_1DC6, 0x18D1_B5B3, 0x9C04_E6AA, 0x7C81_81F4, 0xDF25_64F3, 0x3A57_BF63, 0x5F48_ACA8,
    ],
    [
        0x68F3_44AF, 0x6B31_7466, 0xEFE0_A423, 0x083E_49F3, 0x43A0_A28C, 0x42BA_792F, 0xE96A_79FB, 0x3E72_AD0C,
        0x31B9_C405, 0xF854_0A20, 0x604E_D93C, 0x24D6_7FF3, 0x668B_FC22, 0x71F5_C626, 0xCDFE_17DB, 0x3FB2_4D4A,
    ],
    [
        0x4052_BF4B, 0x6F46_1DB9, 0x663C_62C3, 0xEDBA_D7A0, 0x0D1A_1014, 0x4EC3_9C28, 0xD36B_4789, 0xA258_2E7F,
        0xFECF_4D51, 0x90B0_FC61, 0x862B_E6BD, 0x71D7_0CC8, 0xE724_F339, 0x99BF_CC5B, 0x235A_27C3, 0x188D_25EB,
    ],
    [
        0x1EDD_BAE2, 0xC802_E41A, 0x1232_02A8, 0xF62B_FF7A, 0xAFDF_5CC0, 0x8526_A7A4, 0x7434_6C10, 0xA1D4_CFAC,
        0x4310_4D86, 0x560E_BCFC, 0x0C45_F452, 0x73DB_33A0, 0x36E0_6B7E, 0x4C70_1917, 0x8FA0_AF2D, 0xD603_F844,
    ],
    [
        0xB48E_26B4, 0x84F7_A21C, 0x0A4A_46FB, 0x6AAF_363A, 0x66B0_DE32, 0x25C4_744B, 0x9615_B511, 0x0D1D_78E5,
        0xFAC0_1540, 0x4D4D_3DAB, 0x6413_1BCD, 0xFED6_F668, 0xC004_E404, 0x8B7B_0F98, 0x06EB_B0F6, 0x21A0_1B2D,
    ],
];

/// The point of an entry, the neutral one for 0, in a time that does not depend on which.
fn select(number: u8) -> Affine {
    let mut found = TABLE[0];
    for (entry, at) in TABLE.iter().zip(1u8..) {
        let wanted = number.ct_eq(&at);
        found.iter_mut().zip(entry).for_each(|(word, other)| word.conditional_assign(other, wanted));
    }
    let (mut x, mut y) = (p256::FieldBytes::default(), p256::FieldBytes::default());
    let bytes = found.iter().flat_map(|word| word.to_be_bytes());
    x.iter_mut().chain(y.iter_mut()).zip(bytes).for_each(|(to, from)| *to = from);
    let point = Affine::from_coordinates(&x, &y).unwrap_or(Affine::GENERATOR);
    Affine::conditional_select(&point, &Affine::IDENTITY, number.ct_eq(&0))
}

/// The base point times a number, in a time that does not depend on it.
pub(crate) fn multiply(scalar: &Scalar) -> Projective {
    let bytes: Zeroizing<[u8; 32]> = Zeroizing::new(scalar.to_repr().into());
    let bit = |at: usize| bytes.iter().rev().nth(at / 8).map_or(0, |byte| byte >> (at % 8) & 1);
    let mut sum = Projective::IDENTITY;
    for column in (0..STEP).rev() {
        let number = (0..4usize).fold(0, |number, tooth| number | bit(column + tooth * STEP) << tooth);
        sum = sum.double() + select(number);
    }
    sum
}
