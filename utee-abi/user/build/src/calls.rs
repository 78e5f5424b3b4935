// SPDX-License-Identifier: BSD-2-Clause
//! The rules of calls in `ta.toml`: `[open]` and `[[command]]`.

use serde::Deserialize;
use utee_abi::call_rule::{CallRule, Logins, ParamKinds};
use utee_abi::param::PARAMS;
use utee_abi::ta_head::{EntryFunction, TaLimits};

/// What opens, or calls of a command, have to be. What is left out may be anything.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    params: Option<Vec<Param>>,
    login: Option<Vec<Login>>,
}

/// The rule of a command.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Command {
    id: u32,
    params: Option<Vec<Param>>,
    login: Option<Vec<Login>>,
}

/// A type of a parameter, or several that it may have.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Param {
    One(Kind),
    Several(Vec<Kind>),
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Any,
    None,
    ValueInput,
    ValueOutput,
    ValueInout,
    MemrefInput,
    MemrefOutput,
    MemrefInout,
}

impl Kind {
    const fn bits(self) -> ParamKinds {
        match self {
            Self::Any => ParamKinds::all(),
            Self::None => ParamKinds::NONE,
            Self::ValueInput => ParamKinds::VALUE_INPUT,
            Self::ValueOutput => ParamKinds::VALUE_OUTPUT,
            Self::ValueInout => ParamKinds::VALUE_INOUT,
            Self::MemrefInput => ParamKinds::MEMREF_INPUT,
            Self::MemrefOutput => ParamKinds::MEMREF_OUTPUT,
            Self::MemrefInout => ParamKinds::MEMREF_INOUT,
        }
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Login {
    Public,
    User,
    Group,
    Application,
    ApplicationUser,
    ApplicationGroup,
    Kernel,
    TrustedApp,
}

impl Login {
    const fn bits(self) -> Logins {
        match self {
            Self::Public => Logins::PUBLIC,
            Self::User => Logins::USER,
            Self::Group => Logins::GROUP,
            Self::Application => Logins::APPLICATION,
            Self::ApplicationUser => Logins::APPLICATION_USER,
            Self::ApplicationGroup => Logins::APPLICATION_GROUP,
            Self::Kernel => Logins::REE_KERNEL,
            Self::TrustedApp => Logins::TRUSTED_APP,
        }
    }
}

fn kinds(params: Option<&[Param]>) -> Result<[ParamKinds; PARAMS], String> {
    let Some(params) = params else { return Ok([ParamKinds::all(); PARAMS]) };
    if params.len() > PARAMS {
        return Err(format!("params: a call has {PARAMS} parameters at most"));
    }
    let mut all = [ParamKinds::NONE; PARAMS];
    for (to, param) in all.iter_mut().zip(params) {
        let kinds = match param {
            Param::One(kind) => std::slice::from_ref(kind),
            Param::Several(kinds) => kinds,
        };
        *to = kinds.iter().fold(ParamKinds::empty(), |all, kind| all | kind.bits());
        if to.is_empty() {
            return Err("params: a parameter without a type can never be passed".into());
        }
    }
    Ok(all)
}

fn logins(login: Option<&[Login]>) -> Result<Logins, String> {
    let Some(login) = login else { return Ok(Logins::all()) };
    let logins = login.iter().fold(Logins::empty(), |all, login| all | login.bits());
    if logins.is_empty() { Err("login: nobody could call".into()) } else { Ok(logins) }
}

/// The rules in rising order.
pub(crate) fn rules(open: Option<&Rule>, commands: &[Command]) -> Result<Vec<CallRule>, String> {
    let mut rules = Vec::new();
    if let Some(Rule { params, login }) = open {
        let (params, logins) = (kinds(params.as_deref())?, logins(login.as_deref())?);
        rules.push(CallRule { function: EntryFunction::OpenSession, command: 0, params, logins });
    }
    for Command { id, params, login } in commands {
        let (params, logins) = (kinds(params.as_deref())?, logins(login.as_deref())?);
        rules.push(CallRule { function: EntryFunction::InvokeCommand, command: *id, params, logins });
    }
    rules.sort_by_key(CallRule::key);
    if let Some([twice, _]) = rules.array_windows().find(|[a, b]| a.key() == b.key()) {
        return Err(format!("command {} has two rules", twice.command));
    }
    if rules.len() > TaLimits::MAX_RULES {
        return Err(format!("more than {} rules", TaLimits::MAX_RULES));
    }
    Ok(rules)
}

#[cfg(test)]
mod tests {
    use crate::Ta;
    use std::path::Path;
    use utee_abi::call_rule::{CallRule, Logins, ParamKinds};
    use utee_abi::ta_head::EntryFunction::{InvokeCommand, OpenSession};

    const MINIMAL: &str = "name = \"x\"\nuuid = \"8aaaf200-2450-11e4-abe2-0002a5d5c51b\"\nstack = 4096\nheap = 8192\n";

    fn parse(more: &str) -> Result<Ta, String> {
        Ta::parse(&format!("{MINIMAL}{more}"), Path::new("ta.toml")).map_err(|error| error.to_string())
    }

    #[test]
    fn rules_are_read_and_put_in_order() {
        let text = "[open]\nlogin = [\"user\", \"trusted-app\"]\n[[command]]\nid = 9\nparams = []\n\
                    [[command]]\nid = 2\nparams = [\"value-inout\", [\"none\", \"memref-input\"], \"any\"]\nlogin = [\"kernel\"]\n";
        let ta = parse(text).unwrap();
        let (all, none) = (ParamKinds::all(), ParamKinds::NONE);
        let wanted = [
            CallRule { function: OpenSession, command: 0, params: [all; 4], logins: Logins::USER | Logins::TRUSTED_APP },
            CallRule {
                function: InvokeCommand,
                command: 2,
                params: [ParamKinds::VALUE_INOUT, none | ParamKinds::MEMREF_INPUT, all, none],
                logins: Logins::REE_KERNEL,
            },
            CallRule { function: InvokeCommand, command: 9, params: [none; 4], logins: Logins::all() },
        ];
        assert_eq!(ta.rules, wanted);
        let words = ta.limit_words();
        assert_eq!((words.len(), words[1], words[3], &words[4..8]), (16, 64, 3, wanted[0].words().as_slice()));
        assert!(crate::c_header::source(&ta).contains("#define TA_CALL_RULES \\\n\t0x0, 0x0, 0xefefefef, 0x80000002, \\\n\t0x2, 0x2,"));
        assert!(parse("").unwrap().rules.is_empty());
    }

    #[test]
    fn rules_that_make_no_sense_are_refused_with_the_reason() {
        for (text, reason) in [
            ("[[command]]\nid = 1\n[[command]]\nid = 1\n", "two rules"),
            ("[[command]]\nid = 1\nparams = [\"any\", \"any\", \"any\", \"any\", \"any\"]", "4 parameters"),
            ("[[command]]\nid = 1\nparams = [[]]", "never be passed"),
            ("[[command]]\nid = 1\nlogin = []", "nobody"),
            ("[[command]]\nid = 1\nlogin = [\"root\"]", "root"),
            ("[open]\nid = 1", "id"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
