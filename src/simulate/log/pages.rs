//! A visitor's page views, packed.

/// The times of page views, each as its distance from the one before, seven bits a byte.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pages {
    packed: Vec<u8>,
    last: u64,
}

/// Page views as a log has them, in any order: most come in order, and the others are kept beside them.
#[derive(Debug, Clone, Default)]
pub(super) struct Unsorted {
    in_order: Pages,
    late: Vec<u64>,
    first: Option<u64>,
}

impl Unsorted {
    pub(super) fn push(&mut self, at: u64) {
        self.first = Some(self.first.map_or(at, |first| first.min(at)));
        if at < self.in_order.last {
            self.late.push(at);
        } else {
            self.in_order.push(at);
        }
    }

    /// The first page view's time.
    pub(super) const fn first(&self) -> Option<u64> {
        self.first
    }

    /// The page views in order, counted from `start`.
    pub(super) fn sorted(mut self, start: u64) -> Pages {
        let mut times: Vec<u64> = self.in_order.iter().collect();
        times.append(&mut self.late);
        times.sort_unstable();
        let mut pages = Pages::default();
        for at in times {
            pages.push(at.saturating_sub(start));
        }
        pages
    }
}

const BITS: u32 = 7;
const MORE: u8 = 0x80;

impl Pages {
    /// Adds a page view that comes no earlier than the one before.
    fn push(&mut self, at: u64) {
        let mut left = at.saturating_sub(self.last);
        self.last = self.last.max(at);
        loop {
            let low = u8::try_from(left & u64::from(!MORE)).unwrap_or_default();
            left >>= BITS;
            if left == 0 {
                self.packed.push(low);
                return;
            }
            self.packed.push(low | MORE);
        }
    }

    /// The times, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u64> {
        let mut bytes = self.packed.iter();
        let mut at = 0;
        std::iter::from_fn(move || {
            let (mut distance, mut shift) = (0, 0);
            loop {
                let byte = *bytes.next()?;
                distance |= u64::from(byte & !MORE) << shift;
                shift += BITS;
                if byte & MORE == 0 {
                    at += distance;
                    return Some(at);
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_come_back_in_order() {
        let mut pages = Unsorted::default();
        for at in [10, 15, 137, 138, 110, 86_400_000 * 400, 12] {
            pages.push(at);
        }
        assert_eq!(pages.first(), Some(10));
        let times: Vec<u64> = pages.sorted(10).iter().collect();
        assert_eq!(times, [0, 2, 5, 100, 127, 128, 86_400_000 * 400 - 10]);
    }
}
