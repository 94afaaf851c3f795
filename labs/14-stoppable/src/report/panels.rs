//! Pictures of several containers, side by side where there is room: a part of a page, and the order of what happened in
//! it, which another run can be compared with.

use std::fmt::Write as _;

use similar::TextDiff;

use super::escape::escaped;
use super::picture;
use super::story::Story;

/// One container.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// What stands below it.
    pub title: String,
    /// What happened.
    pub story: Story,
}

/// A part of a page: no empty line in it, as Markdown ends a block of HTML there. A container to which nothing happened
/// is left out: a lane with nothing on it says nothing, to the eye or in words.
pub fn draw(panels: &[Panel]) -> String {
    let mut page = String::from("<div class=\"pictures\">\n");
    for panel in panels.iter().filter(|panel| !panel.story.beats.is_empty()) {
        let _ = write!(
            page,
            "<figure data-order=\"{}\">\n{}<figcaption>{}</figcaption>\n</figure>\n",
            escaped(&order(panel)),
            picture::draw(&panel.story),
            escaped(&panel.title)
        );
    }
    page + "</div>\n"
}

/// The order in one line: what has to be the same.
fn order(panel: &Panel) -> String {
    let lines = panel.story.order();
    format!("{} | {}", panel.title, lines.join(" | ")).replace(['\n', '\r'], " ")
}

/// How the order in a drawing differs from another one's: nothing if it does not.
pub fn difference(kept: &str, drawn: &str) -> Option<String> {
    let (kept, drawn) = (orders(kept), orders(drawn));
    (kept != drawn).then(|| {
        TextDiff::from_lines(&kept, &drawn)
            .unified_diff()
            .header("the book's picture", "this run")
            .to_string()
    })
}

/// What [`draw`] keeps of the order, a line for each process.
fn orders(page: &str) -> String {
    let parts = page.split("data-order=\"").skip(1);
    let orders = parts.filter_map(|part| part.split('"').next());
    orders.fold(String::new(), |all, order| {
        all + &order.replace(" | ", "\n") + "\n"
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::story::tests::process;
    use crate::report::story::{Act, Beat, Who};
    use crate::trace::event::{End, Outcome};
    use crate::trace::set::Sig;

    fn panel(at: f64, outcome: Outcome) -> Panel {
        let beat = |at, what| Beat {
            at,
            who: Who::Lane(0),
            what,
        };
        let story = Story {
            lanes: vec![process(1, "app")],
            beats: vec![
                beat(0.0, Act::Signal(Sig::TERM, Who::Client, outcome)),
                beat(at, Act::End(End::Code(0))),
            ],
            grace: None,
        };
        Panel {
            title: "docker run \"<app>\" | cat".into(),
            story,
        }
    }

    #[test]
    fn times_are_free_and_order_is_not() {
        let kept = draw(&[panel(0.1, Outcome::Handler)]);
        assert_eq!(
            difference(&kept, &draw(&[panel(9.0, Outcome::Handler)])),
            None
        );
        let other = difference(&kept, &draw(&[panel(0.1, Outcome::Dropped)])).unwrap();
        assert!(
            other.contains("\n-app: SIGTERM from client heard, exit 0\n"),
            "{other}"
        );
        assert!(
            other.contains("\n+app: SIGTERM from client dropped, exit 0\n"),
            "{other}"
        );
        let both = draw(&[panel(0.1, Outcome::Handler), panel(0.1, Outcome::Handler)]);
        assert!(difference(&kept, &both).is_some(), "one more");
        assert!(difference("", &kept).is_some(), "nothing is kept");
        let mut idle = panel(0.1, Outcome::Handler);
        idle.story.beats.clear();
        assert_eq!(
            difference(&kept, &draw(&[idle, panel(0.1, Outcome::Handler)])),
            None
        );
    }

    #[test]
    fn a_part_of_a_page_is_one_block_of_markdown() {
        let page = draw(&[panel(0.1, Outcome::Handler)]);
        assert!(page.starts_with("<div") && !page.contains("\n\n"), "{page}");
        assert!(
            page.contains("docker run &quot;&lt;app&gt;&quot;"),
            "{page}"
        );
    }
}
