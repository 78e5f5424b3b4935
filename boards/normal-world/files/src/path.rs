// SPDX-License-Identifier: BSD-2-Clause
//! Names of files as the TEE gives them: always below one folder, whatever they say.

use alloc::vec::Vec;
use utee_abi::result::TeeError;

/// The names that lead to a file, outermost first.
pub(crate) struct Path<'a> {
    names: Vec<&'a [u8]>,
    /// Only a directory can be meant: the text ends with a slash or a dot.
    pub(crate) directory: bool,
}

impl<'a> Path<'a> {
    /// Splits a text. Slashes at its start, and several in a row, mean nothing more than one.
    ///
    /// # Errors
    /// BAD_PARAMETERS for one that goes upwards; OP-TEE's supplicant lets it leave its folder.
    pub(crate) fn new(text: &'a [u8]) -> Result<Self, TeeError> {
        let mut parts = text.split(|byte| *byte == b'/');
        let names: Vec<&[u8]> = parts.clone().filter(|part| !matches!(part, [] | [b'.'])).collect();
        if names.contains(&b"..".as_slice()) {
            return Err(TeeError::BAD_PARAMETERS);
        }
        let directory = names.is_empty() || parts.next_back().is_some_and(|last| matches!(last, [] | [b'.']));
        Ok(Self { names, directory })
    }

    /// All names.
    pub(crate) fn names(&self) -> &[&'a [u8]] {
        &self.names
    }

    /// The names of the directory, and the last one; `None` for the root itself.
    pub(crate) fn split(&self) -> Option<(&[&'a [u8]], &'a [u8])> {
        self.names.split_last().map(|(last, parents)| (parents, *last))
    }
}

#[cfg(test)]
mod tests {
    use super::Path;
    use utee_abi::result::TeeError;

    fn split(text: &str) -> Result<(usize, bool), TeeError> {
        Path::new(text.as_bytes()).map(|path| (path.names().len(), path.directory))
    }

    #[test]
    fn a_path_stays_below_its_root() {
        assert_eq!(split("a/b"), Ok((2, false)));
        assert_eq!(split("//a///./b"), Ok((2, false)));
        assert_eq!(split("/a/"), Ok((1, true)));
        assert_eq!(split(""), Ok((0, true)));
        assert_eq!(split("."), Ok((0, true)));
        assert_eq!(split("..a/b.."), Ok((2, false)));
        for text in ["..", "../a", "a/../b", "a/..", "/../x"] {
            assert_eq!(split(text), Err(TeeError::BAD_PARAMETERS), "{text}");
        }
    }
}
