//! x
mod id;
pub use id::{EcId, EcIdError, PartnerId, PartnerIdError};
