//! Wrong tokens that were sent lately, and right ones, in bounded memory.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use edge_cookie_service::partner::TokenHash;
use edge_cookie_service::{Admission, TokenSender, WRONG_TOKEN_WINDOW};

/// Senders that are counted by themselves within one window, about 2 MiB; all others count as one.
const MAX_SENDERS: usize = 16_384;

/// The wrong tokens of each sender, by a clock that no one sets.
#[derive(Debug, Default)]
pub struct WrongTokens(Mutex<Window>);

#[derive(Debug, Default)]
struct Window {
    began: Option<Instant>,
    sent: HashMap<TokenSender, u32>,
}

impl Window {
    /// This window, or the next where it is over; and how much of it is left.
    fn at(&mut self, now: Instant) -> Duration {
        let length = Duration::from_secs(WRONG_TOKEN_WINDOW.seconds());
        let began = *self.began.get_or_insert(now);
        let left = length.saturating_sub(now.saturating_duration_since(began));
        if left.is_zero() {
            self.began = Some(now);
            self.sent.clear();
            return length;
        }
        left
    }

    fn key(&self, sender: TokenSender) -> TokenSender {
        if self.sent.contains_key(&sender) || self.sent.len() < MAX_SENDERS {
            sender
        } else {
            sender.unknown()
        }
    }
}

impl WrongTokens {
    /// Whether a token of `sender` that no one knows may be looked up: it has sent fewer than `limit` wrong ones.
    pub fn may_try(&self, sender: TokenSender, limit: u32, now: Instant) -> Admission {
        // What a panic left behind is a count, whole at every step.
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let left = window.at(now);
        let key = window.key(sender);
        let sent = window.sent.get(&key);
        if sent.is_some_and(|sent| *sent >= limit) {
            return Admission::too_many(left);
        }
        Admission::Admitted
    }

    /// Counts a wrong token.
    pub fn count(&self, sender: TokenSender, now: Instant) {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        window.at(now);
        let key = window.key(sender);
        let sent = window.sent.entry(key).or_default();
        *sent = sent.saturating_add(1);
    }
}

/// Tokens that are remembered: of more partners than that some are looked up as if they were new.
const MAX_KNOWN: usize = 4_096;

/// Tokens of stored partners that were right when they came last. They are looked up each time all the same.
#[derive(Debug, Default)]
pub struct KnownTokens(Mutex<HashSet<TokenHash>>);

impl KnownTokens {
    /// Whether it was right when it came last.
    pub fn has(&self, token: &TokenHash) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.contains(token)
    }

    /// Remembers that it is right, or forgets it.
    pub fn set(&self, token: &TokenHash, right: bool) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !right {
            known.remove(token);
        } else if !known.contains(token) {
            if known.len() >= MAX_KNOWN {
                known.clear();
            }
            known.insert(token.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use edge_cookie_service::{Client, TokenRoutes};

    const LIMIT: u32 = 3;

    fn sender(address: u32) -> TokenSender {
        let client = Client {
            address: Some(std::net::Ipv4Addr::from_bits(address).into()),
            place: None,
        };
        TokenSender::of(&client, TokenRoutes::Partner)
    }

    #[test]
    fn each_sender_is_counted_until_the_window_is_over() {
        let (tokens, start) = (WrongTokens::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        for _ in 0..LIMIT {
            assert_eq!(tokens.may_try(sender(1), LIMIT, start), Admission::Admitted);
            tokens.count(sender(1), start);
        }
        let length = WRONG_TOKEN_WINDOW.seconds();
        let wait = Admission::too_many(Duration::from_secs(length - 10));
        assert_eq!(tokens.may_try(sender(1), LIMIT, at(10)), wait);
        assert_eq!(
            tokens.may_try(sender(2), LIMIT, at(10)),
            Admission::Admitted
        );
        assert_eq!(
            tokens.may_try(sender(1), LIMIT, at(length)),
            Admission::Admitted
        );
    }

    #[test]
    fn memory_is_bounded_and_no_flood_of_senders_evades_the_limit() {
        let (tokens, now) = (WrongTokens::default(), Instant::now());
        let most = u32::try_from(MAX_SENDERS).unwrap();
        for address in 0..2 * most {
            tokens.count(sender(address), now);
        }
        assert!(tokens.0.lock().unwrap().sent.len() <= MAX_SENDERS + 2);
        // One that was counted before is still counted by itself; the rest is one that is over its limit.
        assert_eq!(tokens.may_try(sender(1), LIMIT, now), Admission::Admitted);
        assert_ne!(
            tokens.may_try(sender(3 * most), LIMIT, now),
            Admission::Admitted
        );

        let known = KnownTokens::default();
        for number in 0..=MAX_KNOWN {
            known.set(&TokenHash::of(&number.to_string()), true);
        }
        let last = TokenHash::of(&MAX_KNOWN.to_string());
        assert!(known.has(&last) && known.0.lock().unwrap().len() <= MAX_KNOWN);
        known.set(&last, false);
        assert!(!known.has(&last));
    }
}
