//! A story as a sequence: a column for the client and for each process, an arrow for each signal, time downwards.

use std::fmt::Write as _;

use super::escape::escaped;
use super::story::{Act, Beat, KERNEL, Story, end_word, outcome_word, words};
use crate::probe::observation::heard;
use crate::trace::event::End;

/// Room for the seconds.
const LEFT: f64 = 58.0;
/// From lane to lane.
const LANE: f64 = 86.0;
/// From beat to beat.
const ROW: f64 = 36.0;
/// Where the lanes begin.
const TOP: f64 = 44.0;

/// The picture's own colours: one for lines, and one each for what went well and what did not, both to be seen on white
/// and on black. Shape says the same: a heard signal has a full head, a dropped one a cross before its lane, a kill a
/// square; a lane is broad while its process works on after a signal. The rules hold for our pictures alone: a page may
/// have others.
const STYLE: &str = ".seq text{font:12px system-ui,sans-serif;fill:currentColor}.seq .s{font-size:11px}\
.seq .m{text-anchor:middle}.seq .e{text-anchor:end}\
.seq .lane{stroke:currentColor;stroke-opacity:.4;stroke-width:2}\
.seq .good{stroke:#1f9d4d;fill:#1f9d4d}.seq .bad{stroke:#d9483b;fill:#d9483b}\
.seq .arrow{stroke-width:1.8;fill:none}.seq .work{fill-opacity:.35;stroke:none}";

/// Draws a story as a sequence: a column for each process, time downwards. The title says the same in words, for who
/// cannot see it.
pub fn draw(story: &Story) -> String {
    let rows = rows(story);
    let count = rows.last().map_or(1, |row| row + 1);
    let (width, height) = (
        LEFT + LANE * (story.lanes.len() as f64 + 1.05),
        TOP + ROW * (count as f64 + 0.6),
    );
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"seq\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         height=\"{height:.0}\" role=\"img\"><title>{}</title><style>{STYLE}</style>\n",
        escaped(&words(story))
    );
    let names = std::iter::once((0, "client".to_owned())).chain(story.lanes.iter().cloned());
    for (pid, name) in names {
        let (x, end) = (column(story, pid), last(story, &rows, pid, count));
        let name: String = name.chars().take(13).collect();
        if pid > 0 {
            let _ = writeln!(
                svg,
                "<text class=\"m s\" x=\"{x:.0}\" y=\"13\">PID {pid}</text>"
            );
        }
        let _ = writeln!(
            svg,
            "<text class=\"m\" x=\"{x:.0}\" y=\"29\">{}</text>",
            escaped(&name)
        );
        let _ = writeln!(
            svg,
            "<line class=\"lane\" x1=\"{x:.0}\" y1=\"36\" x2=\"{x:.0}\" y2=\"{end:.0}\"/>"
        );
    }
    grace(&mut svg, story, &rows);
    work(&mut svg, story, &rows);
    let mut told = usize::MAX;
    for (beat, row) in story.beats.iter().zip(&rows) {
        let y = height_of(*row);
        if told != *row {
            let _ = writeln!(
                svg,
                "<text class=\"s e\" x=\"{:.0}\" y=\"{:.0}\">{:.2} s</text>",
                LEFT - 18.0,
                y + 4.0,
                beat.at
            );
            told = *row;
        }
        svg += &one(story, beat, y);
    }
    svg + "</svg>\n"
}

fn column(story: &Story, pid: i32) -> f64 {
    let lane = story
        .lanes
        .iter()
        .position(|(known, _)| *known == pid)
        .map_or(0, |index| index + 1);
    LEFT + LANE * (lane as f64 + 0.3)
}

fn height_of(row: usize) -> f64 {
    TOP + ROW * (row as f64 + 0.4)
}

/// The row of each beat: in order, and whom the kernel kills because PID 1 ends in the row of that end.
fn rows(story: &Story) -> Vec<usize> {
    let mut row = 0;
    let mut rows = Vec::new();
    for (index, beat) in story.beats.iter().enumerate() {
        if index > 0 && beat.what != Act::Killed {
            // The wait for the end of the grace period is long, and looks long.
            let waited = story.grace.is_some() && beat.pid == 1 && matches!(beat.what, Act::End(_));
            row += if waited { 3 } else { 1 };
        }
        rows.push(row);
    }
    rows
}

/// Where a lane ends.
fn last(story: &Story, rows: &[usize], pid: i32, count: usize) -> f64 {
    let ends = |beat: &Beat| beat.pid == pid && matches!(beat.what, Act::End(_) | Act::Killed);
    let row = story.beats.iter().position(ends).map(|index| rows[index]);
    row.map_or(TOP + ROW * (count as f64 + 0.3), height_of)
}

fn one(story: &Story, beat: &Beat, y: f64) -> String {
    let x = column(story, beat.pid);
    match &beat.what {
        Act::Signal(signal, from, outcome) => {
            // A process that sends itself a signal has a short arrow of its own, and so has the kernel.
            let start = match *from {
                from if from == beat.pid || from == KERNEL => x + 30.0,
                from => column(story, from),
            };
            let back = if start < x { 1.0 } else { -1.0 };
            let good = heard(*outcome);
            let class = if good { "good" } else { "bad" };
            // A dropped signal does not arrive: its arrow ends before the lane, in a cross.
            let tip = if good { x - back } else { x - back * 16.0 };
            let mut svg =
                format!("<path class=\"arrow {class}\" d=\"M{start:.0} {y:.0}H{tip:.0}\"/>");
            if good {
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
            let middle = x - back * LANE / 2.0;
            let _ = writeln!(
                svg,
                "<text class=\"s m\" x=\"{middle:.0}\" y=\"{:.0}\">{signal}</text>",
                y - 5.0
            );
            let _ = writeln!(
                svg,
                "<text class=\"s m\" x=\"{middle:.0}\" y=\"{:.0}\">{}</text>",
                y + 13.0,
                outcome_word(*outcome)
            );
            svg
        }
        Act::End(end) => {
            let class = if matches!(end, End::Code(_)) {
                "good"
            } else {
                "bad"
            };
            format!(
                "<circle class=\"{class}\" cx=\"{x:.0}\" cy=\"{y:.0}\" r=\"5\"/><text class=\"s\" x=\"{:.0}\" y=\"{:.0}\">{}</text>\n",
                x + 9.0,
                y + 4.0,
                end_word(*end)
            )
        }
        Act::Killed => format!(
            "<rect class=\"bad\" x=\"{:.0}\" y=\"{:.0}\" width=\"10\" height=\"10\"/><text class=\"s\" x=\"{:.0}\" y=\"{:.0}\">killed</text>\n",
            x - 5.0,
            y - 5.0,
            x + 9.0,
            y + 4.0
        ),
    }
}

/// A process that works on when it has heard a signal, until it ends by itself.
fn work(svg: &mut String, story: &Story, rows: &[usize]) {
    for (pid, _) in &story.lanes {
        let find = |wanted: fn(&Act) -> bool| {
            let beat = |beat: &Beat| beat.pid == *pid && wanted(&beat.what);
            story.beats.iter().position(beat).map(|index| rows[index])
        };
        let heard = find(|what| matches!(what, Act::Signal(_, _, outcome) if heard(*outcome)));
        let end = find(|what| matches!(what, Act::End(End::Code(_))));
        if let (Some(heard), Some(end)) = (heard, end) {
            let (x, top) = (column(story, *pid), height_of(heard));
            let _ = writeln!(
                svg,
                "<rect class=\"good work\" x=\"{:.0}\" y=\"{top:.0}\" width=\"8\" height=\"{:.0}\"/>",
                x - 4.0,
                (height_of(end) - top).max(0.0)
            );
        }
    }
}

/// The grace period as a bar beside the client, if it was used up.
fn grace(svg: &mut String, story: &Story, rows: &[usize]) {
    let end = story
        .beats
        .iter()
        .position(|beat| beat.pid == 1 && matches!(beat.what, Act::End(_)));
    if let (Some(grace), Some(first), Some(end)) =
        (story.grace, rows.first(), end.map(|index| rows[index]))
    {
        let (x, top, bottom) = (column(story, 0), height_of(*first), height_of(end));
        let _ = writeln!(
            svg,
            "<rect class=\"bad work\" x=\"{:.0}\" y=\"{top:.0}\" width=\"8\" height=\"{:.0}\"/>\
             <text class=\"s\" x=\"{:.0}\" y=\"{:.0}\">{grace:.0} s of grace,</text>\
             <text class=\"s\" x=\"{:.0}\" y=\"{:.0}\">all used up</text>",
            x - 4.0,
            (bottom - top).max(10.0),
            x + 9.0,
            bottom - 3.0,
            x + 9.0,
            bottom + 10.0
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::story::tests::story;
    use crate::trace::event::Outcome;
    use crate::trace::set::Sig;

    #[test]
    fn a_drawing_is_well_formed_and_a_containers_names_are_text() {
        let svg = draw(&story());
        assert!(
            svg.contains("&lt;app&gt; &amp; co") && !svg.contains("<app>"),
            "{svg}"
        );
        assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
        // A signal that was not heard has no arrow head, but a cross.
        assert!(!svg.contains("class=\"good\""), "{svg}");
        let mut heard = story();
        heard.beats[0].what = Act::Signal(Sig::TERM, 0, Outcome::Handler);
        assert!(draw(&heard).contains("class=\"good\""));
    }
}
