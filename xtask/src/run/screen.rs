//! Where a run's words go: the terminal as they come, a buffer when labs run side by side, or nowhere.

use owo_colors::OwoColorize;

use crate::chapter::page::Step;
use crate::report::outcome::LabReport;
use crate::report::text;
use crate::report::verdict::Verdict;
pub use crate::system::print::print;

/// Where one lab's words go.
#[derive(Debug)]
pub enum Screen {
    /// Straight to standard output.
    Live,
    /// Kept until the lab has ended.
    Kept(String),
    /// Only the verdict is kept: `--quiet`.
    Quiet(String),
    /// Dropped: `--format json` speaks in the end.
    Silent,
}

impl Screen {
    fn write(&mut self, text: &str) {
        match self {
            Screen::Live => print(text),
            Screen::Kept(kept) => kept.push_str(text),
            Screen::Quiet(_) | Screen::Silent => {}
        }
    }

    /// Whether the reader sees what a command prints.
    pub fn shows_output(&self) -> bool {
        matches!(self, Screen::Live | Screen::Kept(_))
    }

    /// Prints what was kept.
    pub fn flush(&mut self) {
        if let Screen::Kept(kept) | Screen::Quiet(kept) = self {
            print(&std::mem::take(kept));
        }
    }

    /// A lab begins.
    pub fn lab(&mut self, slug: &str, title: &str, question: &str) {
        let question = if question.is_empty() {
            String::new()
        } else {
            format!("  {}\n", question.italic())
        };
        self.write(&format!("\n{} {}\n{question}\n", slug.bold(), title.bold()));
    }

    /// A command is about to run.
    pub fn command(&mut self, step: &Step) {
        let mut text = String::new();
        for (index, line) in step.command.lines().enumerate() {
            let prompt = if index == 0 { "$" } else { ">" };
            text.push_str(&format!("{} {}\n", prompt.green().bold(), line.bold()));
        }
        self.write(&text);
    }

    /// Some of a command's output.
    pub fn output(&mut self, text: &str) {
        self.write(text);
    }

    /// A lab has ended.
    pub fn verdict(&mut self, report: &LabReport) {
        let text = text::verdict(report);
        match self {
            // A failure is never quiet.
            Screen::Quiet(kept) if report.verdict != Verdict::Passed => kept.push_str(&text),
            _ => self.write(&text),
        }
    }
}
