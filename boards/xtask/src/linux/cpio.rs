// SPDX-License-Identifier: BSD-2-Clause
//! An archive as Linux unpacks it into its first file system: cpio, "newc" format (Documentation/driver-api/early-userspace).

use anyhow::{Result, ensure};
use std::collections::BTreeMap;

const DIRECTORY: u32 = 0o040_000;
const REGULAR: u32 = 0o100_000;
const SYMBOLIC_LINK: u32 = 0o120_000;
const CHARACTER_DEVICE: u32 = 0o020_000;

/// What has a name in the file system.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Content {
    Directory,
    File(Vec<u8>),
    Link(String),
    Device(u32, u32),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    /// Permissions.
    mode: u32,
    content: Content,
}

/// A file system to be; everything in it is root's. Paths are relative to its root, without a first slash.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    /// In the order of their paths, so that a directory comes before what is in it.
    entries: BTreeMap<String, Entry>,
}

impl Tree {
    /// A directory, and those above it.
    pub(crate) fn directory(&mut self, path: &str) {
        for (at, _) in path.match_indices('/').chain([(path.len(), "")]) {
            self.entries.entry(path[..at].into()).or_insert(Entry { mode: 0o755, content: Content::Directory });
        }
    }

    fn put(&mut self, path: &str, mode: u32, content: Content) {
        if let Some((parent, _)) = path.rsplit_once('/') {
            self.directory(parent);
        }
        self.entries.insert(path.into(), Entry { mode, content });
    }

    /// A file; replaces what has its name.
    pub(crate) fn file(&mut self, path: &str, mode: u32, bytes: Vec<u8>) {
        self.put(path, mode & 0o7777, Content::File(bytes));
    }

    /// A symbolic link.
    pub(crate) fn link(&mut self, path: &str, target: &str) {
        self.put(path, 0o777, Content::Link(target.into()));
    }

    /// A character device.
    pub(crate) fn device(&mut self, path: &str, mode: u32, major: u32, minor: u32) {
        self.put(path, mode, Content::Device(major, minor));
    }

    /// Whether something has this name.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.entries.contains_key(path)
    }

    /// The files with their contents.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.entries.iter().filter_map(|(path, entry)| match &entry.content {
            Content::File(bytes) => Some((path.as_str(), bytes.as_slice())),
            _ => None,
        })
    }

    /// The archive; several of them one behind the other are one as well.
    ///
    /// # Errors
    /// When a file is too long for the format (4 GiB).
    pub(crate) fn archive(&self) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        for (number, (path, Entry { mode, content })) in (1..).zip(&self.entries) {
            let (kind, data, device): (u32, &[u8], _) = match content {
                Content::Directory => (DIRECTORY, &[], (0, 0)),
                Content::File(bytes) => (REGULAR, bytes, (0, 0)),
                Content::Link(target) => (SYMBOLIC_LINK, target.as_bytes(), (0, 0)),
                Content::Device(major, minor) => (CHARACTER_DEVICE, &[], (*major, *minor)),
            };
            write_entry(&mut out, number, path, kind | mode, device, data)?;
        }
        write_entry(&mut out, 0, "TRAILER!!!", 0, (0, 0), &[])?;
        Ok(out)
    }
}

fn write_entry(out: &mut Vec<u8>, number: u32, path: &str, mode: u32, device: (u32, u32), data: &[u8]) -> Result<()> {
    ensure!(u32::try_from(data.len()).is_ok(), "{path} is too long for an initial file system");
    let links = if mode & DIRECTORY == DIRECTORY { 2 } else { 1 };
    // Inode, mode, user, group, links, time, size, device (major, minor), own device, length of the name, checksum.
    let fields = [number, mode, 0, 0, links, 0, data.len() as u32, 0, 0, device.0, device.1, path.len() as u32 + 1, 0];
    out.extend(b"070701");
    for field in fields {
        out.extend(format!("{field:08x}").bytes());
    }
    out.extend(path.bytes());
    out.push(0);
    out.resize(out.len().next_multiple_of(4), 0);
    out.extend(data);
    out.resize(out.len().next_multiple_of(4), 0);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Tree;

    #[test]
    fn an_archive_has_what_the_format_asks_for() {
        let mut tree = Tree::default();
        tree.file("a/b", 0o644, b"hello".to_vec());
        tree.link("l", "a/b");
        tree.device("c", 0o600, 5, 1);
        let bytes = tree.archive().unwrap();
        let mut at = 0;
        let mut seen = Vec::new();
        while at < bytes.len() {
            let field = |index: usize| {
                let start = at + 6 + index * 8;
                u32::from_str_radix(std::str::from_utf8(&bytes[start..start + 8]).unwrap(), 16).unwrap()
            };
            assert_eq!(&bytes[at..at + 6], b"070701");
            let name_end = at + 110 + field(11) as usize;
            let name = String::from_utf8(bytes[at + 110..name_end - 1].to_vec()).unwrap();
            assert_eq!(bytes[name_end - 1], 0);
            let data = name_end.next_multiple_of(4);
            let end = data + field(6) as usize;
            let content = String::from_utf8(bytes[data..end].to_vec()).unwrap();
            seen.push(format!("{name} {:o} {}:{} {content}", field(1), field(9), field(10)));
            at = end.next_multiple_of(4);
        }
        let expected = ["a 40755 0:0 ", "a/b 100644 0:0 hello", "c 20600 5:1 ", "l 120777 0:0 a/b", "TRAILER!!! 0 0:0 "];
        assert_eq!(seen, expected);
    }
}
