// SPDX-License-Identifier: BSD-2-Clause
//! Value parameters.

use super::sealed::Sealed;
use super::{Cells, FromCells};
use utee_abi::param::ParamType;

/// Two numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Value {
    /// First.
    pub a: u32,
    /// Second.
    pub b: u32,
}

impl Value {
    /// From cells, whose high halves are not part of a value.
    pub(crate) fn from_cells(cells: &Cells) -> Self {
        let low = |cell: u64| (cell & u64::from(u32::MAX)) as u32;
        Self { a: low(cells[0]), b: low(cells[1]) }
    }

    /// As cells.
    pub(crate) fn to_cells(self) -> Cells {
        [u64::from(self.a), u64::from(self.b)]
    }
}

macro_rules! value {
    ($(#[$doc:meta])* $name:ident $kind:ident) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name<'a>(&'a mut Cells);

        impl Sealed for $name<'_> {}

        impl<'a> FromCells<'a> for $name<'a> {
            const TYPE: ParamType = ParamType::$kind;

            fn new(cells: &'a mut Cells) -> Self {
                Self(cells)
            }
        }
    };
}

macro_rules! readable {
    ($name:ident) => {
        impl $name<'_> {
            /// Both numbers.
            #[must_use]
            pub fn get(&self) -> Value {
                Value::from_cells(self.0)
            }

            /// The first number.
            #[must_use]
            pub fn a(&self) -> u32 {
                self.get().a
            }

            /// The second number.
            #[must_use]
            pub fn b(&self) -> u32 {
                self.get().b
            }
        }
    };
}

macro_rules! writable {
    ($name:ident) => {
        impl $name<'_> {
            /// Sets both numbers.
            pub fn set(&mut self, a: u32, b: u32) {
                *self.0 = Value { a, b }.to_cells();
            }
        }
    };
}

value!(
    /// Two numbers from the client.
    ValueInput ValueInput
);
value!(
    /// Two numbers to the client, 0 at first.
    ValueOutput ValueOutput
);
value!(
    /// Two numbers there and back.
    ValueInout ValueInout
);
readable!(ValueInput);
readable!(ValueInout);
writable!(ValueOutput);
writable!(ValueInout);
