// SPDX-License-Identifier: BSD-2-Clause
//! Parameters of a command as the TA sees them.
//!
//! [`Parameters::take`] checks all four types at once, so that a TA cannot forget to: anything but exactly the asked
//! types is BAD_PARAMETERS.
//!
//! ```
//! use utee::{MemrefOutput, Parameters, Result, ValueInput};
//! fn repeat(params: &mut Parameters<'_>) -> Result<()> {
//!     let (what, mut to): (ValueInput<'_>, MemrefOutput<'_>) = params.take()?;
//!     to.write(&what.a().to_le_bytes())
//! }
//! ```

mod memref;
mod value;

pub use memref::{MemrefInout, MemrefInput, MemrefOutput, Shared};
pub use value::{Value, ValueInout, ValueInput, ValueOutput};

use crate::{Result, TeeError};
use utee_abi::param::{PARAMS, ParamType, ParamTypes, UteeParams};

/// The two cells of a parameter: values, or address and size.
pub type Cells = [u64; 2];

/// struct utee_params in the memory of the TA.
#[derive(Debug)]
#[repr(C, align(8))]
pub struct RawParams {
    /// Types word.
    pub types: u64,
    /// Cells.
    pub cells: [Cells; PARAMS],
}

const _: () = assert!(size_of::<RawParams>() == UteeParams::SIZE);
const _: () = assert!(core::mem::offset_of!(RawParams, cells) == UteeParams::cell_offset(0));

/// The four parameters of an entry.
#[derive(Debug)]
pub struct Parameters<'a> {
    types: ParamTypes,
    cells: &'a mut [Cells; PARAMS],
}

impl<'a> Parameters<'a> {
    /// Parameters from the kernel's structure.
    ///
    /// # Safety
    /// For `'a` every memref among them is NULL, or empty, or memory of the given size that is mapped readable and
    /// writable, that no Rust reference points into, and that may change at any time.
    ///
    /// # Errors
    /// BAD_PARAMETERS for types that do not exist.
    pub unsafe fn new(raw: &'a mut RawParams) -> Result<Self> {
        let types = ParamTypes::from_word(raw.types).ok_or(TeeError::BAD_PARAMETERS)?;
        Ok(Self { types, cells: &mut raw.cells })
    }

    /// The types.
    #[must_use]
    pub fn types(&self) -> ParamTypes {
        self.types
    }

    /// The cells as they are, for C.
    pub fn cells(&mut self) -> &mut [Cells; PARAMS] {
        self.cells
    }

    /// All parameters as the types of `L`, a tuple of up to four; those past its end must be absent.
    ///
    /// # Errors
    /// BAD_PARAMETERS when a type is another one.
    pub fn take<'s, L: ParamList<'s>>(&'s mut self) -> Result<L> {
        L::take(self.types, self.cells)
    }

    /// Parameter `index`, whatever its type.
    pub fn get(&mut self, index: usize) -> Param<'_> {
        match self.cells.get_mut(index) {
            Some(cells) => Param::new(self.types.get(index), cells),
            None => Param::None,
        }
    }
}

/// A parameter of any type.
#[derive(Debug)]
pub enum Param<'a> {
    /// Absent.
    None,
    /// Two numbers from the client.
    ValueInput(ValueInput<'a>),
    /// Two numbers to the client.
    ValueOutput(ValueOutput<'a>),
    /// Two numbers there and back.
    ValueInout(ValueInout<'a>),
    /// Memory from the client.
    MemrefInput(MemrefInput<'a>),
    /// Memory to the client.
    MemrefOutput(MemrefOutput<'a>),
    /// Memory there and back.
    MemrefInout(MemrefInout<'a>),
}

impl<'a> Param<'a> {
    fn new(kind: ParamType, cells: &'a mut Cells) -> Self {
        match kind {
            ParamType::None => Self::None,
            ParamType::ValueInput => Self::ValueInput(FromCells::new(cells)),
            ParamType::ValueOutput => Self::ValueOutput(FromCells::new(cells)),
            ParamType::ValueInout => Self::ValueInout(FromCells::new(cells)),
            ParamType::MemrefInput => Self::MemrefInput(FromCells::new(cells)),
            ParamType::MemrefOutput => Self::MemrefOutput(FromCells::new(cells)),
            ParamType::MemrefInout => Self::MemrefInout(FromCells::new(cells)),
        }
    }
}

mod sealed {
    /// Only this crate knows which cells stand for what.
    pub trait Sealed {}
}

/// A type of parameter.
pub trait FromCells<'a>: sealed::Sealed + Sized {
    /// The type in the types word.
    const TYPE: ParamType;

    /// The parameter in `cells`.
    #[doc(hidden)]
    fn new(cells: &'a mut Cells) -> Self;
}

/// A tuple of up to four parameter types.
pub trait ParamList<'a>: sealed::Sealed + Sized {
    /// The parameters in `cells`, if `types` are exactly these.
    ///
    /// # Errors
    /// BAD_PARAMETERS when a type is another one.
    #[doc(hidden)]
    fn take(types: ParamTypes, cells: &'a mut [Cells; PARAMS]) -> Result<Self>;
}

macro_rules! list {
    ($($name:ident $cells:ident),* ; $($none:ident)*) => {
        impl<$($name: sealed::Sealed),*> sealed::Sealed for ($($name,)*) {}

        impl<'a, $($name: FromCells<'a>),*> ParamList<'a> for ($($name,)*) {
            fn take(types: ParamTypes, cells: &'a mut [Cells; PARAMS]) -> Result<Self> {
                let wanted = ParamTypes::new([$($name::TYPE,)* $(ParamType::$none),*]);
                if types != wanted {
                    return Err(TeeError::BAD_PARAMETERS);
                }
                let [$($cells,)* ..] = cells;
                Ok(($($name::new($cells),)*))
            }
        }
    };
}

list!(; None None None None);
list!(A a; None None None);
list!(A a, B b; None None);
list!(A a, B b, C c; None);
list!(A a, B b, C c, D d;);

#[cfg(test)]
mod tests;
