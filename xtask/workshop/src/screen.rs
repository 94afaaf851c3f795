//! The workshop on a terminal: a line on top that says where you are, the last of what was said, the keys at the bottom.

use std::io::{Stdout, Write, stdout};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use crossterm::style::{Attribute, Color, Print, ResetColor, SetAttribute, SetForegroundColor};
use crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode, size,
};
use crossterm::{cursor, execute, queue};
use nix::sys::signal::{Signal, raise};

use crate::events::{Event, Events, Screen, Wish};
use crate::learner::Learner;
use crate::paper::Ink;
use crate::progress::State;

/// The keys, for the last line.
const KEYS: &str = "h hint  n next  p prev  l list  r run  b book  x reset  s solution  ?  q quit";

/// A terminal that is drawn on; given back however this ends.
struct Drawing {
    out: Stdout,
    colours: bool,
}

impl Drawing {
    fn begin() -> Result<Drawing> {
        let mut drawing = Drawing {
            out: stdout(),
            // https://no-color.org: set and not empty.
            colours: std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        };
        drawing.enter()?;
        Ok(drawing)
    }

    fn enter(&mut self) -> Result<()> {
        enable_raw_mode().context("this terminal cannot be drawn on; try --plain")?;
        execute!(self.out, EnterAlternateScreen, cursor::Hide)?;
        Ok(())
    }

    fn leave(&mut self) {
        // A terminal that is gone needs nothing back.
        let _ = execute!(self.out, cursor::Show, LeaveAlternateScreen);
        let _ = disable_raw_mode();
    }
}

impl Drop for Drawing {
    fn drop(&mut self) {
        self.leave();
    }
}

/// What only the screen knows.
#[derive(Default)]
struct View {
    /// So many lines are below the screen.
    below: usize,
    /// The number that is being typed.
    number: String,
}

/// So much comes at once from a program that prints: it is drawn together.
const TOGETHER: Duration = Duration::from_millis(20);

/// Runs the workshop to its end.
pub fn run(mut learner: Learner, events: &Events) -> Result<u8> {
    let mut drawing = Drawing::begin()?;
    let mut view = View::default();
    let status = follow(&mut learner, events, &mut view, &mut drawing);
    learner.doing = "cleaning up".into();
    let _ = drawing.draw(&learner, &mut view);
    learner.cleaned_up(events);
    // A terminal that cannot be drawn on any more is gone, whether or not its SIGHUP has come yet.
    Ok(status.unwrap_or(128 + 1))
}

fn follow(
    learner: &mut Learner,
    events: &Events,
    view: &mut View,
    drawing: &mut Drawing,
) -> Result<u8> {
    loop {
        drawing.draw(learner, view)?;
        let mut next = events.next();
        // Whatever comes until then is drawn together, and no longer: a program may print for ever.
        let until = Instant::now() + TOGETHER;
        while let Some(event) = next {
            if let Some(status) = handle(event, learner, view, drawing)? {
                return Ok(status);
            }
            next = events.soon(until.saturating_duration_since(Instant::now()));
        }
    }
}

fn handle(
    event: Event,
    learner: &mut Learner,
    view: &mut View,
    drawing: &mut Drawing,
) -> Result<Option<u8>> {
    let Event::Screen(key) = event else {
        if matches!(event, Event::Wish(_)) {
            *view = View::default();
        }
        return Ok(learner.event(event));
    };
    match key {
        Screen::Draw => execute!(drawing.out, Clear(ClearType::All))?,
        Screen::Scroll(by) => view.below = view.below.saturating_add_signed(by),
        Screen::Digit(digit) if view.number.len() < 3 => view.number.push(digit),
        Screen::Digit(_) => {}
        Screen::Enter => {
            let number = std::mem::take(&mut view.number);
            let wish = number.parse().map_or(Wish::Grade, Wish::Go);
            return Ok(learner.event(Event::Wish(wish)));
        }
        Screen::Suspend => {
            drawing.leave();
            // As any program that is stopped by Ctrl-Z: the shell has the terminal until it says `fg`.
            raise(Signal::SIGTSTP).context("cannot stop")?;
            drawing.enter()?;
        }
    }
    Ok(None)
}

impl Drawing {
    fn draw(&mut self, learner: &Learner, view: &mut View) -> Result<()> {
        let (width, height) = size().unwrap_or((80, 24));
        let (width, height) = (usize::from(width.max(20)), usize::from(height.max(6)));
        let room = height - 4;
        let mut body: Vec<(Ink, String)> = Vec::new();
        for (ink, line) in learner.paper.lines() {
            let wrapped = textwrap::wrap(line, width);
            body.extend(wrapped.into_iter().map(|line| (*ink, line.into_owned())));
        }
        view.below = view.below.min(body.len().saturating_sub(room));
        let end = body.len() - view.below;
        let shown = &body[end.saturating_sub(room)..end];

        queue!(self.out, cursor::MoveTo(0, 0))?;
        self.line(width, Ink::Note, true, &heading(learner))?;
        self.line(width, Ink::Note, false, &"-".repeat(width))?;
        for (ink, text) in shown {
            self.line(width, *ink, false, text)?;
        }
        for _ in shown.len()..room {
            self.line(width, Ink::Note, false, "")?;
        }
        self.line(width, Ink::Note, false, &"-".repeat(width))?;
        let last = match (view.number.is_empty(), view.below) {
            (false, _) => format!("go to exercise {}_  (Enter)", view.number),
            (true, 0) => KEYS.to_owned(),
            (true, below) => format!("{below} lines below: Down, Page Down"),
        };
        self.text(width, Ink::Note, false, &last)?;
        self.out.flush()?;
        Ok(())
    }

    fn line(&mut self, width: usize, ink: Ink, strong: bool, text: &str) -> Result<()> {
        self.text(width, ink, strong, text)?;
        queue!(self.out, Print("\r\n"))?;
        Ok(())
    }

    fn text(&mut self, width: usize, ink: Ink, strong: bool, text: &str) -> Result<()> {
        let colour = match ink {
            Ink::Note | Ink::Output => None,
            Ink::Command => Some(Color::Cyan),
            Ink::Good => Some(Color::Green),
            Ink::Bad => Some(Color::Red),
            Ink::Hint => Some(Color::Yellow),
        };
        if strong {
            queue!(self.out, SetAttribute(Attribute::Bold))?;
        }
        if let Some(colour) = colour.filter(|_| self.colours) {
            queue!(self.out, SetForegroundColor(colour))?;
        }
        let text: String = text.chars().take(width).collect();
        queue!(self.out, Print(text), Clear(ClearType::UntilNewLine))?;
        if self.colours {
            queue!(self.out, ResetColor)?;
        }
        if strong {
            queue!(self.out, SetAttribute(Attribute::Reset))?;
        }
        Ok(())
    }
}

/// Where you are, in one line.
fn heading(learner: &Learner) -> String {
    let (state, done, all) = learner.standing();
    let state = match state {
        State::Done => "done",
        State::Failed | State::Open => "to do",
    };
    let exercise = learner.exercise();
    format!(
        "{} {} ({state}) | {} | {done} of {all} done",
        exercise.number(),
        exercise.title,
        learner.doing
    )
}
