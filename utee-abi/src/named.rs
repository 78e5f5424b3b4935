// SPDX-License-Identifier: BSD-2-Clause
//! Families of u32 identifiers that an interface leaves open: newtypes with one constant for each known value.

/// Declares an open family: the type, its constants with the names of the C headers, and their list.
macro_rules! named_ids {
    (
        $(#[$meta:meta])*
        pub struct $type:ident, $prefix:literal;
        $($name:ident = $value:literal $(as $c_name:literal)?),* $(,)?
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(u32);

        impl $type {
            $(
                #[doc = named_ids!(@c_name $prefix, $name $(, $c_name)?)]
                pub const $name: Self = Self($value);
            )*

            /// Every known value with its name in the C headers.
            pub const ALL: &'static [(&'static str, Self)] =
                &[$((named_ids!(@c_name $prefix, $name $(, $c_name)?), Self::$name)),*];

            /// As [`Self::ALL`], with plain numbers.
            pub const TABLE: &'static [(&'static str, u32)] =
                &[$((named_ids!(@c_name $prefix, $name $(, $c_name)?), $value)),*];

            /// From the number, known or not.
            #[must_use]
            pub const fn from_raw(raw: u32) -> Self {
                Self(raw)
            }

            /// The number.
            #[must_use]
            pub const fn raw(self) -> u32 {
                self.0
            }

            /// Name in the C headers, of a known value.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($value => Some(named_ids!(@c_name $prefix, $name $(, $c_name)?)),)*
                    _ => None,
                }
            }
        }

        impl core::fmt::Display for $type {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                match self.name() {
                    Some(name) => f.write_str(name),
                    None => write!(f, "{:#010x}", self.0),
                }
            }
        }

        impl core::fmt::Debug for $type {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                core::fmt::Display::fmt(self, f)
            }
        }
    };
    (@c_name $prefix:literal, $name:ident) => { concat!($prefix, stringify!($name)) };
    (@c_name $prefix:literal, $name:ident, $c_name:literal) => { $c_name };
}

pub(crate) use named_ids;
