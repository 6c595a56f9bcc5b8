//! The operations that the edges run.

use edge_cookie::clock::Timestamp;
use edge_cookie::engine::{Operation, PartnerSync};
use edge_cookie::record::{ConsentStrings, KvGeo, KvSignal};

pub const MILLIS: u64 = 1_000;

/// An operation with its arguments.
#[derive(Debug, Clone)]
pub enum Action {
    Get,
    GetMetadata,
    Create(usize),
    Consent(usize),
    Touch(Timestamp),
    Sync(PartnerSync),
    Batch(Box<[PartnerSync]>),
    Withdraw,
    Erase,
}

/// The consents and places of users.
pub struct Inputs {
    pub consents: [ConsentStrings; 3],
    pub geos: [KvGeo; 3],
}

impl Inputs {
    pub fn new() -> Self {
        let tcf = |text: &str| ConsentStrings {
            tcf: Some(text.into()),
            ..ConsentStrings::default()
        };
        Self {
            consents: [
                ConsentStrings::default(),
                tcf("CPxyz"),
                ConsentStrings {
                    us_privacy: Some("1YNN".into()),
                    gpc: true,
                    rule: Some("grant.tcf_purpose_1".into()),
                    more: vec![KvSignal::new("tcf", "CPabc")],
                    ..tcf(&"C".repeat(160))
                },
            ],
            geos: [
                KvGeo::default(),
                KvGeo::known("DE", None).unwrap(),
                KvGeo::known("US", Some("CA")).unwrap(),
            ],
        }
    }
}

impl Action {
    pub fn operation<'s>(&'s self, inputs: &'s Inputs) -> Operation<'s> {
        let consented = |which: usize| (&inputs.consents[which], &inputs.geos[which]);
        match self {
            Self::Get => Operation::Get,
            Self::GetMetadata => Operation::GetMetadata,
            Self::Create(which) => {
                let (consent, geo) = consented(*which);
                Operation::Create { consent, geo }
            }
            Self::Consent(which) => {
                let (consent, geo) = consented(*which);
                Operation::CreateOrRevive { consent, geo }
            }
            Self::Touch(timestamp) => Operation::UpdateLastSeen {
                timestamp: *timestamp,
            },
            Self::Sync(sync) => Operation::UpsertPartnerId(sync),
            Self::Batch(syncs) => Operation::UpsertPartnerIds(syncs),
            Self::Withdraw => Operation::WriteWithdrawalTombstone,
            Self::Erase => Operation::Delete,
        }
    }

    /// The uids that it sends.
    pub fn syncs(&self) -> &[PartnerSync] {
        match self {
            Self::Sync(sync) => std::slice::from_ref(sync),
            Self::Batch(syncs) => syncs,
            _ => &[],
        }
    }
}
