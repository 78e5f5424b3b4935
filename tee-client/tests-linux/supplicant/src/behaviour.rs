// SPDX-License-Identifier: BSD-2-Clause
//! What a supplicant does wrong.

use std::fmt;
use std::str::FromStr;

macro_rules! behaviours {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal),* $(,)?) => {
        /// What a supplicant does wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Behaviour {
            $($(#[doc = $doc])+ $name,)*
        }

        impl Behaviour {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }

        impl fmt::Display for Behaviour {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$name => $text),* })
            }
        }
    };
}

behaviours! {
    /// Nothing.
    Honest = "honest",
    /// Says that the image has no bytes.
    SizeZero = "size-zero",
    /// Says that it has 2^32 - 1.
    SizeHuge = "size-huge",
    /// Says that it has a page more than there is in it.
    SizeLarger = "size-larger",
    /// Says each time that it is larger than the buffer.
    SizeGrowing = "size-growing",
    /// Gives half of it.
    Truncated = "truncated",
    /// Gives another TA's image.
    OtherImage = "other-image",
    /// Gives another image than the one whose size it told.
    ChangedBetween = "changed-between",
    /// Changes bytes of it all the time.
    Flipping = "flipping",
    /// Answers with values where memory is.
    WrongTypes = "wrong-types",
    /// Answers with attributes that do not exist, which Linux refuses, then with a type that does not exist.
    WrongAttributes = "wrong-attributes",
    /// Answers with too few parameters, which Linux refuses, then with an error.
    WrongCount = "wrong-count",
    /// Answers with a result that is none.
    WrongResult = "wrong-result",
    /// Answers with results of other systems' making, which look like success to some.
    SmallResult = "small-result",
    /// Says that there is no such TA.
    NotFound = "not-found",
    /// Gives memory that does not exist.
    UnknownMemory = "unknown-memory",
    /// Gives memory number -1.
    NegativeMemory = "negative-memory",
    /// Gives half of the memory that is asked for.
    SmallMemory = "small-memory",
    /// Has no memory.
    NoMemory = "no-memory",
    /// Takes its memory back before it is used.
    FreedEarly = "freed-early",
    /// Says that memory which it gave cannot be freed.
    NotFreed = "not-freed",
    /// Answers after five seconds.
    Late = "late",
    /// Does not answer.
    Never = "never",
    /// Answers first what nobody asked, which Linux refuses.
    Unasked = "unasked",
    /// Dies when it is asked for memory.
    DiesAtAllocation = "dies-at-allocation",
    /// Dies when it is asked for an image.
    DiesAtLoad = "dies-at-load",
    /// Dies when it is to free memory.
    DiesAtFree = "dies-at-free",
}

impl FromStr for Behaviour {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.iter().copied().find(|behaviour| behaviour.to_string() == text).ok_or_else(|| format!("no behaviour {text}"))
    }
}
