//! `[ec.log]`: how much of a user a log line may show.

use crate::policy::setting::settings;

settings! {
    /// How much of a user a log line may show.
    Log in "log." {
        /// Characters of an EC id that a log line may show.
        ///
        /// The whole id has 71; half of it would still name one user.
        id_chars: u32 = 8, from 0, to 32;
    }
}
