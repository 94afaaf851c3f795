//! Where in the drawing everything stands.

use crate::report::story::{Act, Beat, Story, Who};

/// Room for the seconds.
pub(super) const LEFT: f64 = 58.0;
/// From lane to lane.
pub(super) const LANE: f64 = 86.0;
/// How long an arrow is that comes from no lane.
pub(super) const SHORT: f64 = 54.0;
/// From beat to beat.
pub(super) const ROW: f64 = 36.0;
/// Where the lanes begin.
pub(super) const TOP: f64 = 44.0;

/// A story, and where in the drawing everything stands.
pub(super) struct Drawing<'a> {
    pub(super) story: &'a Story,
    /// The row of each beat.
    pub(super) rows: Vec<usize>,
    /// How many there are.
    pub(super) count: usize,
    /// Where the lanes begin.
    pub(super) top: f64,
}

impl Drawing<'_> {
    pub(super) fn new(story: &Story) -> Drawing<'_> {
        let rows = rows(story);
        let named = story.lanes.iter().any(|lane| !lane.container.is_empty());
        Drawing {
            count: rows.last().map_or(1, |row| row + 1),
            rows,
            story,
            top: TOP + if named { 16.0 } else { 0.0 },
        }
    }

    pub(super) fn size(&self) -> (f64, f64) {
        (
            LEFT + LANE * (self.story.lanes.len() as f64 + if self.beside() { 1.4 } else { 1.05 }),
            self.top + ROW * (self.count as f64 + 0.6),
        )
    }

    /// Whether the last lane has an arrow on its right: from its process itself, or from the kernel.
    pub(super) fn beside(&self) -> bool {
        let last = self.story.lanes.len().checked_sub(1).map(Who::Lane);
        self.story.beats.iter().any(|beat| {
            let own = |from: Who| from == beat.who || from == Who::Kernel;
            Some(beat.who) == last && matches!(beat.what, Act::Signal(_, from, _) if own(from))
        })
    }

    pub(super) fn column(&self, who: Who) -> f64 {
        let lane = match who {
            Who::Client | Who::Kernel => 0,
            Who::Lane(index) => index + 1,
        };
        LEFT + LANE * (lane as f64 + 0.3)
    }

    pub(super) fn height_of(&self, row: usize) -> f64 {
        self.top + ROW * (row as f64 + 0.4)
    }

    /// Below the last row.
    pub(super) fn bottom(&self) -> f64 {
        self.top + ROW * (self.count as f64 + 0.3)
    }

    /// The height of the first thing of a kind that happens in a lane.
    pub(super) fn first(&self, index: usize, wanted: fn(&Act) -> bool) -> Option<f64> {
        let beat = |beat: &Beat| beat.who == Who::Lane(index) && wanted(&beat.what);
        let found = self.story.beats.iter().position(beat)?;
        Some(self.height_of(self.rows[found]))
    }

    /// Where a lane begins and ends.
    pub(super) fn span(&self, index: usize) -> (f64, f64) {
        let begins = |what: &Act| matches!(what, Act::Start | Act::Open);
        let ends =
            |what: &Act| matches!(what, Act::End(_) | Act::Killed | Act::Close | Act::CutOff);
        (
            self.first(index, begins).unwrap_or(self.top - 8.0),
            self.first(index, ends).unwrap_or(self.bottom()),
        )
    }
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
