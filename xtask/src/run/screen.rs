//! Where a run's words go: the terminal as they come, a buffer when labs run side by side, or nowhere.

use owo_colors::OwoColorize;

use crate::chapter::page::{Block, Chapter, Step};
use crate::report::event::{Event, Line};
use crate::report::outcome::{LabReport, Skip, StepReport};
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
    /// What happens to the lab of this name, a line of JSON each: `--format jsonl`.
    Events(String),
}

impl Screen {
    fn write(&mut self, text: &str) {
        match self {
            Screen::Live => print(text),
            Screen::Kept(kept) => kept.push_str(text),
            Screen::Quiet(_) | Screen::Silent | Screen::Events(_) => {}
        }
    }

    /// Tells a program that follows what has happened.
    fn tell(&self, event: Event<'_>) {
        if let Screen::Events(lab) = self {
            print(&Line { lab, event }.render());
        }
    }

    /// Whether the reader sees what a command prints.
    pub fn shows_output(&self) -> bool {
        matches!(self, Screen::Live | Screen::Kept(_) | Screen::Events(_))
    }

    /// Prints what was kept.
    pub fn flush(&mut self) {
        if let Screen::Kept(kept) | Screen::Quiet(kept) = self {
            print(&std::mem::take(kept));
        }
    }

    /// A lab begins, with these blocks on this engine.
    pub fn lab(&mut self, slug: &str, chapter: &Chapter, engine: &str, blocks: &[&Block]) {
        let (title, question) = (&chapter.title, &chapter.question);
        let numbers: Vec<usize> = blocks.iter().map(|block| block.number).collect();
        self.tell(Event::Lab {
            engine,
            chapter: &chapter.source.path.to_string_lossy(),
            title,
            question,
            blocks: &numbers,
        });
        let question = if question.is_empty() {
            String::new()
        } else {
            format!("  {}\n", question.italic())
        };
        self.write(&format!("\n{} {}\n{question}\n", slug.bold(), title.bold()));
    }

    /// A console block begins.
    pub fn block(&self, block: &Block) {
        self.tell(Event::Block {
            block: block.number,
            line: block.line,
        });
    }

    /// A block does not run, or is not drawn.
    pub fn skipped(&self, skip: &Skip) {
        self.tell(Event::Skipped {
            line: skip.line,
            reason: &skip.reason,
        });
    }

    /// A command is about to run.
    pub fn command(&mut self, step: &Step) {
        self.tell(Event::Step {
            line: step.line,
            command: &step.command,
        });
        let mut text = String::new();
        for (index, line) in step.command.lines().enumerate() {
            let prompt = if index == 0 { "$" } else { ">" };
            text.push_str(&format!("{} {}\n", prompt.green().bold(), line.bold()));
        }
        self.write(&text);
    }

    /// Some of a command's output.
    pub fn output(&mut self, text: &str) {
        if !text.is_empty() {
            self.tell(Event::Output { text });
        }
        self.write(text);
    }

    /// A command has ended; `difference` says how its output is not the book's.
    pub fn ended(&self, step: &StepReport, difference: Option<String>) {
        self.tell(Event::StepEnded {
            line: step.line,
            passed: step.passed,
            status: step.status,
            expected_status: step.expected_status,
            difference,
            millis: step.millis,
        });
    }

    /// A lab has ended.
    pub fn verdict(&mut self, report: &LabReport) {
        self.tell(Event::LabEnded {
            verdict: report.verdict,
            problem: report.problem.clone(),
            hint: report.hint.as_deref(),
            hint_key: report.hint_key.as_deref(),
            millis: report.millis,
        });
        let text = text::verdict(report);
        match self {
            // A failure is never quiet.
            Screen::Quiet(kept) if report.verdict != Verdict::Passed => kept.push_str(&text),
            _ => self.write(&text),
        }
    }
}
