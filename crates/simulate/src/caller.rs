//! Who calls in a simulation.

/// The caller of an operation: the id, the time and the edge.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller {
    /// The visitor.
    pub(crate) visitor: u64,
    /// The index of the id among the visitor's ids.
    pub(crate) number: u64,
    pub(crate) at: u64,
    pub(crate) edge: u64,
}
