//! The command line and the environment: dumb-init 1.2.5's, and what its users asked for.

use std::env;
use std::ffi::{CString, OsStr, OsString};
use std::fmt::Arguments;
use std::os::unix::ffi::OsStringExt;
use std::time::Duration;

use lexopt::prelude::*;
use nix::libc::{self, c_int};

use crate::{say, signals};

const VERSION: &str = concat!("06-init v", env!("CARGO_PKG_VERSION"), "\n");

const USAGE: &str = "\
Usage: 06-init [option]... command [argument]...

Starts the command, forwards signals to it, reaps every orphan, ends as it ended.

As in dumb-init:
  -c, --single-child    Signal the command alone: no session, no process group.
  -r, --rewrite S:R     Forward signal S as R; R = 0: do not forward it. Repeatable.
  -v, --verbose         Say on stderr what happens.
  -h, --help            Print this.
  -V, --version         Print the version.

And also:
  -w, --wait SECONDS    Wait for every process, not for the command alone. What is left
                        so long after the stop began gets SIGKILL (inf: never).
  -d, --delay SECONDS   Hold the first stop signal back for so long.
  -R, --repeat SECONDS  Send the stop signal again, every so often.
  -t, --stop-signal S   What begins a stop, besides the command's end. Default: TERM
  -e, --exit-code A[:B] End with B (default 0) where the command ended with A. Repeatable.
  -s, --subreaper       Adopt orphans without being PID 1; --wait implies it.

Signals are numbers or names (15, TERM, RTMIN+3).
DUMB_INIT_DEBUG=1 in the environment means -v, DUMB_INIT_SETSID=0 means -c.
";

/// As getopt does it, a long option may be cut short as long as it is unambiguous.
const LONG: [(&str, char); 11] = [
    ("single-child", 'c'),
    ("rewrite", 'r'),
    ("verbose", 'v'),
    ("help", 'h'),
    ("version", 'V'),
    ("wait", 'w'),
    ("delay", 'd'),
    ("repeat", 'R'),
    ("stop-signal", 't'),
    ("exit-code", 'e'),
    ("subreaper", 's'),
];

/// What to do.
pub enum Request {
    Run(Options),
    Print(&'static str),
}

/// How to do it.
pub struct Options {
    /// The command gets a session, and signals go to its process group.
    pub session: bool,
    pub subreaper: bool,
    pub verbose: bool,
    pub stop_signal: c_int,
    pub wait: Option<Duration>,
    pub delay: Option<Duration>,
    pub repeat: Option<Duration>,
    pub command: Vec<CString>,
    rewrite: Vec<(c_int, c_int)>,
    exit_codes: Vec<(u8, u8)>,
}

impl Options {
    /// The signal to send instead of `signal`; 0 for none.
    pub fn rewritten(&self, signal: c_int) -> c_int {
        let stop = matches!(signal, libc::SIGTSTP | libc::SIGTTIN | libc::SIGTTOU);
        // A group without a terminal is an orphaned one: it would ignore these three.
        let default = if stop && self.session {
            libc::SIGSTOP
        } else {
            signal
        };
        replaced(&self.rewrite, signal).unwrap_or(default)
    }

    /// Whether this is the signal that begins a stop, and is not dropped.
    pub fn is_stop(&self, signal: c_int) -> bool {
        signal == self.stop_signal && self.rewritten(signal) != 0
    }

    /// The exit code for a command that ended with `code`.
    pub fn exit_code(&self, code: u8) -> u8 {
        replaced(&self.exit_codes, code).unwrap_or(code)
    }

    /// Says what happens, to whoever wants to know.
    pub fn log(&self, message: Arguments) {
        if self.verbose {
            say(message);
        }
    }
}

/// The last one counts.
fn replaced<T: PartialEq + Copy>(pairs: &[(T, T)], from: T) -> Option<T> {
    pairs
        .iter()
        .rev()
        .find(|pair| pair.0 == from)
        .map(|pair| pair.1)
}

/// Reads the command line, the program's name first, and the environment.
pub fn parse<'a>(words: impl Iterator<Item = &'a OsStr>) -> Result<Request, lexopt::Error> {
    let mut request = command_line(lexopt::Parser::from_iter(words))?;
    if let Request::Run(options) = &mut request {
        options.verbose |= env::var_os("DUMB_INIT_DEBUG").is_some_and(|value| value == "1");
        options.session &= env::var_os("DUMB_INIT_SETSID").is_none_or(|value| value != "0");
    }
    Ok(request)
}

fn command_line(mut parser: lexopt::Parser) -> Result<Request, lexopt::Error> {
    let mut options = Options {
        session: true,
        subreaper: false,
        verbose: false,
        stop_signal: libc::SIGTERM,
        wait: None,
        delay: None,
        repeat: None,
        command: Vec::new(),
        rewrite: Vec::new(),
        exit_codes: Vec::new(),
    };
    while let Some(argument) = parser.next()? {
        let option = match argument {
            Short(letter) => letter,
            Long(name) => {
                letter_of(name).ok_or_else(|| format!("unknown or ambiguous option --{name}"))?
            }
            // Everything from here on belongs to the command.
            Value(program) => {
                let words = [program].into_iter().chain(parser.raw_args()?);
                options.command = words.map(c_string).collect::<Result<_, _>>()?;
                return Ok(Request::Run(options));
            }
        };
        match option {
            'c' => options.session = false,
            'h' => return Ok(Request::Print(USAGE)),
            'V' => return Ok(Request::Print(VERSION)),
            's' => options.subreaper = true,
            'v' => options.verbose = true,
            'r' => options.rewrite.push(parser.value()?.parse_with(rewrite)?),
            'e' => options
                .exit_codes
                .push(parser.value()?.parse_with(exit_code)?),
            't' => options.stop_signal = parser.value()?.parse_with(signal)?,
            'd' => options.delay = Some(parser.value()?.parse_with(seconds)?),
            'R' => options.repeat = Some(parser.value()?.parse_with(pause)?),
            'w' => {
                options.wait = Some(parser.value()?.parse_with(limit)?);
                options.subreaper = true;
            }
            _ => return Err(Short(option).unexpected()),
        }
    }
    Err("no command".into())
}

fn letter_of(name: &str) -> Option<char> {
    let mut fitting = LONG.iter().filter(|(long, _)| long.starts_with(name));
    let (first, other) = (fitting.next(), fitting.next());
    let exact = LONG.iter().find(|(long, _)| *long == name);
    exact
        .or(first.filter(|_| other.is_none()))
        .map(|(_, letter)| *letter)
}

fn c_string(word: OsString) -> Result<CString, &'static str> {
    CString::new(word.into_vec()).map_err(|_| "a NUL byte in an argument")
}

fn signal(text: &str) -> Result<c_int, &'static str> {
    signals::parse(text).ok_or("no such signal")
}

fn rewrite(text: &str) -> Result<(c_int, c_int), &'static str> {
    let (from, to) = text.split_once(':').ok_or("not of the form FROM:TO")?;
    Ok((signal(from)?, if to == "0" { 0 } else { signal(to)? }))
}

fn exit_code(text: &str) -> Result<(u8, u8), &'static str> {
    let (from, to) = text.split_once(':').unwrap_or((text, "0"));
    let code = |text: &str| text.parse().map_err(|_| "not an exit code from 0 to 255");
    Ok((code(from)?, code(to)?))
}

fn seconds(text: &str) -> Result<Duration, &'static str> {
    let number = text.parse().ok();
    number
        .and_then(|number| Duration::try_from_secs_f64(number).ok())
        .ok_or("not a number of seconds")
}

fn pause(text: &str) -> Result<Duration, &'static str> {
    match seconds(text)? {
        Duration::ZERO => Err("no pause at all"),
        pause => Ok(pause),
    }
}

fn limit(text: &str) -> Result<Duration, &'static str> {
    if text == "inf" {
        Ok(Duration::MAX)
    } else {
        seconds(text)
    }
}
