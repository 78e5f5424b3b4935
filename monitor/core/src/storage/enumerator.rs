// SPDX-License-Identifier: BSD-2-Clause
//! Enumerators: the ids that there were when one was started, so that objects may be made and removed while it goes on.

use super::Place;
use super::backend::{Ids, ObjectId};
use crate::crypto::handles::Handles;
use crate::limits::MAX_ENUMERATORS_OF_TA;

/// The enumerators of a TA.
pub type Enumerators = Handles<Enumerator, MAX_ENUMERATORS_OF_TA>;

struct Started {
    place: Place,
    ids: Ids,
    at: usize,
}

/// Goes through the objects of a TA.
#[derive(Default)]
pub struct Enumerator(Option<Started>);

impl Enumerator {
    /// One that is not started.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts with these ids.
    pub fn start(&mut self, place: Place, ids: Ids) {
        self.0 = Some(Started { place, ids, at: 0 });
    }

    /// Ends: nothing comes until it is started again.
    pub fn reset(&mut self) {
        self.0 = None;
    }

    /// The next id; `None` at the end, or when it is not started.
    pub fn next_id(&mut self) -> Option<(Place, ObjectId)> {
        let started = self.0.as_mut()?;
        let (id, next) = started.ids.at(started.at)?;
        started.at = next;
        Some((started.place, id))
    }
}
