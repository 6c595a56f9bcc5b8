//! A visitor's page views, packed.

/// The times of page views, each as its distance from the one before, seven bits a byte.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pages {
    packed: Vec<u8>,
    last: u64,
}

const BITS: u32 = 7;
const MORE: u8 = 0x80;

impl Pages {
    /// Adds a page view; one that comes late counts as at the time of the one before.
    pub(crate) fn push(&mut self, at: u64) {
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
        let mut pages = Pages::default();
        for at in [0, 5, 127, 128, 100, 86_400_000 * 400] {
            pages.push(at);
        }
        let times: Vec<u64> = pages.iter().collect();
        assert_eq!(times, [0, 5, 127, 128, 128, 86_400_000 * 400]);
    }
}
