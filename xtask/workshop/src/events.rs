//! Whatever happens comes through one channel: keys, saved files, what the runner says, signals.

use std::io::BufRead;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use crossterm::event::{Event as Terminal, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use notify_debouncer_mini::notify::{RecommendedWatcher, RecursiveMode};
use notify_debouncer_mini::{Debouncer, new_debouncer};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::course::Course;
use crate::run::Line;

/// What happens.
#[derive(Debug)]
pub enum Event {
    /// Somebody wants something.
    Wish(Wish),
    /// A key that means something to the screen alone.
    Screen(Screen),
    /// Files of an exercise were touched.
    Saved,
    /// A run says something.
    Line(u64, Line),
    /// A run has ended: its exit status, and what it said on standard error.
    Ended(u64, Option<i32>, String),
    /// The live book says something.
    Book(String),
    /// There is something to say about the room.
    Room(String),
    /// A signal that asks for the end, or a terminal that is gone.
    End(i32),
}

/// What a learner may want.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// One hint more.
    Hint,
    /// The next exercise.
    Next,
    /// The one before.
    Previous,
    /// The exercise of this number.
    Go(usize),
    /// What there is, and what is done.
    List,
    /// The chapter's own run.
    Lab,
    /// The chapter in the browser.
    Page,
    /// The start again.
    Reset,
    /// What the solution does.
    Solution,
    /// Another verdict.
    Grade,
    /// What can be asked for.
    Help,
    /// The end.
    Quit,
    /// Nobody can ask for anything any more.
    NoMore,
    /// Something that nobody understands.
    Unknown,
}

/// What only the screen has to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// It is to be drawn again.
    Draw,
    /// Up by so many lines, or down.
    Scroll(isize),
    /// A digit of a number.
    Digit(char),
    /// The end of a number.
    Enter,
    /// Ctrl-Z.
    Suspend,
}

/// The events, and what they come from.
pub struct Events {
    sender: Sender<Event>,
    receiver: Receiver<Event>,
    /// It watches as long as it is there.
    _watcher: Debouncer<RecommendedWatcher>,
}

/// An editor writes a file in several steps.
const SETTLED: Duration = Duration::from_millis(60);

impl Events {
    /// Begins to listen: at the terminal's keys if the screen is `drawn`, at lines of standard input if not.
    pub fn start(root: &Path, course: &Course, drawn: bool) -> Result<Events> {
        let (sender, receiver) = channel();
        let saved = sender.clone();
        let mut watcher = new_debouncer(SETTLED, move |_| {
            let _ = saved.send(Event::Saved);
        })
        .context("cannot watch files")?;
        for exercise in &course.exercises {
            let folder = exercise.folder(root);
            let watched = watcher.watcher().watch(&folder, RecursiveMode::Recursive);
            watched.with_context(|| format!("cannot watch {}", folder.display()))?;
        }
        signals(&sender)?;
        match drawn {
            true => keys(sender.clone()),
            false => words(sender.clone()),
        }
        Ok(Events {
            sender,
            receiver,
            _watcher: watcher,
        })
    }

    /// Where more events may be put.
    pub fn sender(&self) -> Sender<Event> {
        self.sender.clone()
    }

    /// The next event.
    pub fn next(&self) -> Option<Event> {
        self.receiver.recv().ok()
    }

    /// An event that is there already, or comes within `time`.
    pub fn soon(&self, time: Duration) -> Option<Event> {
        self.receiver.recv_timeout(time).ok()
    }
}

fn signals(to: &Sender<Event>) -> Result<()> {
    let mut signals =
        Signals::new([SIGHUP, SIGINT, SIGQUIT, SIGTERM]).context("cannot catch signals")?;
    let to = to.clone();
    thread::spawn(move || {
        for signal in signals.forever() {
            let _ = to.send(Event::End(signal));
        }
    });
    Ok(())
}

/// The keys of a terminal in raw mode.
fn keys(to: Sender<Event>) {
    thread::spawn(move || {
        loop {
            let event = match crossterm::event::read() {
                Ok(Terminal::Key(key)) if key.kind != KeyEventKind::Release => meaning(key),
                Ok(Terminal::Resize(..)) => Some(Event::Screen(Screen::Draw)),
                Ok(_) => None,
                Err(_) => {
                    // The terminal is gone.
                    let _ = to.send(Event::End(SIGHUP));
                    return;
                }
            };
            if event.is_some_and(|event| to.send(event).is_err()) {
                return;
            }
        }
    });
}

fn meaning(key: KeyEvent) -> Option<Event> {
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return match key.code {
            KeyCode::Char('c') => Some(Event::End(SIGINT)),
            KeyCode::Char('\\' | '4') => Some(Event::End(SIGQUIT)),
            KeyCode::Char('z') => Some(Event::Screen(Screen::Suspend)),
            KeyCode::Char('l') => Some(Event::Screen(Screen::Draw)),
            _ => None,
        };
    }
    Some(match key.code {
        KeyCode::Char(digit) if digit.is_ascii_digit() => Event::Screen(Screen::Digit(digit)),
        KeyCode::Char(letter) => Event::Wish(wish(&letter.to_string())),
        KeyCode::Enter => Event::Screen(Screen::Enter),
        KeyCode::Up => Event::Screen(Screen::Scroll(1)),
        KeyCode::Down => Event::Screen(Screen::Scroll(-1)),
        KeyCode::PageUp => Event::Screen(Screen::Scroll(10)),
        KeyCode::PageDown => Event::Screen(Screen::Scroll(-10)),
        _ => return None,
    })
}

/// The lines of standard input.
fn words(to: Sender<Event>) {
    thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if to.send(Event::Wish(wish(line.trim()))).is_err() {
                return;
            }
        }
        let _ = to.send(Event::Wish(Wish::NoMore));
    });
}

/// What a word, or its first letter, asks for.
fn wish(word: &str) -> Wish {
    match word {
        "h" | "hint" => Wish::Hint,
        "n" | "next" => Wish::Next,
        "p" | "previous" => Wish::Previous,
        "l" | "list" => Wish::List,
        "r" | "run" => Wish::Lab,
        "b" | "book" => Wish::Page,
        "x" | "reset" => Wish::Reset,
        "s" | "solution" => Wish::Solution,
        "g" | "grade" | "" => Wish::Grade,
        "?" | "help" => Wish::Help,
        "q" | "quit" => Wish::Quit,
        number => number.parse().map_or(Wish::Unknown, Wish::Go),
    }
}
