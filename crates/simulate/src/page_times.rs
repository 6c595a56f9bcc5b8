//! The page views of a visitor, packed.

/// The times of page views, each as the difference from the previous one, with seven bits per byte.
#[derive(Debug, Clone, Default)]
pub(crate) struct PageTimes {
    packed: Vec<u8>,
    last: i64,
}

const BITS: u32 = 7;
const MORE: u8 = 0x80;

impl PageTimes {
    /// Adds a page view, which may be earlier than those before it.
    pub(crate) fn push(&mut self, at: i64) {
        let distance = at.wrapping_sub(self.last);
        self.last = at;
        // Zigzag encoding: small differences of either sign are small numbers.
        let mut left = ((distance << 1) ^ (distance >> (i64::BITS - 1))).cast_unsigned();
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

    /// The first page view.
    pub(crate) fn first(&self) -> Option<i64> {
        self.times().min()
    }

    /// The page views in the order of their times, counted from `start`.
    pub(crate) fn in_order(self, start: i64) -> Self {
        if start == 0 && self.times().is_sorted() {
            return self;
        }
        let mut times: Vec<i64> = self.times().map(|at| at - start).collect();
        times.sort_unstable();
        let mut ordered = Self::default();
        for at in times {
            ordered.push(at);
        }
        ordered.packed.shrink_to_fit();
        ordered
    }

    /// The times, in the order of the page views.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u64> {
        self.times().map(|at| u64::try_from(at).unwrap_or_default())
    }

    fn times(&self) -> impl Iterator<Item = i64> {
        let mut bytes = self.packed.iter();
        let mut at: i64 = 0;
        std::iter::from_fn(move || {
            let (mut distance, mut shift) = (0_u64, 0);
            loop {
                let byte = *bytes.next()?;
                distance |= u64::from(byte & !MORE) << shift;
                shift += BITS;
                if byte & MORE == 0 {
                    let sign = -(distance & 1).cast_signed();
                    at = at.wrapping_add((distance >> 1).cast_signed() ^ sign);
                    return Some(at);
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_come_back_in_order() {
        let mut pages = PageTimes::default();
        for at in [5, 127, 128, 100, -3, 86_400_000 * 400] {
            pages.push(at);
        }
        let times: Vec<i64> = pages.times().collect();
        assert_eq!(times, [5, 127, 128, 100, -3, 86_400_000 * 400]);
        assert_eq!(pages.first(), Some(-3));
        let times: Vec<u64> = pages.in_order(-3).iter().collect();
        assert_eq!(times, [0, 8, 103, 130, 131, 86_400_000 * 400 + 3]);
    }

    proptest! {
        #[test]
        fn any_order_packs_as_the_sorted_one(mut times in proptest::collection::vec(0_i64..1 << 42, 0..50)) {
            let packed = |times: &[i64]| {
                let mut pages = PageTimes::default();
                for at in times {
                    pages.push(*at);
                }
                pages.in_order(0)
            };
            let any = packed(&times);
            times.sort_unstable();
            prop_assert_eq!(&any.packed, &packed(&times).packed);
            prop_assert_eq!(any.times().collect::<Vec<_>>(), times);
        }
    }
}
