// SPDX-License-Identifier: BSD-2-Clause
//! Sorting and searching arrays of anything.

use crate::c_functions;
use core::cmp::Ordering;
use core::ffi::{c_int, c_void};
use core::ptr;

type Compare = unsafe extern "C" fn(*const c_void, *const c_void) -> c_int;

/// An array of elements of which only the size is known.
struct Array {
    base: *mut u8,
    size: usize,
    compare: Compare,
}

impl Array {
    fn at(&self, index: usize) -> *mut u8 {
        self.base.wrapping_add(index * self.size)
    }

    fn less(&self, first: usize, second: usize) -> bool {
        // SAFETY: two elements of the caller's array, and its function for them.
        unsafe { (self.compare)(self.at(first).cast(), self.at(second).cast()) < 0 }
    }

    fn swap(&self, first: usize, second: usize) {
        // SAFETY: two different elements of the caller's array.
        unsafe { ptr::swap_nonoverlapping(self.at(first), self.at(second), self.size) };
    }

    /// Moves element `root` down until the heap of the first `end` elements is in order.
    fn sift(&self, mut root: usize, end: usize) {
        loop {
            let (left, right) = (2 * root + 1, 2 * root + 2);
            if left >= end {
                return;
            }
            let child = if right < end && self.less(left, right) { right } else { left };
            if !self.less(root, child) {
                return;
            }
            self.swap(root, child);
            root = child;
        }
    }
}

c_functions! {
    /// qsort: a heap sort, so that no order of the elements makes it slow and it needs no stack.
    fn qsort(base: *mut c_void, count: usize, size: usize, compare: Compare) {
        let array = Array { base: base.cast(), size, compare };
        for root in (0..count / 2).rev() {
            array.sift(root, count);
        }
        for end in (1..count).rev() {
            array.swap(0, end);
            array.sift(0, end);
        }
    }

    /// bsearch.
    fn bsearch(key: *const c_void, base: *const c_void, count: usize, size: usize, compare: Compare) -> *mut c_void {
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = low + (high - low) / 2;
            let element = base.cast::<u8>().wrapping_add(middle * size).cast::<c_void>();
            // SAFETY: an element of the caller's array, and its function for it.
            match unsafe { compare(key, element) }.cmp(&0) {
                Ordering::Less => high = middle,
                Ordering::Greater => low = middle + 1,
                Ordering::Equal => return element.cast_mut(),
            }
        }
        ptr::null_mut()
    }
}
