// SPDX-License-Identifier: BSD-2-Clause
//! Calls in any order, against a model of one state.

use crate::calls::{BAD_PARAMETERS, BAD_STATE, IN, NOT_FOUND, OK, OUT, TAG_LEN, bytes, new_object, populate, put, room, run, state};
use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert_eq, prop_oneof, proptest};
use std::sync::{Arc, Mutex};
use tee_core::crypto::algorithms::digest::Digest;
use tee_core::crypto::algorithms::mac::{Code, Mac};
use tee_core::testing::script::Ta;
use utee_abi::crypto::{Algorithm, AlgorithmId, AttributeId, ObjectType, OperationMode};
use utee_abi::result::TeeError;
use utee_abi::sysnum::Syscall as S;

/// What the random sequences are played on: algorithm, mode, whether it has the key of the same number.
const STATES: [(AlgorithmId, OperationMode, Option<ObjectType>); 7] = [
    (AlgorithmId::SHA256, OperationMode::Digest, None),
    (AlgorithmId::SHA256, OperationMode::Digest, None),
    (AlgorithmId::HMAC_SHA256, OperationMode::Mac, Some(ObjectType::HMAC_SHA256)),
    (AlgorithmId::HMAC_SHA256, OperationMode::Mac, Some(ObjectType::HMAC_SHA256)),
    (AlgorithmId::AES_CBC_NOPAD, OperationMode::Encrypt, Some(ObjectType::AES)),
    (AlgorithmId::AES_GCM, OperationMode::Encrypt, Some(ObjectType::AES)),
    (AlgorithmId::AES_GCM, OperationMode::Decrypt, Some(ObjectType::AES)),
];

#[derive(Clone, Debug)]
enum Step {
    Call { call: S, state: usize },
    Copy { to: usize, from: usize },
    Free(usize),
    ResetKey(usize),
    PopulateKey(usize),
    CloseKey(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let calls = vec![
        S::HashInit,
        S::HashUpdate,
        S::HashFinal,
        S::CipherInit,
        S::CipherUpdate,
        S::CipherFinal,
        S::AuthencInit,
        S::AuthencUpdateAad,
        S::AuthencUpdatePayload,
        S::AuthencEncFinal,
        S::AuthencDecFinal,
    ];
    let states = 0..STATES.len();
    prop_oneof![
        30 => (proptest::sample::select(calls), states.clone()).prop_map(|(call, state)| Step::Call { call, state }),
        4 => (states.clone(), states.clone()).prop_map(|(to, from)| Step::Copy { to, from }),
        1 => states.clone().prop_map(Step::Free),
        2 => states.clone().prop_map(Step::ResetKey),
        3 => states.clone().prop_map(Step::PopulateKey),
        1 => states.prop_map(Step::CloseKey),
    ]
}

/// What the specification says of one state.
#[derive(Clone, Default)]
struct Model {
    is_free: bool,
    is_running: bool,
    /// Payload was given.
    is_late: bool,
    data: Vec<u8>,
    key: Option<u8>,
    /// The key that it was started with.
    started_with: Option<u8>,
}

impl Model {
    /// The result of a call, and what becomes of the state.
    fn call(&mut self, index: usize, call: S) -> u32 {
        let (algorithm, mode, kind) = STATES[index];
        let class = match algorithm {
            AlgorithmId::AES_CBC_NOPAD => 'c',
            AlgorithmId::AES_GCM => 'a',
            _ => 'h',
        };
        let (wanted, wrong) = match call {
            S::HashInit => ('h', BAD_PARAMETERS),
            S::HashUpdate | S::HashFinal => ('h', BAD_STATE),
            S::CipherInit | S::CipherUpdate | S::CipherFinal => ('c', BAD_STATE),
            _ => ('a', BAD_STATE),
        };
        if self.is_free {
            return BAD_PARAMETERS;
        }
        if class != wanted {
            return wrong;
        }
        match call {
            S::HashInit | S::CipherInit | S::AuthencInit => {
                if kind.is_some() && self.key.is_none() {
                    return BAD_PARAMETERS;
                }
                *self = Self { is_running: true, is_late: false, data: Vec::new(), started_with: self.key, ..self.clone() };
                return OK;
            }
            _ if !self.is_running => return BAD_STATE,
            S::AuthencUpdateAad if self.is_late => return BAD_STATE,
            S::AuthencUpdatePayload => self.is_late = true,
            S::AuthencEncFinal if mode == OperationMode::Decrypt => return BAD_STATE,
            S::AuthencDecFinal if mode == OperationMode::Encrypt => return BAD_STATE,
            S::HashUpdate => self.data.extend(DATA),
            S::AuthencDecFinal => {
                self.is_running = false;
                // The tag is none of any text.
                return TeeError::MAC_INVALID.raw();
            }
            _ => {}
        }
        if matches!(call, S::HashFinal | S::CipherFinal | S::AuthencEncFinal) {
            self.is_running = false;
        }
        OK
    }
}

const DATA: [u8; 16] = *b"sixteen bytes...";

fn secret(number: u8) -> Vec<u8> {
    vec![number; 32]
}

/// Plays a step; what was seen and what the model says.
fn play(ta: &mut Ta, step: &Step, states: &[u32], keys: &[u32], models: &mut [Model], count: u8) -> (u32, u32) {
    match step {
        Step::Call { call, state } => {
            let (data, out, tag) = (put(ta, IN, &DATA), ta.scratch(OUT), put(ta, OUT + 1, &[0xEE; 16]));
            let (cell, tag_cell) = (room(ta, 64), put(ta, TAG_LEN, &16u64.to_le_bytes()));
            let handle = states[*state].into();
            let seen = match call {
                S::HashInit => ta.syscall(*call, &[handle, 0, 0]),
                S::HashUpdate | S::CipherInit | S::AuthencUpdateAad => ta.syscall(*call, &[handle, data, 16]),
                S::AuthencInit => ta.syscall(*call, &[handle, data, 12, 16, 0, 0]),
                S::HashFinal => ta.syscall(*call, &[handle, 0, 0, out, cell]),
                S::AuthencEncFinal => ta.syscall(*call, &[handle, data, 16, out, cell, tag, tag_cell]),
                S::AuthencDecFinal => ta.syscall(*call, &[handle, data, 16, out, cell, tag, 16]),
                _ => ta.syscall(*call, &[handle, data, 16, out, cell]),
            };
            let wanted = models[*state].call(*state, *call);
            if *call == S::HashFinal && seen == OK && wanted == OK {
                let model = &models[*state];
                let mut right = [0; 64];
                match model.started_with {
                    None => {
                        let mut digest = Digest::of(Algorithm::Sha256);
                        digest.update(&model.data).unwrap();
                        digest.finish(&mut right[..32]);
                    }
                    Some(key) => {
                        let mut mac = Mac::new(None, Code::Hmac(Algorithm::Sha256), &secret(key)).unwrap();
                        mac.update(&model.data).unwrap();
                        mac.finish(&mut right).unwrap();
                    }
                }
                if bytes(ta, OUT, 32) != right[..32] {
                    return (1, 2);
                }
            }
            (seen, wanted)
        }
        Step::Copy { to, from } => {
            let seen = ta.syscall(S::CrypStateCopy, &[states[*to].into(), states[*from].into()]);
            let (algorithm, mode, _) = STATES[*to];
            let same = (STATES[*from].0, STATES[*from].1) == (algorithm, mode);
            if models[*to].is_free || models[*from].is_free || !same {
                return (seen, BAD_PARAMETERS);
            }
            let Model { is_running, is_late, data, started_with, .. } = models[*from].clone();
            let key = models[*to].key;
            models[*to] = Model { is_free: false, is_running, is_late, data, key, started_with };
            (seen, OK)
        }
        Step::Free(state) => {
            let wanted = if models[*state].is_free { BAD_PARAMETERS } else { OK };
            models[*state].is_free = true;
            (ta.syscall(S::CrypStateFree, &[states[*state].into()]), wanted)
        }
        Step::ResetKey(state) | Step::PopulateKey(state) | Step::CloseKey(state) if STATES[*state].2.is_none() => (0, 0),
        // The key went with the state.
        Step::ResetKey(state) if models[*state].is_free => (ta.syscall(S::CrypObjReset, &[keys[*state].into()]), BAD_STATE),
        Step::PopulateKey(state) if models[*state].is_free => {
            (populate(ta, keys[*state], &[(AttributeId::SECRET_VALUE, &secret(count))]), BAD_STATE)
        }
        Step::CloseKey(state) if models[*state].is_free => (ta.syscall(S::CrypObjClose, &[keys[*state].into()]), BAD_STATE),
        Step::ResetKey(state) => {
            models[*state].key = None;
            (ta.syscall(S::CrypObjReset, &[keys[*state].into()]), OK)
        }
        Step::PopulateKey(state) => {
            let wanted = if models[*state].key.is_some() { BAD_PARAMETERS } else { OK };
            models[*state].key.get_or_insert(count);
            (populate(ta, keys[*state], &[(AttributeId::SECRET_VALUE, &secret(count))]), wanted)
        }
        Step::CloseKey(state) => (ta.syscall(S::CrypObjClose, &[keys[*state].into()]), NOT_FOUND),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// Every order of calls is answered as the model says, and results are those of the data that came since the start.
    #[test]
    fn any_order_of_calls_is_answered(steps in proptest::collection::vec(step(), 1..120), start in any::<u8>()) {
        let failure = Arc::new(Mutex::new(None));
        let seen = Arc::clone(&failure);
        run(move |ta| {
            let (mut states, mut keys, mut models) = (Vec::new(), Vec::new(), Vec::new());
            for (algorithm, mode, kind) in STATES {
                let key = kind.map_or(0, |kind| new_object(ta, kind, 256).unwrap());
                states.push(state(ta, algorithm, mode, [key, 0]).unwrap());
                keys.push(key);
                models.push(Model::default());
            }
            for (index, step) in steps.iter().enumerate() {
                let (found, wanted) = play(ta, step, &states, &keys, &mut models, start.wrapping_add(index as u8));
                if found != wanted {
                    *seen.lock().unwrap() = Some(format!("step {index}, {step:?}: {found:#x} instead of {wanted:#x}"));
                    return 1;
                }
            }
            0
        });
        prop_assert_eq!(failure.lock().unwrap().take(), None);
    }
}
