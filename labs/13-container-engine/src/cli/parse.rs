//! The command line: what exists, how it is parsed, and what is said when it cannot be.

use std::collections::BTreeMap;
use std::ffi::OsString;

use lexopt::Arg;

use crate::error::{Error, Result};

/// What a flag takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Takes {
    /// Nothing, or `=true` and `=false`.
    Nothing,
    /// A text; the last one counts.
    Text,
    /// A whole number.
    Number,
    /// A text; all count.
    List,
}

/// One flag.
#[derive(Debug)]
pub(crate) struct Flag {
    pub(crate) short: Option<char>,
    pub(crate) long: &'static str,
    pub(crate) takes: Takes,
    pub(crate) about: &'static str,
}

/// One command.
pub(crate) struct Command {
    pub(crate) name: &'static str,
    /// What follows the name in the usage line.
    pub(crate) usage: &'static str,
    pub(crate) about: &'static str,
    pub(crate) flags: &'static [Flag],
    /// How many arguments, at least and at most.
    pub(crate) arguments: (usize, usize),
    /// After the first argument, everything is somebody else's command line.
    pub(crate) stops: bool,
    pub(crate) run: fn(&Parsed) -> Result<u8>,
}

/// What was given.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    flags: BTreeMap<&'static str, Vec<String>>,
    pub(crate) args: Vec<String>,
}

impl Parsed {
    /// The last value of a flag.
    pub(crate) fn get(&self, long: &str) -> Option<&str> {
        self.flags.get(long)?.last().map(String::as_str)
    }
    /// All values of a flag.
    pub(crate) fn all(&self, long: &str) -> &[String] {
        self.flags.get(long).map(Vec::as_slice).unwrap_or_default()
    }
    /// Whether a flag that takes nothing is on.
    pub(crate) fn is(&self, long: &str) -> bool {
        self.get(long) == Some("true")
    }
    /// A number that was checked when it was parsed.
    pub(crate) fn number(&self, long: &str) -> Option<i64> {
        self.get(long)?.parse().ok()
    }
}

/// What a command line means.
pub(crate) enum Parse {
    Run(Parsed),
    Help,
}

impl Command {
    /// Reads what follows the command's name.
    pub(crate) fn parse(&self, args: Vec<OsString>) -> Result<Parse> {
        let mut parser = lexopt::Parser::from_args(args);
        let mut parsed = Parsed::default();
        loop {
            let (shown, flag) = match parser
                .next()
                .map_err(|error| self.wrong(&error.to_string()))?
            {
                None => break,
                Some(Arg::Value(value)) => {
                    parsed.args.push(self.text(value)?);
                    if self.stops {
                        let rest = parser
                            .raw_args()
                            .map_err(|error| self.wrong(&error.to_string()))?;
                        for arg in rest.collect::<Vec<_>>() {
                            parsed.args.push(self.text(arg)?);
                        }
                    }
                    continue;
                }
                Some(Arg::Long("help")) => return Ok(Parse::Help),
                Some(Arg::Long(name)) => {
                    let flag = self.flags.iter().find(|flag| flag.long == name);
                    (
                        format!("--{name}"),
                        flag.ok_or_else(|| self.wrong(&format!("unknown flag: --{name}")))?,
                    )
                }
                Some(Arg::Short(letter)) => {
                    let flag = self.flags.iter().find(|flag| flag.short == Some(letter));
                    let unknown =
                        || self.wrong(&format!("unknown shorthand flag: '{letter}' in -{letter}"));
                    (format!("-{letter}"), flag.ok_or_else(unknown)?)
                }
            };
            let long = shown.starts_with("--");
            let value = if flag.takes == Takes::Nothing {
                // `-it` is two flags; `--rm=false` is one with a value.
                let value = if long { parser.optional_value() } else { None };
                value.map_or(Ok("true".to_owned()), |value| self.text(value))?
            } else {
                let value = parser.value().map_err(|_| {
                    self.wrong(&if long {
                        format!("flag needs an argument: {shown}")
                    } else {
                        format!(
                            "flag needs an argument: '{}' in {shown}",
                            flag.short.unwrap_or_default()
                        )
                    })
                })?;
                self.text(value)?
            };
            let value = self.check(flag, value)?;
            parsed.flags.entry(flag.long).or_default().push(value);
        }
        self.count(parsed.args.len())?;
        Ok(Parse::Run(parsed))
    }

    fn check(&self, flag: &Flag, value: String) -> Result<String> {
        let name = flag.short.map_or(format!("--{}", flag.long), |short| {
            format!("-{short}, --{}", flag.long)
        });
        let bad = |what: &str| {
            self.wrong(&format!("invalid argument \"{value}\" for \"{name}\" flag: strconv.{what}: parsing \"{value}\": invalid syntax"))
        };
        match flag.takes {
            Takes::Nothing => match value.as_str() {
                "true" | "TRUE" | "True" | "t" | "T" | "1" => Ok("true".into()),
                "false" | "FALSE" | "False" | "f" | "F" | "0" => Ok("false".into()),
                _ => Err(bad("ParseBool")),
            },
            Takes::Number if value.parse::<i64>().is_err() => Err(bad("ParseInt")),
            _ => Ok(value),
        }
    }

    fn count(&self, count: usize) -> Result<()> {
        let (least, most) = self.arguments;
        let plural = |number: usize| if number == 1 { "" } else { "s" };
        let name = self.name;
        let wants = match (least, most) {
            _ if (least..=most).contains(&count) => return Ok(()),
            (_, 0) => "accepts no arguments".to_owned(),
            (0, most) => format!("requires at most {most} argument{}", plural(most)),
            (least, usize::MAX) => format!("requires at least {least} argument{}", plural(least)),
            (least, most) if least == most => format!("requires {least} argument{}", plural(least)),
            (least, most) => format!("requires at least {least} and at most {most} arguments"),
        };
        let hint = if wants.starts_with("requires at least") && most == usize::MAX {
            "See"
        } else {
            "Run"
        };
        Err(self.usage_error(format!("docker: 'docker {name}' {wants}"), hint, 1))
    }

    fn text(&self, value: OsString) -> Result<String> {
        value
            .into_string()
            .map_err(|bad| self.wrong(&format!("not UTF-8: {}", bad.to_string_lossy())))
    }

    fn wrong(&self, message: &str) -> Error {
        self.usage_error(message.to_owned(), "Run", 125)
    }

    fn usage_error(&self, message: String, hint: &'static str, code: u8) -> Error {
        Error::Usage {
            message,
            hint,
            command: self.name,
            usage: self.usage,
            code,
        }
    }

    /// What `--help` prints.
    pub(crate) fn help(&self) -> String {
        let mut out = format!(
            "Usage:  docker {}{}\n\n{}\n",
            self.name, self.usage, self.about
        );
        if !self.flags.is_empty() {
            out.push_str("\nOptions:\n");
            let left = |flag: &Flag| {
                let short = flag
                    .short
                    .map_or("   ".to_owned(), |short| format!("-{short},"));
                let kind = match flag.takes {
                    Takes::Nothing => "",
                    Takes::Text => " string",
                    Takes::Number => " int",
                    Takes::List => " list",
                };
                format!("  {short} --{}{kind}", flag.long)
            };
            let width = self
                .flags
                .iter()
                .map(|flag| left(flag).len())
                .max()
                .unwrap_or_default();
            for flag in self.flags {
                out.push_str(&format!("{:width$}   {}\n", left(flag), flag.about));
            }
        }
        out
    }
}
