//! What a drawing is made of, as SVG.

use std::fmt::Write as _;

use super::layout::LANE;
use crate::report::escape::escaped;

pub(super) fn text(svg: &mut String, class: &str, x: f64, y: f64, text: &str) {
    let text = escaped(text);
    let _ = writeln!(
        svg,
        "<text class=\"{class}\" x=\"{x:.0}\" y=\"{y:.0}\">{text}</text>"
    );
}

/// A bar in a lane, or beside the client.
pub(super) fn bar(svg: &mut String, class: &str, x: f64, top: f64, bottom: f64) {
    let height = (bottom - top).max(0.0);
    let _ = writeln!(
        svg,
        "<rect class=\"{class} work\" x=\"{:.0}\" y=\"{top:.0}\" width=\"8\" height=\"{height:.0}\"/>",
        x - 4.0
    );
}

/// From one lane to another, with a word above and one below.
pub(super) fn arrow(
    svg: &mut String,
    class: &str,
    (start, end): (f64, f64),
    y: f64,
    (above, below): (&str, &str),
) {
    let back = if start < end { 1.0 } else { -1.0 };
    let arrives = class != "bad";
    // A dropped signal does not arrive: its arrow ends before the lane, in a cross.
    let tip = if arrives {
        end - back
    } else {
        end - back * 16.0
    };
    let _ = write!(
        svg,
        "<path class=\"arrow {class}\" d=\"M{start:.0} {y:.0}H{tip:.0}\"/>"
    );
    if arrives {
        let base = tip - back * 9.0;
        let _ = write!(
            svg,
            "<path class=\"{class}\" d=\"M{base:.0} {:.0}V{:.0}L{tip:.0} {y:.0}Z\"/>",
            y - 5.0,
            y + 5.0
        );
    } else {
        let (a, b, c, d) = (tip - 5.0, tip + 5.0, y - 5.0, y + 5.0);
        let _ = write!(
            svg,
            "<path class=\"arrow {class}\" d=\"M{a:.0} {c:.0}L{b:.0} {d:.0}M{b:.0} {c:.0}L{a:.0} {d:.0}\"/>"
        );
    }
    // The words stand before the last lane that the arrow crosses, or they would lie on another one.
    let length = (end - start).abs().min(LANE);
    let middle = end - back * length / 2.0 + if length < LANE { 5.0 } else { 0.0 };
    text(svg, "s m", middle, y - 5.0, above);
    if !below.is_empty() {
        text(svg, "s m", middle, y + 13.0, below);
    }
}

pub(super) fn dot(svg: &mut String, class: &str, (x, y): (f64, f64), words: &str) {
    let _ = write!(
        svg,
        "<circle class=\"{class}\" cx=\"{x:.0}\" cy=\"{y:.0}\" r=\"5\"/>"
    );
    text(svg, "s", x + 9.0, y + 4.0, words);
}

pub(super) fn square(svg: &mut String, (x, y): (f64, f64), words: &str) {
    let _ = write!(
        svg,
        "<rect class=\"bad\" x=\"{:.0}\" y=\"{:.0}\" width=\"10\" height=\"10\"/>",
        x - 5.0,
        y - 5.0
    );
    text(svg, "s", x + 9.0, y + 4.0, words);
}

/// A name, at most as long as there is room for.
pub(super) fn clipped(name: &str) -> String {
    name.chars().take(13).collect()
}
