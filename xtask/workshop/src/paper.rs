//! What has been said, line by line, each with what it is: a screen shows the last of it, plain output all of it.

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// Words of the workshop.
    Note,
    /// A command that runs.
    Command,
    /// What it prints.
    Output,
    /// That something is right.
    Good,
    /// That something is wrong.
    Bad,
    /// A hint.
    Hint,
}

/// The lines.
#[derive(Debug, Default)]
pub struct Paper {
    lines: Vec<(Ink, String)>,
    /// Whether the last line goes on.
    open: bool,
    /// How many of them plain output has had.
    told: usize,
}

/// So many lines are kept: what prints for ever does not fill the memory.
const KEPT: usize = 5000;

impl Paper {
    /// A clean sheet.
    pub fn clear(&mut self) {
        *self = Paper::default();
    }

    /// Says something, in lines of its own.
    pub fn say(&mut self, ink: Ink, text: &str) {
        self.open = false;
        let lines = text.trim_end_matches('\n').split('\n');
        self.lines.extend(lines.map(|line| (ink, clean(line))));
        self.trim();
    }

    /// Adds what comes in pieces, wherever they are cut.
    pub fn add(&mut self, ink: Ink, text: &str) {
        for piece in text.split_inclusive('\n') {
            let (line, ends) = match piece.strip_suffix('\n') {
                Some(line) => (line, true),
                None => (piece, false),
            };
            match (self.open, self.lines.last_mut()) {
                (true, Some((_, last))) => last.push_str(&clean(line)),
                _ => self.lines.push((ink, clean(line))),
            }
            self.open = !ends;
        }
        self.trim();
    }

    fn trim(&mut self) {
        let over = self.lines.len().saturating_sub(KEPT);
        self.lines.drain(..over);
        self.told = self.told.saturating_sub(over);
    }

    /// All of them.
    pub fn lines(&self) -> &[(Ink, String)] {
        &self.lines
    }

    /// Those that plain output has not had, and that are whole.
    pub fn news(&mut self) -> &[(Ink, String)] {
        let whole = self.lines.len() - usize::from(self.open);
        let from = self.told.min(whole);
        self.told = whole;
        &self.lines[from..whole]
    }
}

/// Without what would move a terminal's cursor: a program in a container may print anything.
fn clean(text: &str) -> String {
    let tabs = text.replace('\t', "    ");
    tabs.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(lines: &[(Ink, String)]) -> Vec<&str> {
        lines.iter().map(|(_, text)| text.as_str()).collect()
    }

    #[test]
    fn pieces_become_lines_and_are_told_once() {
        let mut paper = Paper::default();
        paper.add(Ink::Output, "one\ntw");
        assert_eq!(texts(paper.news()), ["one"]);
        paper.add(Ink::Output, "o\n");
        assert_eq!(texts(paper.news()), ["two"]);
        paper.add(Ink::Output, "half");
        paper.say(Ink::Note, "a\nb\n");
        assert_eq!(texts(paper.news()), ["half", "a", "b"]);
        assert!(paper.news().is_empty());
        assert_eq!(texts(paper.lines()), ["one", "two", "half", "a", "b"]);
    }

    #[test]
    fn nothing_moves_the_cursor_or_fills_the_memory() {
        let mut paper = Paper::default();
        paper.say(Ink::Output, "\u{1b}[2Ja\rb\tc");
        assert_eq!(texts(paper.lines()), ["[2Jab    c"]);
        for _ in 0..2 * KEPT {
            paper.add(Ink::Output, "y\n");
        }
        assert_eq!((paper.lines().len(), paper.news().len()), (KEPT, KEPT));
    }
}
