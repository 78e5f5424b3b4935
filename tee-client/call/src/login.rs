// SPDX-License-Identifier: BSD-2-Clause
//! Login methods by their names.

use crate::parameter::number;
use tee_client::Identity;

/// What `--login` says.
pub(crate) fn parse(text: &str) -> Result<Identity, String> {
    let (name, group) = text.split_once(':').map_or((text, None), |(name, group)| (name, Some(group)));
    match (name, group) {
        ("public", None) => Ok(Identity::PUBLIC),
        ("user", None) => Ok(Identity::USER),
        ("application", None) => Ok(Identity::APPLICATION),
        ("user-application", None) => Ok(Identity::USER_APPLICATION),
        ("group", Some(id)) => Ok(Identity::group(number(id)?)),
        ("group-application", Some(id)) => Ok(Identity::group_application(number(id)?)),
        ("group" | "group-application", None) => Err(format!("{name} needs the number of the group: {name}:ID")),
        _ => Err(format!("no login method {text}")),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;
    use tee_client::{Identity, Login};

    #[test]
    fn methods_have_names() {
        assert_eq!(parse("public"), Ok(Identity::PUBLIC));
        assert_eq!(parse("group:0x10"), Ok(Identity::group(16)));
        assert_eq!(parse("user-application").unwrap().login, Login::ApplicationUser);
        for wrong in ["", "group", "group:x", "public:1", "kernel"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
