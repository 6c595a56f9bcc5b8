//! A page visit: what it does to the identity of the user behind it, decided without any I/O.
//!
//! A [`Visit`] asks for one [`VisitStep`] after the other and takes the result of each, until it ends in a
//! [`VisitEnd`]; [`NewId`] does the same for a new visitor. The service, the simulator and the examples of `ec plan`
//! drive these same steps, each on its own store.
//!
//! ```
//! use edge_cookie::engine::Outcome;
//! use edge_cookie_service::visit::{Visit, VisitEnd, VisitStep};
//!
//! // The browser sent one id, and its record has expired.
//! let mut visit = Visit::new(&["id"]);
//! assert_eq!(visit.step(), VisitStep::UpdateLastSeen(&"id"));
//! visit.resume(Ok(Outcome::NotFound));
//! assert_eq!(visit.step(), VisitStep::End(VisitEnd::NewVisitor));
//! ```

use edge_cookie::engine::{OperationError, Outcome};
use edge_cookie::policy::settings::{Cookie, CookieRenewal, OnFailedWithdrawal};

/// How many ids are generated for a new visitor where each one belongs to another user. There are 62⁶ for one address:
/// more than one or two in a row are never taken.
const MOST_NEW_IDS: u32 = 8;

/// The visit of a user who consents, and whose browser sent some ids.
#[derive(Debug, Clone)]
pub struct Visit<'i, I> {
    /// The ids after the one that the step is about.
    rest: &'i [I],
    withdrawn: Option<&'i I>,
    unreadable: bool,
    step: VisitStep<'i, I>,
}

/// What a visit does next.
#[derive(Debug, PartialEq, Eq)]
pub enum VisitStep<'i, I> {
    /// Run `update_last_seen` on this id.
    UpdateLastSeen(&'i I),
    /// Run `create_or_revive` on this id: the user withdrew, and consents again.
    Revive(&'i I),
    /// Nothing: the visit has ended.
    End(VisitEnd<'i, I>),
}

/// How a visit ends.
#[derive(Debug, PartialEq, Eq)]
pub enum VisitEnd<'i, I> {
    /// The user keeps this id.
    Known {
        /// The id.
        id: &'i I,
        /// Whether `last_seen` was written.
        touched: bool,
    },
    /// None of the ids has a live record, so that the user is a new visitor.
    NewVisitor,
    /// The store failed, or the consent is not newer than the withdrawal: the browser keeps what it has.
    Unchanged,
}

impl<I> Clone for VisitStep<'_, I> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<I> Copy for VisitStep<'_, I> {}

impl<I> Clone for VisitEnd<'_, I> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<I> Copy for VisitEnd<'_, I> {}

impl<'i, I> Visit<'i, I> {
    /// A visit with the ids that the browser sent, in their order.
    #[must_use]
    pub const fn new(ids: &'i [I]) -> Self {
        let (step, rest) = match ids.split_first() {
            Some((first, rest)) => (VisitStep::UpdateLastSeen(first), rest),
            None => (VisitStep::End(VisitEnd::NewVisitor), ids),
        };
        Self {
            rest,
            withdrawn: None,
            unreadable: false,
            step,
        }
    }

    /// What to do next.
    #[must_use]
    pub const fn step(&self) -> VisitStep<'i, I> {
        self.step
    }

    /// Takes the result of the step.
    pub fn resume(&mut self, result: Result<Outcome, &OperationError>) {
        self.step = match self.step {
            VisitStep::UpdateLastSeen(id) => self.seen(id, result),
            VisitStep::Revive(id) => VisitStep::End(match result {
                Err(_) | Ok(Outcome::ConsentWithdrawn) => VisitEnd::Unchanged,
                Ok(_) => VisitEnd::Known { id, touched: false },
            }),
            end @ VisitStep::End(_) => end,
        };
    }

    /// Of several ids, the first that has a live record is kept.
    fn seen(&mut self, id: &'i I, result: Result<Outcome, &OperationError>) -> VisitStep<'i, I> {
        match result {
            // Anyone can forge an id: one that was never issued is not adopted.
            Ok(Outcome::NotFound) => {}
            Ok(Outcome::ConsentWithdrawn) => self.withdrawn = self.withdrawn.or(Some(id)),
            Ok(outcome) => {
                let touched = outcome == Outcome::Touched;
                return VisitStep::End(VisitEnd::Known { id, touched });
            }
            Err(OperationError::Unreadable(_)) => self.unreadable = true,
            Err(_) => return VisitStep::End(VisitEnd::Unchanged),
        }
        if let Some((next, rest)) = self.rest.split_first() {
            self.rest = rest;
            return VisitStep::UpdateLastSeen(next);
        }
        match self.withdrawn {
            Some(withdrawn) => VisitStep::Revive(withdrawn),
            // A record that cannot be read may be theirs: it is not replaced.
            None if self.unreadable => VisitStep::End(VisitEnd::Unchanged),
            None => VisitStep::End(VisitEnd::NewVisitor),
        }
    }
}

/// What becomes of the browser's cookies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CookieChange {
    /// Expire the cookie in every scope that it may have been set for.
    pub expire: bool,
    /// Then set it to the id that the user keeps.
    pub set: bool,
}

impl CookieChange {
    /// For a user who keeps their id; `several` where the browser sent more than one cookie of the name.
    #[must_use]
    pub fn of_known(rules: &Cookie, touched: bool, several: bool) -> Self {
        Self {
            expire: several,
            set: several || (touched && rules.renewal == CookieRenewal::OnTouch),
        }
    }
}

/// A new visitor's id, from the first attempt on.
#[derive(Debug, Clone)]
pub struct NewId {
    attempts_left: u32,
    step: NewIdStep,
}

/// What giving a new id does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewIdStep {
    /// Generate an id and create its entry, where it has no record.
    Create,
    /// The last id is the visitor's: set the cookie.
    Given,
    /// There is no entry, and so no cookie.
    NotGiven,
}

impl Default for NewId {
    fn default() -> Self {
        Self {
            attempts_left: MOST_NEW_IDS,
            step: NewIdStep::Create,
        }
    }
}

impl NewId {
    /// What to do next.
    #[must_use]
    pub const fn step(&self) -> NewIdStep {
        self.step
    }

    /// Takes the result of creating the entry.
    pub fn resume(&mut self, result: Result<Outcome, &OperationError>) {
        self.attempts_left = self.attempts_left.saturating_sub(1);
        self.step = match result {
            Ok(Outcome::Created) => NewIdStep::Given,
            // Another user of this address has it, or had it and withdrew.
            Ok(Outcome::AlreadyExists) if self.attempts_left > 0 => NewIdStep::Create,
            _ => NewIdStep::NotGiven,
        };
    }
}

/// What became of a withdrawal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithdrawalDelivery {
    /// The store has the tombstone.
    Written,
    /// It is kept in an outbox until the store accepts it.
    Queued,
    /// Neither, or not in time.
    NotKept,
}

impl WithdrawalDelivery {
    /// Whether the browser's cookie expires. One that stays makes the browser withdraw again with its next request.
    #[must_use]
    pub const fn expires_cookie(self, rule: OnFailedWithdrawal) -> bool {
        match rule {
            OnFailedWithdrawal::Expire => true,
            OnFailedWithdrawal::Auto => !matches!(self, Self::NotKept),
            OnFailedWithdrawal::Keep => matches!(self, Self::Written),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAILED: OperationError = OperationError::RateLimited;

    const IDS: [char; 3] = ['a', 'b', 'c'];

    /// The steps that a visit with so many ids asks for, given the result of each.
    fn steps(
        ids: usize,
        results: &[Result<Outcome, &OperationError>],
    ) -> Vec<VisitStep<'static, char>> {
        let mut visit = Visit::new(&IDS[..ids]);
        let mut steps = vec![visit.step()];
        for result in results {
            visit.resume(*result);
            steps.push(visit.step());
        }
        steps
    }

    #[test]
    fn the_first_live_id_is_kept_and_the_rest_are_not_looked_at() {
        use VisitStep::{End, UpdateLastSeen};
        let known = |id, touched| End(VisitEnd::Known { id, touched });
        let (gone, touched) = (Ok(Outcome::NotFound), Ok(Outcome::Touched));
        assert_eq!(steps(0, &[]), [End(VisitEnd::NewVisitor)]);
        assert_eq!(
            steps(3, &[gone, touched]),
            [
                UpdateLastSeen(&'a'),
                UpdateLastSeen(&'b'),
                known(&'b', true)
            ]
        );
        assert_eq!(
            steps(1, &[Ok(Outcome::Debounced)]),
            [UpdateLastSeen(&'a'), known(&'a', false)]
        );
        assert_eq!(
            steps(2, &[Err(&FAILED)]),
            [UpdateLastSeen(&'a'), End(VisitEnd::Unchanged)]
        );
    }

    #[test]
    fn a_withdrawn_id_is_revived_only_where_no_other_is_live() {
        use VisitStep::{End, Revive, UpdateLastSeen};
        let (gone, withdrawn) = (Ok(Outcome::NotFound), Ok(Outcome::ConsentWithdrawn));
        let revived = End(VisitEnd::Known {
            id: &'a',
            touched: false,
        });
        let both = [UpdateLastSeen(&'a'), UpdateLastSeen(&'b')];
        for (second, revival, end) in [
            (gone, Ok(Outcome::Revived), revived),
            (withdrawn, Ok(Outcome::Revived), revived),
            (gone, withdrawn, End(VisitEnd::Unchanged)),
            (gone, Err(&FAILED), End(VisitEnd::Unchanged)),
        ] {
            let expected = [&both[..], &[Revive(&'a'), end]].concat();
            assert_eq!(steps(2, &[withdrawn, second, revival]), expected);
        }
    }

    #[test]
    fn a_new_id_is_tried_again_where_it_is_taken_up_to_a_bound() {
        let mut taken = NewId::default();
        let mut attempts = 0;
        while taken.step() == NewIdStep::Create {
            attempts += 1;
            taken.resume(Ok(Outcome::AlreadyExists));
        }
        assert_eq!(
            (attempts, taken.step()),
            (MOST_NEW_IDS, NewIdStep::NotGiven)
        );
        let mut given = NewId::default();
        given.resume(Ok(Outcome::AlreadyExists));
        given.resume(Ok(Outcome::Created));
        assert_eq!(given.step(), NewIdStep::Given);
    }
}
