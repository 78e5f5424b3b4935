// SPDX-License-Identifier: BSD-2-Clause
//! Every curve, with published vectors where there are some.

use crate::checks::Checks;
use utee::crypto::{Attribute, Object, Signer, Sm2Exchange, Variant, Verifier, is_supported};
use utee::utee_abi::crypto::{AlgorithmId, AttributeId, Curve, ObjectType};
use utee::{Result, TeeError};

// RFC 8032, section 7.2, and 7.3 with a key of its own.
const CTX_SECRET: &str = "0305334e381af78f141cb666f6199f57bc3495335a256a95bd2a55bf546663f6";
const CTX_PUBLIC: &str = "dfc9425e4f968f7f0c29f0259cf5f9aed6851c2bb4ad8bfb860cfee0ab248292";
const CTX_MESSAGE: &str = "f726936d19c800494e3fdaff20b276a8";
const CTX_SIGNATURE: &str = "\
    55a4cc2f70a54e04288c5f4cd1e45a7bb520b36292911876cada7323198dd87a8b36950b95130022907a7fb7c4e9b2d5f6cca685a587b4b2\
    1f4b888e4e7edb0d";
const PH_SECRET: &str = "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42";
const PH_PUBLIC: &str = "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf";
const PH_SIGNATURE: &str = "\
    98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae4131f85042463c2a355a2003d062adf5aaa10b8c61e636062a\
    aad11c2a26083406";

// RFC 8032, section 7.4: one byte, with a context.
const ED448_SECRET: &str = "\
    c4eab05d357007c632f3dbb48489924d552b08fe0c353a0d4a1f00acda2c463afbea67c5e8d2877c5e3bc397a659949ef8021e954e0a1227\
    4e";
const ED448_PUBLIC: &str = "\
    43ba28f430cdff456ae531545f7ecd0ac834a55d9358c0372bfa0c6c6798c0866aea01eb00742802b8438ea4cb82169c235160627b4c3a94\
    80";
const ED448_SIGNATURE: &str = "\
    d4f8f6131770dd46f40867d6fd5d5055de43541f8c5e35abbcd001b32a89f7d2151f7647f11d8ca2ae279fb842d607217fce6e042f6815ea\
    000c85741de5c8da1144a6a1aba7f96de42505d7a7298524fda538fccbbb754f578c1cad10d54d0d5428407e85dcbc98a49155c13764e66c\
    3c00";

// RFC 7748, section 6.1.
const ALICE_SECRET: &str = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
const ALICE_PUBLIC: &str = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
const BOB_PUBLIC: &str = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f";
const SHARED: &str = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";

// GM/T 0003.5, appendices A.2 (the digest of identity and message), B.2 and C.2.
const SM2_SECRET: &str = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8";
const SM2_X: &str = "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020";
const SM2_Y: &str = "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13";
const SM2_DIGEST: &str = "f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640";
const SM2_SIGNATURE: &str = "\
    f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4\
    840b69c485bbc1aa";
const SM2_CIPHERTEXT: &str = "\
    0404ebfc718e8d1798620432268e77feb6415e2ede0e073c0f4f640ecd2e149a73e858f9d81e5430a57b36daab8f950a3c64e6ee6a63094d\
    99283aff767e124df021886ca989ca9c7d58087307ca93092d651efa59983c18f809e262923c53aec295d30383b54e39d609d160afcb1908\
    d0bd8766";
/// Of each side: secret, point, ephemeral secret and point, confirmation.
const SIDES: [[&str; 7]; 2] = [
    [
        "81eb26e941bb5af16df116495f90695272ae2cd63d6c4ae1678418be48230029",
        "160e12897df4edb61dd812feb96748fbd3ccf4ffe26aa6f6db9540af49c94232",
        "4a7dad08bb9a459531694beb20aa489d6649975e1bfcf8c4741b78b4b223007f",
        "d4de15474db74d06491c440d305e012400990f3e390c7e87153c12db2ea60bb3",
        "64ced1bdbc99d590049b434d0fd73428cf608a5db8fe5ce07f15026940bae40e",
        "376629c7ab21e7db260922499ddb118f07ce8eaae3e7720afef6a5cc062070c0",
        "18c7894b3816df16cf07b05c5ec0bef5d655d58f779cc1b400a4f3884644db88",
    ],
    [
        "785129917d45a9ea5437a59356b82338eaadda6ceb199088f14ae10defa229b5",
        "6ae848c57c53c7b1b5fa99eb2286af078ba64c64591b8b566f7357d576f16dfb",
        "ee489d771621a27b36c5c7992062e9cd09a9264386f3fbea54dff69305621c4d",
        "7e07124814b309489125eaed101113164ebf0f3458c5bd88335c1f9d596243d6",
        "acc27688a6f7b706098bc91ff3ad1bff7dc2802cdb14ccccdb0a90471f9bd707",
        "2fedac0494b2ffc4d6853876c79b8f301c6573ad0aa50f39fc87181e1a1b46fe",
        "d3a0fe15dee185ceae907a6b595cc32a266ed7b3367e9983a896dc32fa20f8eb",
    ],
];
const EXCHANGED: &str = "6c89347354de2484c60b4ab1fde4c6e5";

pub(crate) fn curves(checks: &mut Checks) -> Result<()> {
    for algorithm in [AlgorithmId::ED25519, AlgorithmId::ED448, AlgorithmId::X25519, AlgorithmId::X448, AlgorithmId::SM2_KEP] {
        checks.holds(is_supported(algorithm));
    }
    edwards(checks)?;
    montgomery(checks)?;
    small(checks)?;
    sm2(checks)?;
    exchange(checks)
}

/// The bytes of hexadecimal digits: as many as the array has.
fn hex<const N: usize>(digits: &str) -> [u8; N] {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).unwrap_or(0) as u8;
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
        *byte = pair.iter().fold(0, |value, digits| value << 4 | digit(digits));
    }
    bytes
}

fn edwards(checks: &mut Checks) -> Result<()> {
    let pair = Object::from_pair(ObjectType::ED25519_KEYPAIR, &hex::<32>(CTX_SECRET), &hex::<32>(CTX_PUBLIC))?;
    let (message, wanted) = (hex::<16>(CTX_MESSAGE), hex::<64>(CTX_SIGNATURE));
    let variant = Variant { context: b"foo", ..Variant::default() };
    let signer = Signer::new(AlgorithmId::ED25519, &pair)?;
    let mut signature = [0; 64];
    checks.equal(signer.sign_variant(variant, &message, &mut signature[..63]), Err(TeeError::SHORT_BUFFER));
    checks.equal(signer.sign_variant(variant, &message, &mut signature), Ok(64));
    checks.equal(&signature, &wanted);
    let public = Object::from_public(ObjectType::ED25519_PUBLIC_KEY, &hex::<32>(CTX_PUBLIC))?;
    let verifier = Verifier::new(AlgorithmId::ED25519, &public)?;
    checks.equal(verifier.verify_variant(variant, &message, &signature), Ok(()));
    checks.equal(verifier.verify(&message, &signature), Err(TeeError::SIGNATURE_INVALID));
    checks.equal(
        verifier.verify_variant(Variant { context: &[0; 256], prehash: false }, &message, &signature),
        Err(TeeError::BAD_PARAMETERS),
    );
    // Not the pair's, and of low order.
    let foreign = Object::from_pair(ObjectType::ED25519_KEYPAIR, &hex::<32>(CTX_SECRET), &hex::<32>(PH_PUBLIC));
    checks.equal(foreign, Err(TeeError::BAD_PARAMETERS));
    checks.equal(Object::from_public(ObjectType::ED25519_PUBLIC_KEY, &[0; 32]), Err(TeeError::BAD_PARAMETERS));

    let pair = Object::from_pair(ObjectType::ED25519_KEYPAIR, &hex::<32>(PH_SECRET), &hex::<32>(PH_PUBLIC))?;
    let variant = Variant { prehash: true, context: &[] };
    checks.equal(Signer::new(AlgorithmId::ED25519, &pair)?.sign_variant(variant, b"abc", &mut signature), Ok(64));
    checks.equal(&signature, &hex(PH_SIGNATURE));

    let pair = Object::from_pair(ObjectType::ED448_KEYPAIR, &hex::<57>(ED448_SECRET), &hex::<57>(ED448_PUBLIC))?;
    let variant = Variant { context: b"foo", ..Variant::default() };
    let mut signature = [0; 114];
    checks.equal(Signer::new(AlgorithmId::ED448, &pair)?.sign_variant(variant, &[3], &mut signature), Ok(114));
    checks.holds(signature == hex(ED448_SIGNATURE));
    let verifier = Verifier::new(AlgorithmId::ED448, &pair)?;
    checks.equal(verifier.verify_variant(variant, &[3], &signature), Ok(()));
    checks.equal(verifier.verify_variant(variant, &[4], &signature), Err(TeeError::SIGNATURE_INVALID));

    let pair = Object::generate(ObjectType::ED25519_KEYPAIR, 256)?;
    let mut signature = [0; 64];
    Signer::new(AlgorithmId::ED25519, &pair)?.sign(b"what is signed is the message itself, not its digest", &mut signature)?;
    let verifier = Verifier::new(AlgorithmId::ED25519, &pair)?;
    checks.equal(verifier.verify(b"what is signed is the message itself, not its digest", &signature), Ok(()));
    Ok(())
}

fn montgomery(checks: &mut Checks) -> Result<()> {
    let alice = Object::from_pair(ObjectType::X25519_KEYPAIR, &hex::<32>(ALICE_SECRET), &hex::<32>(ALICE_PUBLIC))?;
    let mut secret = [0; 32];
    checks.equal(alice.agree(&hex::<32>(BOB_PUBLIC))?.bytes(AttributeId::SECRET_VALUE, &mut secret), Ok(32));
    checks.equal(secret, hex(SHARED));
    for low in [hex::<32>("00"), hex("01"), hex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")] {
        checks.equal(alice.agree(&low).map(drop), Err(TeeError::BAD_PARAMETERS));
    }
    let pairs = [Object::generate(ObjectType::X448_KEYPAIR, 448)?, Object::generate(ObjectType::X448_KEYPAIR, 448)?];
    let mut secrets = [[0; 56]; 2];
    for (secret, (own, other)) in secrets.iter_mut().zip([(&pairs[0], &pairs[1]), (&pairs[1], &pairs[0])]) {
        let mut public = [0; 56];
        checks.equal(other.public(&mut public), Ok(56));
        checks.equal(own.agree(&public)?.bytes(AttributeId::SECRET_VALUE, secret), Ok(56));
    }
    checks.holds(secrets[0] == secrets[1] && secrets[0] != [0; 56]);
    checks.equal(pairs[0].agree(&[0; 56]).map(drop), Err(TeeError::BAD_PARAMETERS));
    Ok(())
}

/// The two small curves of NIST.
fn small(checks: &mut Checks) -> Result<()> {
    for (curve, len) in [(Curve::NIST_P192, 48), (Curve::NIST_P224, 56)] {
        let key = Object::generate_on(ObjectType::ECDSA_KEYPAIR, curve)?;
        let mut signature = [0; 56];
        checks.equal(Signer::new(AlgorithmId::ECDSA_SHA256, &key)?.sign(&[7; 32], &mut signature), Ok(len));
        let verifier = Verifier::new(AlgorithmId::ECDSA_SHA256, &key)?;
        let signature = signature.get(..len).unwrap_or_default();
        checks.equal(verifier.verify(&[7; 32], signature), Ok(()));
        checks.equal(verifier.verify(&[8; 32], signature), Err(TeeError::SIGNATURE_INVALID));
    }
    Ok(())
}

fn sm2_key(kind: ObjectType, [secret, x, y]: [&str; 3]) -> Result<Object> {
    let object = Object::new(kind, 256)?;
    let [secret, x, y] = [secret, x, y].map(hex::<32>);
    object.populate(&[
        Attribute::Bytes(AttributeId::ECC_PRIVATE_VALUE, &secret),
        Attribute::Bytes(AttributeId::ECC_PUBLIC_VALUE_X, &x),
        Attribute::Bytes(AttributeId::ECC_PUBLIC_VALUE_Y, &y),
    ])?;
    Ok(object)
}

fn sm2(checks: &mut Checks) -> Result<()> {
    let key = sm2_key(ObjectType::SM2_DSA_KEYPAIR, [SM2_SECRET, SM2_X, SM2_Y])?;
    checks.equal(sm2_key(ObjectType::SM2_DSA_KEYPAIR, [SM2_SECRET, SM2_Y, SM2_X]).map(drop), Err(TeeError::BAD_PARAMETERS));
    let digest = hex::<32>(SM2_DIGEST);
    let verifier = Verifier::new(AlgorithmId::SM2_DSA_SM3, &key)?;
    checks.equal(verifier.verify(&digest, &hex::<64>(SM2_SIGNATURE)), Ok(()));
    let mut signature = [0; 64];
    checks.equal(Signer::new(AlgorithmId::SM2_DSA_SM3, &key)?.sign(&digest, &mut signature), Ok(64));
    checks.equal(verifier.verify(&digest, &signature), Ok(()));
    checks.equal(verifier.verify(&hex::<32>(SM2_SECRET), &signature), Err(TeeError::SIGNATURE_INVALID));

    let key = sm2_key(ObjectType::SM2_PKE_KEYPAIR, [SM2_SECRET, SM2_X, SM2_Y])?;
    let (mut text, mut message) = (hex::<116>(SM2_CIPHERTEXT), [0; 19]);
    checks.equal(key.sm2_decrypt(&text, &mut message[..18]), Err(TeeError::SHORT_BUFFER));
    checks.equal(key.sm2_decrypt(&text, &mut message), Ok(19));
    checks.equal(&message, b"encryption standard");
    checks.equal(key.sm2_encrypt(b"something else here", &mut text), Ok(116));
    checks.equal(key.sm2_decrypt(&text, &mut message), Ok(19));
    checks.equal(&message, b"something else here");
    text[70] ^= 1;
    checks.equal(key.sm2_decrypt(&text, &mut message), Err(TeeError::CIPHERTEXT_INVALID));
    Ok(())
}

/// Both sides get the key of the standard, and confirm it to each other.
fn exchange(checks: &mut Checks) -> Result<()> {
    for (own, other) in [(0, 1), (1, 0)] {
        let [secret, x, y, ephemeral, ephemeral_x, ephemeral_y, confirmation] = SIDES[own];
        let (point, passing) = ([1, 2].map(|at| hex::<32>(SIDES[other][at])), [4, 5].map(|at| hex::<32>(SIDES[other][at])));
        let key = sm2_key(ObjectType::SM2_KEP_KEYPAIR, [secret, x, y])?;
        let ephemeral = sm2_key(ObjectType::SM2_KEP_KEYPAIR, [ephemeral, ephemeral_x, ephemeral_y])?;
        let with = Sm2Exchange {
            is_initiator: own == 0,
            point: (&point[0], &point[1]),
            ephemeral: (&passing[0], &passing[1]),
            identities: [b"1234567812345678"; 2],
            confirmation: Some(&hex(SIDES[other][6])),
        };
        let (agreed, confirms) = key.exchange(&ephemeral, &with, 16)?;
        let mut shared = [0; 16];
        checks.equal(agreed.bytes(AttributeId::SECRET_VALUE, &mut shared), Ok(16));
        checks.equal(shared, hex(EXCHANGED));
        checks.equal(confirms, hex(confirmation));
        let wrong = Sm2Exchange { confirmation: Some(&[7; 32]), ..with };
        checks.equal(key.exchange(&ephemeral, &wrong, 16).map(drop), Err(TeeError::BAD_STATE));
        let off = Sm2Exchange { point: (&point[1], &point[0]), ..with };
        checks.equal(key.exchange(&ephemeral, &off, 16).map(drop), Err(TeeError::BAD_PARAMETERS));
    }
    Ok(())
}
