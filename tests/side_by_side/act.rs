//! What either of them does to the record.

/// One thing that happens.
#[derive(Debug, Clone)]
pub enum Act {
    /// Time passes, in seconds.
    Pass(u64),
    Ours(Ours),
    Theirs(Theirs),
}

/// What ours does; `ago` is how long before now the sender's own time is, in seconds.
#[derive(Debug, Clone)]
pub enum Ours {
    Create,
    CreateOrRevive,
    CreateForNewId,
    Sync {
        partner: usize,
        uid: u8,
        ago: u64,
    },
    /// The first partners, all in one batch.
    SyncMany {
        partners: usize,
        uid: u8,
    },
    Touch {
        ago: u64,
    },
    Withdraw,
    Deliver {
        ago: u64,
    },
    Delete,
    Get,
}

/// What theirs does.
#[derive(Debug, Clone)]
pub enum Theirs {
    /// A new user, whose record is one of the samples.
    Consent(usize),
    Put {
        partners: usize,
        uid: u8,
    },
    CountCluster,
    Withdraw,
    Delete,
    /// A record that a version before or after today's left there, if there is none.
    OtherVersion {
        newer: bool,
    },
}

const PARTNERS: [&str; 3] = ["one.example", "three.example", "two.example"];

pub fn partner(number: usize) -> &'static str {
    PARTNERS[number % PARTNERS.len()]
}

impl Ours {
    /// Whose uids come.
    pub fn partners(&self) -> Vec<String> {
        match self {
            Self::Sync { partner: of, .. } => vec![partner(*of).to_owned()],
            Self::SyncMany { partners, .. } => first(*partners),
            _ => Vec::new(),
        }
    }
}

/// The first partners.
pub fn first(count: usize) -> Vec<String> {
    (0..count)
        .map(|number| partner(number).to_owned())
        .collect()
}

impl Act {
    /// Whether the user consents.
    pub const fn is_consent(&self) -> bool {
        matches!(
            self,
            Self::Ours(Ours::Create | Ours::CreateOrRevive | Ours::CreateForNewId)
                | Self::Theirs(Theirs::Consent(_) | Theirs::OtherVersion { .. })
        )
    }
}
