//! A story as a sequence: a column for the client and for each process, an arrow for each signal, time downwards.

use std::fmt::Write as _;

use super::escape::escaped;
use super::story::{Act, Beat, Of, Story, Who, end_word, outcome_word, words};
use crate::probe::observation::heard;
use crate::trace::event::End;

/// Room for the seconds.
const LEFT: f64 = 58.0;
/// From lane to lane.
const LANE: f64 = 86.0;
/// How long an arrow is that comes from no lane.
const SHORT: f64 = 54.0;
/// From beat to beat.
const ROW: f64 = 36.0;
/// Where the lanes begin.
const TOP: f64 = 44.0;

/// Made smaller than this, on a phone, its words could not be read: it scrolls instead.
const SMALLEST: f64 = 0.8;

/// The picture's own colours: one for lines, and one each for what went well and what did not, both to be seen on white
/// and on black. Shape says the same: a heard signal has a full head, a dropped one a cross before its lane, a kill a
/// square; a lane is broad while its process works on after a signal. The rules hold for our pictures alone: a page may
/// have others.
const STYLE: &str = ".seq text{font:12px system-ui,sans-serif;fill:currentColor}.seq .s{font-size:11px}\
.seq .m{text-anchor:middle}.seq .e{text-anchor:end}\
.seq .lane{stroke:currentColor;stroke-opacity:.4;stroke-width:2}\
.seq .good{stroke:#1f9d4d;fill:#1f9d4d}.seq .bad{stroke:#d9483b;fill:#d9483b}\
.seq .plain{stroke:currentColor;fill:currentColor}\
.seq .arrow{stroke-width:1.8;fill:none}.seq .work{fill-opacity:.35;stroke:none}";

/// Draws a story as a sequence: a column for each lane, time downwards. The title says the same in words, for who cannot
/// see it.
pub fn draw(story: &Story) -> String {
    let drawing = Drawing::new(story);
    let (width, height) = drawing.size();
    let least = width * SMALLEST;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"seq\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         height=\"{height:.0}\" style=\"min-width:{least:.0}px\" role=\"img\"><title>{}</title><style>{STYLE}</style>\n",
        escaped(&words(story))
    );
    drawing.heads(&mut svg);
    drawing.grace(&mut svg);
    drawing.lost(&mut svg);
    for index in 0..story.lanes.len() {
        drawing.bar(&mut svg, index);
    }
    let mut told = usize::MAX;
    for (beat, row) in story.beats.iter().zip(&drawing.rows) {
        let y = drawing.height_of(*row);
        if told != *row {
            text(
                &mut svg,
                "s e",
                LEFT - 18.0,
                y + 4.0,
                &format!("{:.2} s", beat.at),
            );
            told = *row;
        }
        drawing.beat(&mut svg, beat, y);
    }
    svg + "</svg>\n"
}

fn text(svg: &mut String, class: &str, x: f64, y: f64, text: &str) {
    let text = escaped(text);
    let _ = writeln!(
        svg,
        "<text class=\"{class}\" x=\"{x:.0}\" y=\"{y:.0}\">{text}</text>"
    );
}

/// A bar in a lane, or beside the client.
fn bar(svg: &mut String, class: &str, x: f64, top: f64, bottom: f64) {
    let height = (bottom - top).max(0.0);
    let _ = writeln!(
        svg,
        "<rect class=\"{class} work\" x=\"{:.0}\" y=\"{top:.0}\" width=\"8\" height=\"{height:.0}\"/>",
        x - 4.0
    );
}

/// A story, and where in the drawing everything stands.
struct Drawing<'a> {
    story: &'a Story,
    /// The row of each beat.
    rows: Vec<usize>,
    /// How many there are.
    count: usize,
    /// Where the lanes begin.
    top: f64,
}

impl Drawing<'_> {
    fn new(story: &Story) -> Drawing<'_> {
        let rows = rows(story);
        let named = story.lanes.iter().any(|lane| !lane.container.is_empty());
        Drawing {
            count: rows.last().map_or(1, |row| row + 1),
            rows,
            story,
            top: TOP + if named { 16.0 } else { 0.0 },
        }
    }

    fn size(&self) -> (f64, f64) {
        (
            LEFT + LANE * (self.story.lanes.len() as f64 + if self.beside() { 1.4 } else { 1.05 }),
            self.top + ROW * (self.count as f64 + 0.6),
        )
    }

    /// Whether the last lane has an arrow on its right: from its process itself, or from the kernel.
    fn beside(&self) -> bool {
        let last = self.story.lanes.len().checked_sub(1).map(Who::Lane);
        self.story.beats.iter().any(|beat| {
            let own = |from: Who| from == beat.who || from == Who::Kernel;
            Some(beat.who) == last && matches!(beat.what, Act::Signal(_, from, _) if own(from))
        })
    }

    fn column(&self, who: Who) -> f64 {
        let lane = match who {
            Who::Client | Who::Kernel => 0,
            Who::Lane(index) => index + 1,
        };
        LEFT + LANE * (lane as f64 + 0.3)
    }

    fn height_of(&self, row: usize) -> f64 {
        self.top + ROW * (row as f64 + 0.4)
    }

    /// Below the last row.
    fn bottom(&self) -> f64 {
        self.top + ROW * (self.count as f64 + 0.3)
    }

    /// The height of the first thing of a kind that happens in a lane.
    fn first(&self, index: usize, wanted: fn(&Act) -> bool) -> Option<f64> {
        let beat = |beat: &Beat| beat.who == Who::Lane(index) && wanted(&beat.what);
        let found = self.story.beats.iter().position(beat)?;
        Some(self.height_of(self.rows[found]))
    }

    /// Where a lane begins and ends.
    fn span(&self, index: usize) -> (f64, f64) {
        let begins = |what: &Act| matches!(what, Act::Start | Act::Open);
        let ends =
            |what: &Act| matches!(what, Act::End(_) | Act::Killed | Act::Close | Act::CutOff);
        (
            self.first(index, begins).unwrap_or(self.top - 8.0),
            self.first(index, ends).unwrap_or(self.bottom()),
        )
    }

    /// The names of the lanes, and a line for each.
    fn heads(&self, svg: &mut String) {
        let (above, below) = (self.top - 31.0, self.top - 15.0);
        let line = |svg: &mut String, x: f64, (top, bottom): (f64, f64)| {
            let _ = writeln!(
                svg,
                "<line class=\"lane\" x1=\"{x:.0}\" y1=\"{top:.0}\" x2=\"{x:.0}\" y2=\"{bottom:.0}\"/>"
            );
        };
        let client = self.column(Who::Client);
        text(svg, "m", client, below, "client");
        line(svg, client, (self.top - 8.0, self.bottom()));
        let mut container = "";
        for (index, lane) in self.story.lanes.iter().enumerate() {
            let x = self.column(Who::Lane(index));
            if container != lane.container {
                container = &lane.container;
                text(svg, "m", x, above - 16.0, &clipped(container));
            }
            match lane.of {
                Of::Process(pid) => {
                    text(svg, "m s", x, above, &format!("PID {pid}"));
                    text(svg, "m", x, below, &clipped(&lane.name));
                }
                Of::Connection => {
                    text(svg, "m s", x, above, "TCP");
                    let name = format!("connection {}", lane.name);
                    text(svg, "m", x, below, name.trim_end());
                }
                Of::Container => text(svg, "m", x, below, &clipped(&lane.name)),
            }
            line(svg, x, self.span(index));
        }
    }

    /// A lane is broad while its connection is open, and while its process works on after a signal until it ends by itself.
    fn bar(&self, svg: &mut String, index: usize) {
        let x = self.column(Who::Lane(index));
        let (top, bottom) = self.span(index);
        let heard = |what: &Act| match what {
            Act::Signal(_, _, outcome) => heard(*outcome),
            what => matches!(what, Act::Told(_)),
        };
        let by_itself = |what: &Act| matches!(what, Act::End(End::Code(_)));
        match self.story.lanes[index].of {
            Of::Connection => bar(svg, "good", x, top, bottom),
            Of::Process(_) | Of::Container => {
                if let (Some(heard), Some(end)) =
                    (self.first(index, heard), self.first(index, by_itself))
                {
                    bar(svg, "good", x, heard, end);
                }
            }
        }
    }

    /// The grace period as a bar beside the client, if it was used up.
    fn grace(&self, svg: &mut String) {
        let Some(grace) = self.story.grace else {
            return;
        };
        let told = |what: &Act| matches!(what, Act::Signal(_, Who::Client, _));
        let end = |what: &Act| matches!(what, Act::End(_));
        let (Some(top), Some(bottom)) = (self.first(grace.lane, told), self.first(grace.lane, end))
        else {
            return;
        };
        let (x, bottom) = (self.column(Who::Client), bottom.max(top + 10.0));
        bar(svg, "bad", x, top, bottom);
        let words = format!("{:.0} s of grace,", grace.seconds);
        text(svg, "s", x + 9.0, bottom - 3.0, &words);
        text(svg, "s", x + 9.0, bottom + 10.0, "all used up");
    }

    /// From the first request that was lost to the last one.
    fn lost(&self, svg: &mut String) {
        for (beat, row) in self.story.beats.iter().zip(&self.rows) {
            let Act::Lost(count, until) = beat.what else {
                continue;
            };
            let (x, top) = (self.column(Who::Client), self.height_of(*row));
            let after = self.story.beats.iter().position(|beat| beat.at > until);
            let bottom = after.map_or(self.bottom(), |after| self.height_of(self.rows[after]));
            bar(svg, "bad", x, top, bottom - 10.0);
            let requests = if count == 1 { "request" } else { "requests" };
            text(svg, "s", x + 9.0, top + 1.0, &format!("{count} {requests}"));
            text(svg, "s", x + 9.0, top + 14.0, "lost");
        }
    }

    fn beat(&self, svg: &mut String, beat: &Beat, y: f64) {
        let x = self.column(beat.who);
        match &beat.what {
            Act::Signal(signal, from, outcome) => {
                // A process that sends itself a signal has a short arrow of its own, and so has the kernel.
                let short = match *from {
                    Who::Kernel => Some("kernel"),
                    from if from == beat.who => Some("itself"),
                    _ => None,
                };
                let start = match short {
                    Some(_) => x + SHORT,
                    None => self.column(*from),
                };
                if let Some(from) = short {
                    text(svg, "s", start + 3.0, y + 4.0, from);
                }
                let class = if heard(*outcome) { "good" } else { "bad" };
                let words = (&*signal.to_string(), outcome_word(*outcome));
                arrow(svg, class, (start, x), y, words);
            }
            Act::Told(signal) => {
                let start = self.column(Who::Client);
                arrow(svg, "plain", (start, x), y, (&signal.to_string(), ""));
            }
            Act::End(end) => {
                let class = match end {
                    End::Code(_) => "good",
                    End::Killed(_) => "bad",
                };
                dot(svg, class, (x, y), &end_word(*end));
            }
            Act::Start => dot(svg, "plain", (x, y), "starts"),
            Act::Open => dot(svg, "good", (x, y), "opened"),
            Act::Close => dot(svg, "good", (x, y), "closed"),
            Act::Killed => square(svg, (x, y), "killed"),
            Act::CutOff => square(svg, (x, y), "cut off"),
            Act::Note(note) => dot(svg, "plain", (x, y), note),
            // Drawn as a bar.
            Act::Lost(..) => {}
        }
    }
}

/// A name, at most as long as there is room for.
fn clipped(name: &str) -> String {
    name.chars().take(13).collect()
}

/// The row of each beat: in order, and what PID 1 takes with it in the row of its end.
fn rows(story: &Story) -> Vec<usize> {
    let mut row = 0;
    let mut rows = Vec::new();
    for (index, beat) in story.beats.iter().enumerate() {
        // One look may find several connections closed, and does not know which was first.
        let at_once = beat.what == Act::Close
            && index > 0
            && story.beats[index - 1].what == Act::Close
            && beat.at - story.beats[index - 1].at < 0.001;
        if index > 0 && !at_once && !matches!(beat.what, Act::Killed | Act::CutOff) {
            // The wait for the end of the grace period is long, and looks long.
            let of_grace = story.grace.map(|grace| Who::Lane(grace.lane));
            let waited = of_grace == Some(beat.who) && matches!(beat.what, Act::End(_));
            row += if waited { 3 } else { 1 };
        }
        rows.push(row);
    }
    rows
}

/// From one lane to another, with a word above and one below.
fn arrow(
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

fn dot(svg: &mut String, class: &str, (x, y): (f64, f64), words: &str) {
    let _ = write!(
        svg,
        "<circle class=\"{class}\" cx=\"{x:.0}\" cy=\"{y:.0}\" r=\"5\"/>"
    );
    text(svg, "s", x + 9.0, y + 4.0, words);
}

fn square(svg: &mut String, (x, y): (f64, f64), words: &str) {
    let _ = write!(
        svg,
        "<rect class=\"bad\" x=\"{:.0}\" y=\"{:.0}\" width=\"10\" height=\"10\"/>",
        x - 5.0,
        y - 5.0
    );
    text(svg, "s", x + 9.0, y + 4.0, words);
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
        heard.beats[0].what = Act::Signal(Sig::TERM, Who::Client, Outcome::Handler);
        assert!(draw(&heard).contains("class=\"good\""));
    }
}
