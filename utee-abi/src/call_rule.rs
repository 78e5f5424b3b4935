// SPDX-License-Identifier: BSD-2-Clause
//! What a TA declares of its calls, so that the TEE refuses what does not match before the TA sees it.
//!
//! The rules stand behind [`crate::ta_head::TaLimits`] in the signed image, four words each, by function and command in rising
//! order. Loaders that do not know them pass them over.

use crate::bytes::u32_at;
use crate::msg::Login;
use crate::param::{PARAMS, ParamType, ParamTypes};
use crate::result::TeeError;
use crate::ta_head::EntryFunction;
use bitflags::bitflags;

bitflags! {
    /// Types that a parameter may have: a bit for each, by its number.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct ParamKinds: u8 {
        /// No parameter.
        const NONE = 1 << ParamType::None as u8;
        /// Two numbers for the TA.
        const VALUE_INPUT = 1 << ParamType::ValueInput as u8;
        /// Two numbers of the TA.
        const VALUE_OUTPUT = 1 << ParamType::ValueOutput as u8;
        /// Two numbers, both ways.
        const VALUE_INOUT = 1 << ParamType::ValueInout as u8;
        /// A buffer for the TA.
        const MEMREF_INPUT = 1 << ParamType::MemrefInput as u8;
        /// A buffer that the TA fills.
        const MEMREF_OUTPUT = 1 << ParamType::MemrefOutput as u8;
        /// A buffer, both ways.
        const MEMREF_INOUT = 1 << ParamType::MemrefInout as u8;
    }

    /// Login methods that a client may come by.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Logins: u32 {
        /// Anybody.
        const PUBLIC = 1 << 0;
        /// A user.
        const USER = 1 << 1;
        /// A group.
        const GROUP = 1 << 2;
        /// An application.
        const APPLICATION = 1 << 4;
        /// An application of a user.
        const APPLICATION_USER = 1 << 5;
        /// An application of a group.
        const APPLICATION_GROUP = 1 << 6;
        /// The kernel of the normal world.
        const REE_KERNEL = 1 << 30;
        /// Another TA.
        const TRUSTED_APP = 1 << 31;
    }
}

impl ParamKinds {
    /// The set of one type.
    #[must_use]
    pub const fn of(kind: ParamType) -> Self {
        Self::from_bits_truncate(1 << kind as u8)
    }
}

impl Logins {
    /// The set of one login method.
    #[must_use]
    pub const fn of(login: Login) -> Self {
        match login {
            Login::Public => Self::PUBLIC,
            Login::User => Self::USER,
            Login::Group => Self::GROUP,
            Login::Application => Self::APPLICATION,
            Login::ApplicationUser => Self::APPLICATION_USER,
            Login::ApplicationGroup => Self::APPLICATION_GROUP,
            Login::ReeKernel => Self::REE_KERNEL,
            Login::TrustedApp => Self::TRUSTED_APP,
        }
    }
}

/// What calls of one command, or opens of a session, have to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallRule {
    /// Open or invoke.
    pub function: EntryFunction,
    /// The command; 0 for an open.
    pub command: u32,
    /// What each parameter may be.
    pub params: [ParamKinds; PARAMS],
    /// Who may call.
    pub logins: Logins,
}

impl CallRule {
    /// Size in bytes: function, command, parameters, logins.
    pub const SIZE: usize = 16;

    /// From its memory; `None` for a function, type or login method that does not exist.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let function = EntryFunction::try_from(u32_at(bytes, 0)?).ok()?;
        let command = u32_at(bytes, 4)?;
        let known = match function {
            EntryFunction::OpenSession => command == 0,
            EntryFunction::InvokeCommand => true,
            EntryFunction::CloseSession | EntryFunction::DumpMemStats => false,
        };
        let mut params = [ParamKinds::NONE; PARAMS];
        for (kinds, bits) in params.iter_mut().zip(u32_at(bytes, 8)?.to_le_bytes()) {
            *kinds = ParamKinds::from_bits(bits)?;
        }
        let logins = Logins::from_bits(u32_at(bytes, 12)?)?;
        known.then_some(Self { function, command, params, logins })
    }

    /// Its words.
    #[must_use]
    pub fn words(&self) -> [u32; 4] {
        let params = u32::from_le_bytes(self.params.map(|kinds| kinds.bits()));
        [self.function.raw(), self.command, params, self.logins.bits()]
    }

    /// What rules are ordered and found by.
    #[must_use]
    pub fn key(&self) -> (u32, u32) {
        (self.function.raw(), self.command)
    }

    fn permits(&self, types: ParamTypes, login: Login) -> Result<(), TeeError> {
        if !self.logins.contains(Logins::of(login)) {
            return Err(TeeError::ACCESS_DENIED);
        }
        let fits = self.params.iter().enumerate().all(|(index, kinds)| kinds.contains(ParamKinds::of(types.get(index))));
        if fits { Ok(()) } else { Err(TeeError::BAD_PARAMETERS) }
    }
}

/// Whether a call keeps to `rules`, which are in rising order. A TA that has a rule for one command has one for each of its
/// commands; without a rule for opening, anybody may open a session.
///
/// # Errors
/// ACCESS_DENIED for another login method, BAD_PARAMETERS for other types, NOT_SUPPORTED for a command that is not declared.
pub fn check(rules: &[CallRule], function: EntryFunction, command: u32, types: ParamTypes, login: Login) -> Result<(), TeeError> {
    let command = match function {
        EntryFunction::InvokeCommand => command,
        EntryFunction::OpenSession => 0,
        EntryFunction::CloseSession | EntryFunction::DumpMemStats => return Ok(()),
    };
    match rules.binary_search_by_key(&(function.raw(), command), CallRule::key) {
        Ok(index) => rules.get(index).map_or(Err(TeeError::GENERIC), |rule| rule.permits(types, login)),
        // In rising order, invocations are the last.
        Err(_) if function == EntryFunction::InvokeCommand && rules.last().is_some_and(|rule| rule.function == function) => {
            Err(TeeError::NOT_SUPPORTED)
        }
        Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{CallRule, Logins, ParamKinds, check};
    use crate::msg::Login;
    use crate::param::{ParamType, ParamTypes};
    use crate::result::TeeError;
    use crate::ta_head::EntryFunction::{CloseSession, InvokeCommand, OpenSession};
    use proptest::prelude::{any, prop_assert_eq, proptest};

    fn bytes(words: [u32; 4]) -> [u8; CallRule::SIZE] {
        let mut out = [0; CallRule::SIZE];
        out.chunks_exact_mut(4).zip(words).for_each(|(to, from)| to.copy_from_slice(&from.to_le_bytes()));
        out
    }

    proptest! {
        #[test]
        fn rules_round_trip_or_are_refused(words in any::<[u32; 4]>(), small in 0u32..4) {
            for words in [words, [small, words[1], words[2] & 0xEFEF_EFEF, words[3] & Logins::all().bits()]] {
                match CallRule::read(&bytes(words)) {
                    Some(rule) => prop_assert_eq!(rule.words(), words),
                    None => {
                        let known = words[0] == 2 || words[0] == 0 && words[1] == 0;
                        prop_assert_eq!(known && words[2] & 0x1010_1010 == 0 && Logins::from_bits(words[3]).is_some(), false);
                    }
                }
            }
        }
    }

    #[test]
    fn what_does_not_match_is_refused() {
        let none = [ParamKinds::NONE; 4];
        let mut params = none;
        params[1] = ParamKinds::MEMREF_INPUT | ParamKinds::NONE;
        let rules = [
            CallRule { function: OpenSession, command: 0, params: none, logins: Logins::USER | Logins::TRUSTED_APP },
            CallRule { function: InvokeCommand, command: 3, params, logins: Logins::all() },
            CallRule { function: InvokeCommand, command: 7, params: none, logins: Logins::TRUSTED_APP },
        ];
        let types = |second| ParamTypes::new([ParamType::None, second, ParamType::None, ParamType::None]);
        let empty = ParamTypes::default();
        assert_eq!(check(&rules, OpenSession, 0, empty, Login::User), Ok(()));
        assert_eq!(check(&rules, OpenSession, 0, empty, Login::Public), Err(TeeError::ACCESS_DENIED));
        assert_eq!(check(&rules, OpenSession, 0, types(ParamType::ValueInput), Login::User), Err(TeeError::BAD_PARAMETERS));
        assert_eq!(check(&rules, CloseSession, 0, types(ParamType::ValueInput), Login::Public), Ok(()));
        assert_eq!(check(&rules, InvokeCommand, 3, types(ParamType::MemrefInput), Login::Public), Ok(()));
        assert_eq!(check(&rules, InvokeCommand, 3, empty, Login::Public), Ok(()));
        assert_eq!(check(&rules, InvokeCommand, 3, types(ParamType::MemrefInout), Login::Public), Err(TeeError::BAD_PARAMETERS));
        assert_eq!(check(&rules, InvokeCommand, 7, empty, Login::TrustedApp), Ok(()));
        assert_eq!(check(&rules, InvokeCommand, 7, empty, Login::User), Err(TeeError::ACCESS_DENIED));
        assert_eq!(check(&rules, InvokeCommand, 4, empty, Login::User), Err(TeeError::NOT_SUPPORTED));
        // Without rules for commands, or any rules at all, everything goes.
        assert_eq!(check(&rules[..1], InvokeCommand, 4, types(ParamType::MemrefInout), Login::Public), Ok(()));
        assert_eq!(check(&[], OpenSession, 0, types(ParamType::MemrefInout), Login::Public), Ok(()));
        assert_eq!(check(&rules[1..], OpenSession, 0, types(ParamType::MemrefInout), Login::Public), Ok(()));
    }
}
