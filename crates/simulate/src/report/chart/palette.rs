//! The colours of the charts, for light and dark pages.
//!
//! A drawing has the light colours. The page's style sheet matches them by their values and replaces them with variables,
//! which follow the reader's colour scheme.

use std::fmt::Write;

use plotters::style::RGBColor;

/// A colour of the charts.
pub(in crate::report) struct Colour {
    /// The name of its variable on the page.
    name: &'static str,
    light: RGBColor,
    dark: RGBColor,
    /// More CSS for lines of this colour.
    line: &'static str,
}

impl Colour {
    /// The colour in the drawing.
    pub(super) const fn drawn(&self) -> RGBColor {
        self.light
    }
}

/// Labels and the values at bars.
pub(super) const INK: Colour = Colour {
    name: "ink",
    light: RGBColor(0x1B, 0x1F, 0x24),
    dark: RGBColor(0xE8, 0xEA, 0xED),
    line: "",
};
/// Numbers at axes.
pub(super) const FAINT: Colour = Colour {
    name: "faint",
    light: RGBColor(0x57, 0x60, 0x6A),
    dark: RGBColor(0xA3, 0xAB, 0xB5),
    line: "",
};
/// Lines behind the drawing.
pub(super) const GRID: Colour = Colour {
    name: "grid",
    light: RGBColor(0xDF, 0xE2, 0xE6),
    dark: RGBColor(0x33, 0x39, 0x41),
    line: "",
};
/// The first policy: dark on light, light on dark.
pub(super) const FIRST: Colour = Colour {
    name: "first",
    light: RGBColor(0x17, 0x45, 0x8F),
    dark: RGBColor(0xA9, 0xCC, 0xFF),
    line: "",
};
/// The second policy: between the first and the background in lightness, and dashed.
pub(super) const SECOND: Colour = Colour {
    name: "second",
    light: RGBColor(0xC7, 0x6E, 0x14),
    dark: RGBColor(0xC4, 0x70, 0x1C),
    line: "stroke-dasharray:70 35",
};
/// The current value.
pub(super) const MARK: Colour = Colour {
    name: "mark",
    light: RGBColor(0x5B, 0x21, 0x7A),
    dark: RGBColor(0xD9, 0xB3, 0xF0),
    line: "stroke-dasharray:20 25",
};
/// The background of the page; not used in drawings.
const BACKGROUND: Colour = Colour {
    name: "ground",
    light: RGBColor(0xFF, 0xFF, 0xFF),
    dark: RGBColor(0x15, 0x18, 0x1C),
    line: "",
};

const ALL: [&Colour; 7] = [&INK, &FAINT, &GRID, &FIRST, &SECOND, &MARK, &BACKGROUND];

/// The part of the style sheet with the colours.
pub(in crate::report) fn css() -> String {
    let variables = |of: fn(&Colour) -> RGBColor| {
        ALL.iter().fold(String::new(), |mut css, colour| {
            let RGBColor(red, green, blue) = of(colour);
            let written = write!(css, "--{}:#{red:02X}{green:02X}{blue:02X};", colour.name);
            debug_assert!(written.is_ok(), "a string takes everything");
            css
        })
    };
    let (light, dark) = (
        variables(|colour| colour.light),
        variables(|colour| colour.dark),
    );
    let mut css = format!(
        ":root{{{light}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"
    );
    for colour in ALL {
        let RGBColor(red, green, blue) = colour.light;
        let written = writeln!(
            css,
            "svg [fill=\"#{red:02X}{green:02X}{blue:02X}\"]{{fill:var(--{name})}}\
             svg [stroke=\"#{red:02X}{green:02X}{blue:02X}\"]{{stroke:var(--{name});{line}}}",
            name = colour.name,
            line = colour.line,
        );
        debug_assert!(written.is_ok(), "a string takes everything");
    }
    css
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The contrast of two colours (WCAG 2.2): from 1, of the same, to 21.
    fn contrast(one: RGBColor, other: RGBColor) -> f64 {
        let luminance = |RGBColor(red, green, blue): RGBColor| {
            let linear = |channel: u8| {
                let channel = f64::from(channel) / 255.0;
                if channel <= 0.04045 {
                    channel / 12.92
                } else {
                    ((channel + 0.055) / 1.055).powf(2.4)
                }
            };
            0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
        };
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn contrasts_are_sufficient_and_the_policies_differ_in_lightness() {
        for (shade, of) in [
            ("light", (|colour| colour.light) as fn(&Colour) -> RGBColor),
            ("dark", |colour| colour.dark),
        ] {
            for text in [&INK, &FAINT] {
                let contrast = contrast(of(text), of(&BACKGROUND));
                assert!(contrast >= 4.5, "{} {shade}: {contrast}", text.name);
            }
            for drawn in [&FIRST, &SECOND, &MARK] {
                let contrast = contrast(of(drawn), of(&BACKGROUND));
                assert!(contrast >= 3.0, "{} {shade}: {contrast}", drawn.name);
            }
            let apart = contrast(of(&FIRST), of(&SECOND));
            assert!(apart >= 2.0, "{shade}: {apart}");
        }
    }

    #[test]
    fn no_two_colours_are_equal() {
        for (index, colour) in ALL.iter().enumerate() {
            assert!(ALL[..index].iter().all(|other| other.light != colour.light));
        }
    }
}
