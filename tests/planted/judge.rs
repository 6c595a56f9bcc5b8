//! Says which promises the engine that it is built with breaks under a policy that should keep them all.

use std::sync::Arc;

use edge_cookie::policy::EcPolicy;
use edge_cookie::policy::settings::{DeleteMode, OnMissingSync, Renewal};
use edge_cookie::policy::types::Seconds;
use edge_cookie::verify::{Scope, verify};

fn main() {
    let mut patient = EcPolicy::default();
    patient.delete.mode = DeleteMode::Tombstone;
    patient.entry.renewal = Renewal::OnVisit;
    patient.sync.on_missing = OnMissingSync::Reject;
    patient.sync.max_age = Some(Seconds::new(86_400));
    // Two faults are more than it tries again.
    let mut impatient = patient.clone();
    impatient.cas.max_retries = 0;
    let scope = Scope {
        actors: 2,
        partners: 2,
        operations: 2,
        faults: 2,
        moves: 2,
    };
    for policy in [patient, impatient] {
        for violation in verify(&[Arc::new(policy)], scope, &|_| {}).violations {
            println!("{}", violation.promise);
        }
    }
}
