//! Horizontal bar charts: the name above each bar, the value at its end.

use maud::Markup;
use plotters::element::{Rectangle, Text};
use plotters::style::Color;
use plotters::style::text_anchor::{HPos, VPos};

use super::palette::INK;
use super::{Canvas, ChartError, POLICIES, WIDTH, draw, text_style};

const NAME: i32 = 180;
const THICK: i32 = 120;
const BETWEEN: i32 = 30;
const AFTER: i32 = 90;
/// The length of the longest bar, with room for its value after it.
const LONGEST: f64 = 2_700.0;
const GAP: i32 = 60;

/// The bars with one name, one for each policy.
pub(in crate::report) struct Bar {
    pub(in crate::report) name: String,
    pub(in crate::report) values: Vec<f64>,
}

/// Draws bars, in the order given. `alt_text` is for screen readers.
pub(in crate::report) fn bars(
    alt_text: &str,
    bars: &[Bar],
    show: impl Fn(f64) -> String,
) -> Markup {
    let most = bars
        .iter()
        .flat_map(|bar| &bar.values)
        .fold(f64::MIN_POSITIVE, |most, value| most.max(*value));
    let height: i32 = bars.iter().map(height).sum();
    draw(u32::try_from(height).unwrap_or(WIDTH), alt_text, |canvas| {
        let mut down = 0;
        for bar in bars {
            group(canvas, bar, down, most, &show)?;
            down += self::height(bar);
        }
        Ok(())
    })
}

fn height(bar: &Bar) -> i32 {
    let bars = i32::try_from(bar.values.len()).unwrap_or(0);
    NAME + bars * (THICK + BETWEEN) + AFTER
}

fn group<'c>(
    canvas: &Canvas<'c>,
    bar: &Bar,
    down: i32,
    most: f64,
    show: &impl Fn(f64) -> String,
) -> Result<(), ChartError<'c>> {
    let name = text_style(&INK, HPos::Left, VPos::Top);
    canvas.draw(&Text::new(bar.name.clone(), (0, down + BETWEEN), name))?;
    let mut top = down + NAME;
    for (value, colour) in bar.values.iter().zip(POLICIES) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a length within the drawing"
        )]
        let length = (value / most * LONGEST) as i32;
        // A value above zero is always visible.
        let length = length.max(i32::from(*value > 0.0) * BETWEEN);
        let corners = [(0, top), (length, top + THICK)];
        canvas.draw(&Rectangle::new(corners, colour.drawn().filled()))?;
        canvas.draw(&Text::new(
            show(*value),
            (length + GAP, top + THICK / 2),
            text_style(&INK, HPos::Left, VPos::Center),
        ))?;
        top += THICK + BETWEEN;
    }
    Ok(())
}
