// SPDX-License-Identifier: BSD-2-Clause
//! Debian's package tools: what is installed, what is only unpacked, and from which mirror.

use crate::tools::{check, has_program, output};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Key that apt checks Debian's releases with.
pub(crate) const SIGNED: &str = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]";
/// Names a mirror of Debian on systems that are not Debian themselves.
const MIRROR: &str = "OXTEE_DEBIAN_MIRROR";

/// How to become root: nothing, or sudo without a question that nobody answers.
pub(crate) fn privilege() -> Option<Vec<&'static str>> {
    let root = output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if root {
        return Some(Vec::new());
    }
    let sudo = has_program("sudo")
        && Command::new("sudo").args(["-n", "true"]).stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    sudo.then(|| vec!["sudo", "-n"])
}

/// Runs apt-get as root.
pub(crate) fn apt(prefix: &[&str], options: &[String], words: &[&str]) -> Result<()> {
    let mut line: Vec<&str> = prefix.to_vec();
    line.extend(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    line.extend(options.iter().map(String::as_str));
    line.extend(words);
    let (program, arguments) = line.split_first().context("no command")?;
    check(Command::new(program).args(arguments).stdin(Stdio::null()).stdout(Stdio::null()))
}

/// Installs these packages, from the system's own sources.
///
/// # Errors
/// When there is no apt-get or no way to become root, with what the user has to install.
pub(crate) fn install(packages: &[&str]) -> Result<()> {
    let listed = packages.join(" ");
    if !has_program("apt-get") {
        bail!("these Debian packages (or their likes) are needed and there is no apt-get: {listed}");
    }
    let Some(prefix) = privilege() else {
        bail!("these packages are needed, and this user is neither root nor has sudo: apt-get install {listed}");
    };
    println!("setup: installing {listed}");
    apt(&prefix, &[], &["update", "-q"])?;
    apt(&prefix, &[], &[&["install", "-y", "-q", "--no-install-recommends"], packages].concat())
}

/// The mirror of Debian that the system itself uses.
pub(crate) fn mirror() -> Option<String> {
    if let Ok(mirror) = std::env::var(MIRROR) {
        return Some(mirror);
    }
    let suite = debian_suite()?;
    let mut files: Vec<PathBuf> = vec!["/etc/apt/sources.list".into()];
    files.extend(fs::read_dir("/etc/apt/sources.list.d").into_iter().flatten().flatten().map(|entry| entry.path()));
    files.iter().filter_map(|file| fs::read_to_string(file).ok()).find_map(|text| mirror_in(&text, &suite))
}

/// The address in a list of sources, of either form, that has this suite of Debian itself; other vendors' lists have not.
fn mirror_in(text: &str, suite: &str) -> Option<String> {
    let one_line = text.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().filter(|word| !word.starts_with('[') && !word.ends_with(']')).collect();
        match words.as_slice() {
            ["deb", uri, name, components @ ..] if *name == suite && components.contains(&"main") => Some((*uri).to_string()),
            _ => None,
        }
    });
    one_line.or_else(|| {
        text.split("\n\n").find_map(|stanza| {
            let field = |name: &str| stanza.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
            let suited = field("Suites:")?.split_whitespace().any(|name| name == suite);
            let main = field("Components:")?.split_whitespace().any(|component| component == "main");
            let uri = field("URIs:")?.split_whitespace().next()?;
            (suited && main).then(|| uri.to_string())
        })
    })
}

/// Release of Debian that this system is; `None` for another system.
pub(crate) fn debian_suite() -> Option<String> {
    let release = fs::read_to_string("/etc/os-release").ok()?;
    let value = |name: &str| release.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim_matches('"').to_string());
    (value("ID=")? == "debian").then(|| value("VERSION_CODENAME="))?
}

#[cfg(test)]
mod tests {
    use super::mirror_in;

    #[test]
    fn only_debians_own_sources_name_the_mirror() {
        let others = "deb [signed-by=/k.gpg] https://node.example/node_20.x nodistro main\n# deb http://old.example/debian bookworm main\n";
        assert_eq!(mirror_in(others, "bookworm"), None);
        assert_eq!(
            mirror_in("deb [arch=amd64 signed-by=/k.gpg] http://a.example/debian bookworm main contrib\n", "bookworm").as_deref(),
            Some("http://a.example/debian")
        );
        let stanzas = "Types: deb\nURIs: http://s.example/security\nSuites: bookworm-security\nComponents: main\n\n\
            Types: deb\n# comment\nURIs: http://d.example/debian\nSuites: bookworm bookworm-updates\nComponents: main\n";
        assert_eq!(mirror_in(stanzas, "bookworm").as_deref(), Some("http://d.example/debian"));
    }
}
