//! Consent strings written by their specifications, a field at a time.

pub use super::tcf::{Bits, Tcf, disclosed_vendors};

impl Bits {
    /// Fields of two bits each.
    pub fn fields(self, values: impl IntoIterator<Item = u64>) -> Self {
        let put = |bits: Self, value| bits.put(value, 2);
        values.into_iter().fold(self, put)
    }

    /// A number in Fibonacci coding (GPP, Fibonacci coding).
    pub fn fibonacci(mut self, number: u64) -> Self {
        let mut steps = vec![1, 2];
        while steps[steps.len() - 1] <= number {
            steps.push(steps[steps.len() - 1] + steps[steps.len() - 2]);
        }
        let greatest = steps.iter().rposition(|step| *step <= number).unwrap();
        let mut left = number;
        let mut code: Vec<bool> = (steps[..=greatest].iter().rev())
            .map(|step| {
                let taken = *step <= left;
                left -= if taken { *step } else { 0 };
                taken
            })
            .collect();
        code.reverse();
        self.0.extend(code);
        self.0.push(true);
        self
    }
}

/// A GPP string of these sections, in the order of their numbers.
pub fn gpp<S: AsRef<str>>(sections: &[(u64, S)]) -> String {
    let header = Bits::default()
        .put(3, 6)
        .put(1, 6)
        .put(sections.len() as u64, 12);
    let mut before = 0;
    let header = sections.iter().fold(header, |header, (id, _)| {
        let header = header.put(0, 1).fibonacci(id - before);
        before = *id;
        header
    });
    let sections = sections.iter().map(|(_, section)| section.as_ref());
    let header = header.base64();
    let parts: Vec<&str> = std::iter::once(header.as_str()).chain(sections).collect();
    parts.join("~")
}

/// A TCF string of policy version 5 that discloses no vendor, with these purposes.
pub fn tcf(purposes: &[u32], unix: u64) -> String {
    let flags = purposes.iter().map(|purpose| 1 << (24 - purpose)).sum();
    let core = Bits::default()
        .put(2, 6) // version
        .put(unix * 10, 36) // created
        .put(unix * 10, 36) // last updated
        .put(31, 12) // CMP
        .put(7, 12)
        .put(1, 6) // screen
        .put(3, 6) // language, DE
        .put(4, 6)
        .put(48, 12) // vendor list
        .put(5, 6) // policy version
        .put(1, 1) // specific to the service
        .put(0, 1)
        .put(0b1000_0000_0000, 12) // special feature 1
        .put(flags, 24)
        .put(0b10 << 20, 24) // legitimate interest, purpose 3
        .put(0, 1)
        .put(0, 6) // publisher's country, AT
        .put(19, 6)
        .put(5, 16) // vendors 1, 2 and 5, in a field
        .put(0, 1)
        .put(0b11001, 5)
        .put(900, 16) // legitimate interest: vendors 10 to 20 and 900, in ranges
        .put(1, 1)
        .put(2, 12)
        .put(1, 1)
        .put(10, 16)
        .put(20, 16)
        .put(0, 1)
        .put(900, 16)
        .put(1, 12) // a restriction of purpose 2
        .put(2, 6)
        .put(1, 2)
        .put(1, 12)
        .put(0, 1)
        .put(10, 16)
        .base64();
    let disclosed = Bits::default().put(1, 3).put(3, 16).put(0, 1).put(0b101, 3);
    let publisher = Bits::default()
        .put(3, 3)
        .put(1 << 23, 24)
        .put(0, 24)
        .put(2, 6) // two purposes of its own
        .put(0b01, 2)
        .put(0b10, 2);
    format!("{core}.{}.{}", disclosed.base64(), publisher.base64())
}
