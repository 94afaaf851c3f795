//! A command line, read as Docker's client reads it: by the rules of the Go library pflag
//! (<https://github.com/spf13/pflag/blob/v1.0.6/flag.go>, `parseLongArg` and `parseSingleShortArg`). They are not those
//! of getopt, nor of any Rust library: `-it=false` is `-i` and `-t=false`, and `--rm false` is `--rm` and an argument.

use std::collections::VecDeque;
use std::ffi::OsString;

use crate::cli::command::{Command, usage_error};
use crate::cli::flag::Flag;
use crate::error::{Error, Result};

/// What a command line means.
pub(crate) enum Parse<C> {
    /// The command with its flags filled in, and the arguments.
    Run(C, Vec<String>),
    Help,
}

/// Reads what follows the command's name.
pub(crate) fn parse<C: Command>(words: Vec<OsString>) -> Result<Parse<C>> {
    let words = words.into_iter().map(|word| {
        word.into_string()
            .map_err(|bad| wrong::<C>(format!("not UTF-8: {}", bad.to_string_lossy())))
    });
    let mut words: VecDeque<String> = words.collect::<Result<_>>()?;
    let (flags, mut command, mut args) = (C::flags(), C::default(), Vec::new());
    while let Some(word) = words.pop_front() {
        let more = match word.strip_prefix('-') {
            None | Some("") => {
                args.push(word);
                if C::PASSES_ON {
                    args.extend(words.drain(..));
                }
                continue;
            }
            Some("-") => {
                args.extend(words.drain(..));
                continue;
            }
            Some(rest) => match rest.strip_prefix('-') {
                Some(long) => long_flag(&flags, &mut command, long, &mut words)?,
                None => short_flags(&flags, &mut command, rest, &mut words)?,
            },
        };
        if !more {
            return Ok(Parse::Help);
        }
    }
    count::<C>(args.len())?;
    Ok(Parse::Run(command, args))
}

/// `--name`, `--name=value`, `--name value`. False: it asks for help.
fn long_flag<C: Command>(
    flags: &[Flag<C>],
    command: &mut C,
    text: &str,
    words: &mut VecDeque<String>,
) -> Result<bool> {
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (text, None),
    };
    if name.is_empty() || name.starts_with('-') {
        return Err(wrong::<C>(format!("bad flag syntax: --{text}")));
    }
    let Some(flag) = flags.iter().find(|flag| flag.long == name) else {
        return match name {
            "help" => Ok(false),
            _ if C::LACKS.contains(&name) => Err(lacks::<C>(&format!("--{name}"))),
            _ => Err(wrong::<C>(format!("unknown flag: --{name}"))),
        };
    };
    let missing = || wrong::<C>(format!("flag needs an argument: --{name}"));
    let value = match value {
        None if flag.takes_nothing() => "true".to_owned(),
        None => words.pop_front().ok_or_else(missing)?,
        Some(value) => value,
    };
    set(flag, command, &value).map(|()| true)
}

/// `-a`, `-ab`, `-a=value`, `-avalue`, `-a value`. False: it asks for help.
fn short_flags<C: Command>(
    flags: &[Flag<C>],
    command: &mut C,
    text: &str,
    words: &mut VecDeque<String>,
) -> Result<bool> {
    let mut letters = text.chars();
    let mut here = text;
    while let Some(letter) = letters.next() {
        let rest = letters.as_str();
        let Some(flag) = flags.iter().find(|flag| flag.short == Some(letter)) else {
            return match letter {
                'h' => Ok(false),
                _ if C::LACKS.contains(&format!("-{letter}").as_str()) => {
                    Err(lacks::<C>(&format!("-{letter}")))
                }
                _ => Err(wrong::<C>(format!(
                    "unknown shorthand flag: '{letter}' in -{here}"
                ))),
            };
        };
        let assigned = rest.strip_prefix('=').filter(|value| !value.is_empty());
        let value = match assigned {
            Some(value) => value.to_owned(),
            None if flag.takes_nothing() => {
                set(flag, command, "true")?;
                here = rest;
                continue;
            }
            None if !rest.is_empty() => rest.to_owned(),
            None => words.pop_front().ok_or_else(|| {
                wrong::<C>(format!("flag needs an argument: '{letter}' in -{here}"))
            })?,
        };
        return set(flag, command, &value).map(|()| true);
    }
    Ok(true)
}

fn set<C: Command>(flag: &Flag<C>, command: &mut C, value: &str) -> Result<()> {
    flag.set(command, value).map_err(|why| {
        let names = flag.names();
        wrong::<C>(format!(
            "invalid argument {value:?} for \"{names}\" flag: {why}"
        ))
    })
}

/// Docker has it, and pocket has not: another message than for what nobody has.
fn lacks<C: Command>(flag: &str) -> Error {
    wrong::<C>(format!("pocket does not have {flag}"))
}

fn wrong<C: Command>(message: String) -> Error {
    usage_error::<C>(message, "Run", 125)
}

fn count<C: Command>(count: usize) -> Result<()> {
    if C::ARGUMENTS.contains(&count) {
        return Ok(());
    }
    let plural = |number: usize| if number == 1 { "" } else { "s" };
    let (wants, hint) = match (*C::ARGUMENTS.start(), *C::ARGUMENTS.end()) {
        (_, 0) => ("accepts no arguments".to_owned(), "Run"),
        (0, most) => (
            format!("requires at most {most} argument{}", plural(most)),
            "Run",
        ),
        (least, usize::MAX) => (
            format!("requires at least {least} argument{}", plural(least)),
            "See",
        ),
        (least, most) if least == most => {
            (format!("requires {least} argument{}", plural(least)), "Run")
        }
        (least, most) => (
            format!("requires at least {least} and at most {most} arguments"),
            "Run",
        ),
    };
    let message = format!("docker: 'docker {}' {wants}", C::NAME);
    Err(usage_error::<C>(message, hint, 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::flag::{list, number_flag, switch, text};

    #[derive(Debug, Default, PartialEq, Eq)]
    struct Try {
        interactive: bool,
        tty: bool,
        env: Vec<String>,
        name: Option<String>,
        time: Option<i64>,
    }

    impl Command for Try {
        const NAME: &'static str = "try";
        const USAGE: &'static str = " [OPTIONS]";
        const ABOUT: &'static str = "";
        const ARGUMENTS: RangeInclusive<usize> = 0..=usize::MAX;
        const PASSES_ON: bool = true;
        const LACKS: &'static [&'static str] = &["network", "-v"];
        fn flags() -> Vec<Flag<Self>> {
            vec![
                switch(Some('i'), "interactive", "", |it: &mut Self| {
                    &mut it.interactive
                }),
                switch(Some('t'), "tty", "", |it: &mut Self| &mut it.tty),
                list(Some('e'), "env", "", |it: &mut Self| &mut it.env),
                text(None, "name", "", |it: &mut Self| &mut it.name),
                number_flag(None, "time", "", |it: &mut Self| &mut it.time),
            ]
        }
        fn run(self, _: &[String]) -> Result<u8> {
            Ok(0)
        }
    }
    use std::ops::RangeInclusive;

    fn read(line: &str) -> (Try, Vec<String>) {
        match parse::<Try>(line.split(' ').map(OsString::from).collect()) {
            Ok(Parse::Run(filled, args)) => (filled, args),
            Ok(Parse::Help) => panic!("{line}: help"),
            Err(error) => panic!("{line}: {error}"),
        }
    }

    #[test]
    fn flags_in_every_form() {
        for (line, interactive, tty) in [
            ("-it", true, true),
            ("-i=true", true, false),
            ("-it=false", true, false),
            ("-t --tty=false", false, false),
            ("-i -i=0", false, false),
            ("--interactive=T", true, false),
        ] {
            let (filled, _) = read(line);
            assert_eq!(
                (filled.interactive, filled.tty),
                (interactive, tty),
                "{line}"
            );
        }
        let (filled, args) = read("-eA=1 -e=B -e C --env=D= --name= --time 0x10 x -i --name=y");
        assert_eq!(filled.env, ["A=1", "B", "C", "D="]);
        assert_eq!((filled.name.as_deref(), filled.time), (Some(""), Some(16)));
        assert_eq!(args, ["x", "-i", "--name=y"]);
        assert_eq!(read("-i -- -t").1, ["-t"]);
        assert_eq!(read("-").1, ["-"]);
    }

    #[test]
    fn what_cannot_be_read_is_said_as_docker_says_it() {
        for (line, want) in [
            ("--bogus=1", "unknown flag: --bogus"),
            ("-iz", "unknown shorthand flag: 'z' in -z"),
            ("-zi", "unknown shorthand flag: 'z' in -zi"),
            ("-i=", "unknown shorthand flag: '=' in -="),
            ("--network host", "pocket does not have --network"),
            ("-iv", "pocket does not have -v"),
            ("--=x", "bad flag syntax: --=x"),
            ("---x", "bad flag syntax: ---x"),
            ("--name", "flag needs an argument: --name"),
            ("-ie", "flag needs an argument: 'e' in -e"),
            (
                "-i=maybe",
                "invalid argument \"maybe\" for \"-i, --interactive\" flag: strconv.ParseBool: parsing \"maybe\": invalid syntax",
            ),
        ] {
            let words = line.split(' ').map(OsString::from).collect();
            let Err(Error::Usage { message, code, .. }) = parse::<Try>(words) else {
                panic!("{line} was taken");
            };
            assert_eq!((message.as_str(), code), (want, 125), "{line}");
        }
    }

    #[test]
    fn help_is_asked_for_in_two_ways() {
        for line in ["--help", "-h", "-ih", "-i --help --bogus"] {
            let words = line.split(' ').map(OsString::from).collect();
            assert!(matches!(parse::<Try>(words), Ok(Parse::Help)), "{line}");
        }
    }
}
