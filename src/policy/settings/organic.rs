//! `[ec.organic]`: what a page request may spend on identity.

use crate::policy::setting::settings;
use crate::policy::types::Millis;

settings! {
    /// What a page request may spend on identity.
    Organic in "organic." {
        /// What a page request may spend on identity before it goes on without.
        budget: Millis = Millis::new(100);
    }
}
