//! Charts as inline SVG: small enough for a phone to show them at full size.
//!
//! Coordinates are tenths of a unit, because the backend rounds to whole numbers.

mod bars;
mod lines;
pub(super) mod palette;

use plotters::prelude::{DrawingArea, IntoDrawingArea, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{IntoFont, TextStyle};

pub(super) use bars::{Bar, bars};
pub(super) use lines::{Axis, LineChart, Tick};

use self::palette::{Colour, FIRST, SECOND};
use maud::{Markup, PreEscaped, html};

/// The width of every chart, in tenths.
const WIDTH: u32 = 3_600;
/// The font size, in tenths. The backend divides it by a factor of its own.
const LETTERS: f64 = 115.0 * 1.24;

type Canvas<'c> = DrawingArea<SVGBackend<'c>, plotters::coord::Shift>;
type ChartError<'c> = plotters::drawing::DrawingAreaErrorKind<
    <SVGBackend<'c> as plotters::backend::DrawingBackend>::ErrorType,
>;

/// The colours of the policies, in their order.
const POLICIES: [&Colour; 2] = [&FIRST, &SECOND];

/// Draws on a canvas of this height, in tenths. `alt_text` is for screen readers.
fn draw(
    height: u32,
    alt_text: &str,
    on: impl for<'c> FnOnce(&Canvas<'c>) -> Result<(), ChartError<'c>>,
) -> Markup {
    let mut svg = String::new();
    let drawn = {
        let canvas = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        on(&canvas).and_then(|()| canvas.present())
    };
    debug_assert!(drawn.is_ok(), "a string takes everything");
    // The page sets the size, and so writes the outermost element itself.
    let inside = svg.split_once('>').map_or("", |(_, inside)| inside);
    let inside = inside.trim_end().trim_end_matches("</svg>");
    html! {
        svg role="img" aria-label=(alt_text) viewBox={ "0 0 " (WIDTH) " " (height) } {
            (PreEscaped(inside))
        }
    }
}

/// The text style with this anchor.
fn text_style(colour: &Colour, across: HPos, down: VPos) -> TextStyle<'static> {
    ("sans-serif", LETTERS)
        .into_font()
        .color(&colour.drawn())
        .pos(Pos::new(across, down))
}

/// The legend of the policies; empty for a single policy.
pub(super) fn legend(names: &[&str]) -> Markup {
    html! {
        @if names.len() >= POLICIES.len() {
            p class="legend" {
                @for (colour, name) in ["first", "second"].iter().zip(names) {
                    span { i class=(colour) {} (name) }
                    " "
                }
            }
        }
    }
}
