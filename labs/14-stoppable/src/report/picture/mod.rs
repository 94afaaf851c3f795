//! A story as a sequence: a column for the client and for each process, an arrow for each signal, time downwards.

mod layout;
mod shapes;

use std::fmt::Write as _;

use crate::probe::observation::heard;
use crate::report::escape::escaped;
use crate::report::story::{Act, Beat, Of, Story, Who, end_word, outcome_word, words};
use crate::trace::event::End;
use layout::{Drawing, LEFT, SHORT};
use shapes::{arrow, bar, clipped, dot, square, text};

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

impl Drawing<'_> {
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
