//! A learner at an exercise: what is asked for, what runs, what is known, and what is said about it.

use std::path::PathBuf;
use std::sync::mpsc::Sender;

use crate::course::{Course, Exercise};
use crate::events::{Event, Events, Wish};
use crate::paper::{Ink, Paper};
use crate::progress::{Progress, State};
use crate::room::{Seat, Sent, Sitting};
use crate::run::{Book, Line, Run, Runner, Verdict, What};
use crate::source;

/// A learner's workshop.
pub struct Learner {
    course: Course,
    root: PathBuf,
    runner: Runner,
    progress: Progress,
    /// Which exercise.
    at: usize,
    to: Sender<Event>,
    /// What runs, and what is to run when that has ended.
    run: Option<Run>,
    after: Option<What>,
    /// What runs was told to give up: what it still says is about files, or an exercise, that nobody is at any more.
    given_up: bool,
    /// How many were started.
    runs: u64,
    /// The fingerprint of the files that are being graded, or were.
    graded: Option<String>,
    /// What there is to say about the last failure, from vague to plain, and how much of it was said.
    hints: Vec<String>,
    hinted: usize,
    /// What was asked for once, and needs to be asked for twice.
    sure: Option<Wish>,
    /// The failure was told, as a difference.
    told: bool,
    /// Nobody can ask for anything any more: the end comes with the end of what runs.
    last: bool,
    book: Option<Book>,
    /// The room that is told.
    room: Option<Sitting>,
    /// How far all exercises are.
    states: Vec<State>,
    /// What was said.
    pub paper: Paper,
    /// In a word: what is going on.
    pub doing: String,
}

/// The workshop is over, with this exit status.
pub type Over = Option<u8>;

impl Learner {
    /// A learner at the exercise `at`.
    pub fn new(
        course: Course,
        root: PathBuf,
        runner: Runner,
        progress: Progress,
        at: usize,
        to: Sender<Event>,
    ) -> Learner {
        let mut learner = Learner {
            course,
            root,
            runner,
            progress,
            at,
            to,
            run: None,
            after: None,
            given_up: false,
            runs: 0,
            graded: None,
            hints: Vec::new(),
            hinted: 0,
            sure: None,
            told: false,
            last: false,
            book: None,
            room: None,
            states: Vec::new(),
            paper: Paper::default(),
            doing: String::new(),
        };
        learner.count();
        learner.enter();
        learner
    }

    /// From now on the results are told in a room.
    pub fn sit(&mut self, seat: Seat) {
        let text = format!(
            "In the room as {}: it is told what was graded and how it came out.",
            seat.name
        );
        self.paper.say(Ink::Note, &text);
        self.room = Some(seat.sit(self.to.clone()));
    }

    /// The exercise at hand.
    pub fn exercise(&self) -> &Exercise {
        &self.course.exercises[self.at]
    }

    /// Its state, and how many of how many are done.
    pub fn standing(&self) -> (State, usize, usize) {
        let done = self.states.iter().filter(|state| **state == State::Done);
        (self.states[self.at], done.count(), self.states.len())
    }

    /// What happens. `Some` when it is over.
    pub fn event(&mut self, event: Event) -> Over {
        match event {
            Event::Wish(wish) => return self.wish(wish),
            Event::Saved => self.saved(),
            Event::Line(id, line) if self.is_current(id) && !self.given_up => self.line(line),
            Event::Ended(id, status, said) if self.is_current(id) => {
                return self.ended(status, &said);
            }
            Event::Book(line) | Event::Room(line) => self.paper.say(Ink::Note, &line),
            // The last words of a run that is forgotten; keys of a screen.
            Event::Line(..) | Event::Ended(..) | Event::Screen(_) => {}
            Event::End(signal) => return u8::try_from(128 + signal).ok(),
        }
        None
    }

    fn is_current(&self, id: u64) -> bool {
        self.run.as_ref().is_some_and(|run| run.id == id)
    }

    fn wish(&mut self, wish: Wish) -> Over {
        let sure = self.sure.take() == Some(wish);
        match wish {
            Wish::Hint => self.hint(),
            Wish::Next => self.go(self.at + 1),
            Wish::Previous => self.go(self.at.wrapping_sub(1)),
            Wish::Go(number) => self.go(number.wrapping_sub(1)),
            Wish::List => self.list(),
            Wish::Lab => self.begin(What::Lab),
            Wish::Grade => self.begin(What::Exercise),
            Wish::Page => self.page(),
            Wish::Reset if sure => self.reset(),
            Wish::Reset => {
                self.sure = Some(wish);
                let text = "Reset puts the start in the place of your files; a copy of them is kept. Sure? Ask again.";
                self.paper.say(Ink::Note, text);
            }
            Wish::Solution if sure || self.states[self.at] == State::Done => self.solution(),
            Wish::Solution => {
                self.sure = Some(wish);
                let text = "You have not passed yet. The solution all the same? Ask again.";
                self.paper.say(Ink::Note, text);
            }
            Wish::Help | Wish::Unknown => self.paper.say(Ink::Note, HELP),
            Wish::Quit => return Some(0),
            Wish::NoMore => {
                self.last = true;
                return self.verdict_when_idle();
            }
        }
        None
    }

    /// Where nobody can ask for anything, the end of the run is the end: 0 if the exercise has passed.
    fn verdict_when_idle(&self) -> Over {
        let over = self.last && self.run.is_none();
        over.then(|| u8::from(self.states[self.at] != State::Done))
    }

    fn go(&mut self, to: usize) {
        if to >= self.course.exercises.len() {
            let text = format!("There are exercises 1 to {}.", self.course.exercises.len());
            self.paper.say(Ink::Note, &text);
        } else if to != self.at {
            self.at = to;
            self.enter();
        }
    }

    /// The exercise begins: it is graded, unless it has passed as it is.
    fn enter(&mut self) {
        self.paper.clear();
        let (state, ..) = self.standing();
        let exercise = self.exercise();
        let title = format!("Exercise {}: {}", exercise.number(), exercise.title);
        let question = exercise.question.clone();
        let files = format!(
            "Your files: labs/{}/exercise/   The task: book/src/{}.md, under \"Exercise\"",
            exercise.slug, exercise.slug
        );
        self.paper.say(Ink::Note, &title);
        self.paper.say(Ink::Note, &question);
        self.paper.say(Ink::Note, &files);
        if state == State::Done {
            self.give_up(None);
            self.graded = source::fingerprint(&self.root, self.exercise()).ok();
            self.paper
                .say(Ink::Good, "These files have passed already.");
            self.doing = "done".into();
        } else {
            self.begin(What::Exercise);
        }
    }

    /// Starts a run, as soon as the one before has cleaned up.
    fn begin(&mut self, what: What) {
        self.give_up(Some(what));
        if self.run.is_none() {
            self.start(what);
        }
    }

    fn give_up(&mut self, after: Option<What>) {
        self.after = after;
        if let Some(run) = &self.run {
            run.give_up();
            self.given_up = true;
            self.doing = "giving up the run before".into();
        }
    }

    fn start(&mut self, what: What) {
        self.after = None;
        self.given_up = false;
        self.runs += 1;
        self.told = false;
        let slug = self.exercise().slug.clone();
        if what == What::Exercise {
            self.graded = source::fingerprint(&self.root, self.exercise()).ok();
            self.hints.clear();
            self.hinted = 0;
        }
        match self.runner.start(what, &slug, self.runs, &self.to) {
            Ok(run) => {
                self.run = Some(run);
                self.doing = match what {
                    What::Exercise => "grading".into(),
                    What::Lab => "running the chapter".into(),
                };
                self.paper.say(Ink::Note, &format!("-- {} ...", self.doing));
            }
            Err(error) => self.trouble(&error),
        }
    }

    fn saved(&mut self) {
        self.count();
        let now = source::fingerprint(&self.root, self.exercise()).ok();
        // Another exercise's files, or touched and not changed.
        let about_to_begin = self.after == Some(What::Exercise);
        if now != self.graded && !about_to_begin {
            self.begin(What::Exercise);
        }
    }

    fn line(&mut self, line: Line) {
        match line {
            Line::Lab { engine } => self.paper.say(Ink::Note, &format!("-- on {engine}")),
            Line::Step { command } => {
                self.paper.say(
                    Ink::Command,
                    &format!("$ {}", command.replace('\n', "\n> ")),
                );
            }
            Line::Output { text } => self.paper.add(Ink::Output, &text),
            Line::StepEnded { difference } => {
                self.told = difference.is_some();
                if let Some(difference) = difference {
                    // The command and all that it printed stand above.
                    self.paper.say(Ink::Bad, &difference);
                }
            }
            Line::Skipped { reason } => self.paper.say(Ink::Note, &format!("skipped: {reason}")),
            Line::LabEnded {
                verdict,
                problem,
                hint,
                hint_key,
            } => {
                self.verdict(verdict, problem.as_deref(), hint.as_deref());
                self.tell(verdict, hint_key);
            }
            Line::Other => {}
        }
    }

    fn verdict(&mut self, verdict: Verdict, problem: Option<&str>, hint: Option<&str>) {
        let Some(run) = &self.run else {
            return;
        };
        if let Some(problem) = problem.filter(|_| !self.told) {
            self.paper.say(Ink::Bad, problem);
        }
        let what = run.what;
        if what == What::Exercise && verdict != Verdict::CannotRun {
            let source = self.graded.clone().unwrap_or_default();
            let exercise = self.exercise().clone();
            let noted = self
                .progress
                .note(&exercise, source, verdict == Verdict::Passed);
            if let Err(error) = noted {
                self.trouble(&error);
            }
            self.count();
        }
        match (what, verdict) {
            (What::Exercise, Verdict::Passed) => {
                let (_, done, all) = self.standing();
                let text = format!(
                    "PASSED. {done} of {all} are done. n is the next one, s shows how the book does it."
                );
                self.paper.say(Ink::Good, &text);
            }
            (What::Exercise, Verdict::Failed) => {
                self.hints = self.ladder(hint);
                self.paper.say(
                    Ink::Bad,
                    "FAILED. h gives a hint; save the file to be graded again.",
                );
            }
            (What::Lab, Verdict::Passed) => {
                self.paper
                    .say(Ink::Good, "The chapter prints here what the book shows.");
            }
            (What::Lab, Verdict::Failed) => {
                self.paper.say(
                    Ink::Bad,
                    "The chapter does not print here what the book shows.",
                );
            }
            (_, Verdict::CannotRun) => {
                let text = "This machine could not run it: that is no verdict on your answer.";
                self.paper.say(Ink::Bad, text);
            }
        }
    }

    /// Tells the room, if there is one.
    fn tell(&self, verdict: Verdict, hint: Option<String>) {
        let graded = self
            .run
            .as_ref()
            .is_some_and(|run| run.what == What::Exercise);
        if let (Some(room), true) = (&self.room, graded && verdict != Verdict::CannotRun) {
            room.tell(Sent {
                exercise: self.exercise().slug.clone(),
                passed: verdict == Verdict::Passed,
                hint,
            });
        }
    }

    fn ended(&mut self, status: Option<i32>, said: &str) -> Over {
        let run = self.run.take();
        if let Some(what) = self.after {
            self.start(what);
            return None;
        }
        self.doing = match (run.map(|run| run.what), self.states[self.at]) {
            (Some(What::Exercise), State::Done) => "passed".into(),
            (Some(What::Exercise), State::Failed) => "failed".into(),
            _ => "waiting for you to save".into(),
        };
        // 0 and 1 are verdicts, and were told.
        if !matches!(status, Some(0 | 1)) && !said.is_empty() {
            self.paper.say(Ink::Bad, said.trim_end());
        }
        self.verdict_when_idle()
    }

    /// The hint that fits, sentence by sentence, then the one that always does, then where the answer is.
    fn ladder(&self, hint: Option<&str>) -> Vec<String> {
        let exercise = self.exercise();
        let mut ladder: Vec<String> = hint.map(sentences).unwrap_or_default();
        let otherwise = exercise.hints.iter().find(|hint| hint.key == "otherwise");
        if let Some(otherwise) = otherwise.filter(|it| Some(it.text.as_str()) != hint) {
            ladder.push(otherwise.text.clone());
        }
        ladder.push(format!(
            "Read \"What you saw, and why\" in book/src/{}.md again. After that only the solution is left: s.",
            exercise.slug
        ));
        ladder
    }

    fn hint(&mut self) {
        let Some(hint) = self.hints.get(self.hinted) else {
            let text = match (self.hints.is_empty(), self.run.is_some()) {
                (true, true) => "There is no verdict yet.",
                (true, false) => "There is nothing to hint at.",
                (false, _) => "That was the last hint. s shows the solution.",
            };
            return self.paper.say(Ink::Note, text);
        };
        self.hinted += 1;
        let text = format!("hint {} of {}: {hint}", self.hinted, self.hints.len());
        self.paper.say(Ink::Hint, &text);
    }

    fn list(&mut self) {
        self.count();
        for (index, exercise) in self.course.exercises.iter().enumerate() {
            let (ink, state) = match self.states[index] {
                State::Done => (Ink::Good, "done"),
                State::Failed => (Ink::Bad, "failed"),
                State::Open => (Ink::Note, "open"),
            };
            let here = if index == self.at { '>' } else { ' ' };
            let text = format!(
                "{here} {:>2}  {state:6}  {}",
                exercise.number(),
                exercise.title
            );
            self.paper.say(ink, &text);
        }
        self.paper
            .say(Ink::Note, "A number and Enter goes to one of them.");
    }

    fn page(&mut self) {
        let page = format!("{}.html", self.exercise().slug);
        // A packed workshop has the book as it is, and nothing to build the live one with.
        let packed = self.root.join("book/html").join(&page);
        if packed.exists() {
            let text = format!("The page of this chapter is file://{}", packed.display());
            return self.paper.say(Ink::Note, &text);
        }
        if self.book.is_none() {
            match self.runner.book(&self.to) {
                Ok(book) => self.book = Some(book),
                Err(error) => return self.trouble(&error),
            }
            let text = "Starting the live book; the first time its program is built, which takes some minutes.";
            self.paper.say(Ink::Note, text);
        }
        self.paper
            .say(Ink::Note, &format!("The page of this chapter is {page}."));
    }

    fn reset(&mut self) {
        match source::reset(&self.root, self.exercise()) {
            Ok(copy) => {
                let copy = copy.strip_prefix(&self.root).unwrap_or(&copy);
                let text = format!("Back at the start. What you had is in {}.", copy.display());
                self.paper.say(Ink::Note, &text);
            }
            Err(error) => self.trouble(&error),
        }
    }

    fn solution(&mut self) {
        match source::solution(&self.root, self.exercise()) {
            Ok(text) => self.paper.say(Ink::Note, &text),
            Err(error) => self.trouble(&error),
        }
    }

    fn count(&mut self) {
        let exercises = self.course.exercises.iter();
        self.states = exercises
            .map(|exercise| self.progress.state(&self.root, exercise))
            .collect();
    }

    fn trouble(&mut self, error: &anyhow::Error) {
        self.paper.say(Ink::Bad, &format!("error: {error:#}"));
    }

    /// Waits until what was told to give up has cleaned up.
    pub fn cleaned_up(&mut self, events: &Events) {
        self.book = None;
        self.room = None;
        let Some(run) = self.run.take() else {
            return;
        };
        run.give_up();
        while let Some(event) = events.next() {
            if matches!(event, Event::Ended(ended, ..) if ended == run.id) {
                return;
            }
        }
    }
}

/// What can be asked for.
const HELP: &str = "h, hint       one hint more, from vague to plain
n, next       the next exercise
p, previous   the one before
3             the exercise of that number (on the screen: and Enter)
l, list       all exercises, and what is done
r, run        run the chapter itself
g, grade      grade again
b, book       the chapter in the browser, with buttons
x, reset      the start again; a copy of your files is kept
s, solution   what the book does differently
q, quit       the end; progress is kept";

/// The sentences of a text. A point within a word, or within code, ends none.
fn sentences(text: &str) -> Vec<String> {
    let (mut all, mut from, mut code) = (Vec::new(), 0, false);
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        code ^= *byte == b'`';
        let ends = matches!(byte, b'.' | b'?' | b'!') && !code && bytes.get(at + 1) == Some(&b' ');
        if ends {
            all.push(text[from..=at].trim().to_owned());
            from = at + 1;
        }
    }
    let rest = text[from..].trim();
    if !rest.is_empty() {
        all.push(rest.to_owned());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_comes_in_sentences() {
        let text = "A shell is PID 1. Which `a. b` of 1.5 is it? Look.";
        assert_eq!(
            sentences(text),
            ["A shell is PID 1.", "Which `a. b` of 1.5 is it?", "Look."]
        );
        assert_eq!(sentences("One"), ["One"]);
    }
}
