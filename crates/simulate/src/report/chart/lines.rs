//! Line charts: values over days or over the values of a setting.

use std::ops::Range;

use maud::Markup;
use plotters::coord::types::RangedCoordf64;
use plotters::element::{Circle, PathElement, Text};
use plotters::prelude::{Cartesian2d, DrawingArea, SVGBackend};
use plotters::style::Color;
use plotters::style::text_anchor::{HPos, VPos};

use super::palette::{Colour, FAINT, GRID, MARK};
use super::{Canvas, ChartError, POLICIES, WIDTH, draw, text_style};

const HEIGHT: u32 = 2_000;
const LEFT: i32 = 620;
const RIGHT: i32 = 3_420;
const TOP: i32 = 190;
const BOTTOM: i32 = 1_730;
const GAP: i32 = 60;
/// The least distance of two labels of the lower axis, as a part of its width.
const NEAR: f64 = 0.17;
/// Up to this many points are marked with circles.
const FEW: usize = 16;

/// A labelled place on the lower axis.
pub(in crate::report) struct Tick {
    pub(in crate::report) at: f64,
    pub(in crate::report) label: String,
}

/// The lower axis.
pub(in crate::report) struct Axis {
    pub(in crate::report) from: f64,
    pub(in crate::report) to: f64,
    /// In rising order. Labels that are too close to the previous one are omitted.
    pub(in crate::report) ticks: Vec<Tick>,
    /// The current value and its label.
    pub(in crate::report) mark: Option<Tick>,
}

/// A line chart whose value axis starts at zero.
pub(in crate::report) struct LineChart<'c> {
    /// A description for screen readers.
    pub(in crate::report) alt_text: String,
    pub(in crate::report) axis: Axis,
    /// The unit of round steps: 1, or the seconds of a unit of time.
    pub(in crate::report) unit: f64,
    /// How a value is shown.
    pub(in crate::report) show: &'c dyn Fn(f64) -> String,
    /// The values of each policy.
    pub(in crate::report) drawn: Vec<Vec<(f64, f64)>>,
}

type Area<'c> = DrawingArea<SVGBackend<'c>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

impl LineChart<'_> {
    pub(in crate::report) fn svg(&self) -> Markup {
        draw(HEIGHT, &self.alt_text, |canvas| self.on(canvas))
    }

    fn on<'c>(&self, canvas: &Canvas<'c>) -> Result<(), ChartError<'c>> {
        let most = self
            .drawn
            .iter()
            .flatten()
            .fold(0.0, |most: f64, (_, value)| most.max(*value));
        let step = step(most / self.unit) * self.unit;
        let steps = (most / step).ceil().max(1.0);
        let top = step * steps;
        // A single value has no range.
        let to = if self.axis.to > self.axis.from {
            self.axis.to
        } else {
            self.axis.from + 1.0
        };
        let upwards = Range {
            start: BOTTOM,
            end: TOP,
        };
        let coordinates = Cartesian2d::<RangedCoordf64, RangedCoordf64>::new(
            self.axis.from..to,
            0.0..top,
            (LEFT..RIGHT, upwards),
        );
        let area: Area<'_> = canvas.clone().apply_coord_spec(coordinates);
        let mut level = 0.0;
        while level <= steps {
            let value = level * step;
            line(&area, (self.axis.from, value), (to, value), &GRID, 10)?;
            let (_, down) = area.map_coordinate(&(self.axis.from, value));
            canvas.draw(&Text::new(
                (self.show)(value),
                (LEFT - GAP, down),
                text_style(&FAINT, HPos::Right, VPos::Center),
            ))?;
            level += 1.0;
        }
        self.lower(canvas, &area, to)?;
        if let Some(mark) = &self.axis.mark {
            line(&area, (mark.at, 0.0), (mark.at, top), &MARK, 16)?;
            let (across, _) = area.map_coordinate(&(mark.at, top));
            write(canvas, &mark.label, across, TOP - GAP, &MARK, VPos::Bottom)?;
        }
        // Where both are equal, the first policy's line is visible between the second's dashes.
        for (points, colour) in self.drawn.iter().zip(POLICIES) {
            let style = colour.drawn().stroke_width(24);
            area.draw(&PathElement::new(points.clone(), style))?;
            if points.len() <= FEW {
                for point in points {
                    area.draw(&Circle::new(*point, 38, colour.drawn().filled()))?;
                }
            }
        }
        Ok(())
    }

    /// Draws the labels of the lower axis, as many as fit.
    fn lower<'c>(
        &self,
        canvas: &Canvas<'c>,
        area: &Area<'c>,
        to: f64,
    ) -> Result<(), ChartError<'c>> {
        let width = to - self.axis.from;
        let mut last: Option<f64> = None;
        for tick in &self.axis.ticks {
            if last.is_some_and(|last| (tick.at - last) / width < NEAR) {
                continue;
            }
            last = Some(tick.at);
            let (across, down) = area.map_coordinate(&(tick.at, 0.0));
            write(canvas, &tick.label, across, down + GAP, &FAINT, VPos::Top)?;
        }
        Ok(())
    }
}

/// Writes a label above or below a place, within the drawing.
fn write<'c>(
    canvas: &Canvas<'c>,
    label: &str,
    across: i32,
    down: i32,
    colour: &Colour,
    above: VPos,
) -> Result<(), ChartError<'c>> {
    let edge = i32::try_from(WIDTH).unwrap_or(i32::MAX);
    let anchor = if across > edge - LEFT {
        HPos::Right
    } else {
        HPos::Center
    };
    // A label that is aligned to the right ends at the edge of the drawing.
    let across = if matches!(anchor, HPos::Right) {
        (across + GAP + GAP).min(edge)
    } else {
        across
    };
    canvas.draw(&Text::new(
        label.to_owned(),
        (across, down),
        text_style(colour, anchor, above),
    ))
}

fn line<'c>(
    area: &Area<'c>,
    from: (f64, f64),
    to: (f64, f64),
    colour: &Colour,
    width: u32,
) -> Result<(), ChartError<'c>> {
    let style = colour.drawn().stroke_width(width);
    area.draw(&PathElement::new(vec![from, to], style))
}

/// A round step: at most four of them reach the greatest value.
fn step(most: f64) -> f64 {
    if most <= 0.0 {
        return 1.0;
    }
    let rough = most / 4.0;
    let power = 10_f64.powf(rough.log10().floor());
    let round = [1.0, 2.0, 2.5, 5.0, 10.0];
    round
        .into_iter()
        .map(|round| round * power)
        .find(|step| *step >= rough * (1.0 - f64::EPSILON))
        .unwrap_or(10.0 * power)
}

#[cfg(test)]
mod tests {
    use super::step;

    #[test]
    fn steps_are_round_and_few() {
        for (most, expected) in [
            (0.0, 1.0),
            (4.0, 1.0),
            (7.0, 2.0),
            (97.0, 25.0),
            (1e6, 2.5e5),
        ] {
            assert!((step(most) - expected).abs() < 1e-9 * expected, "{most}");
        }
    }
}
