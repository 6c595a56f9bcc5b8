//! `[ec.delete]`: what erasing a record leaves behind.

use crate::policy::setting::{choices, settings};

choices! {
    /// What erasing a record leaves behind.
    DeleteMode {
        /// Nothing.
        Hard = "hard",
        /// A tombstone, so that a sync already under way cannot write the record back.
        Tombstone = "tombstone",
    }
}

settings! {
    /// What erasing a record leaves behind.
    Delete in "delete." {
        /// `hard` removes the record; `tombstone` leaves a tombstone, so that a sync already under way
        /// cannot write it back.
        ///
        /// `tombstone` costs a read before each deletion.
        mode: DeleteMode = DeleteMode::Hard;
    }
}
