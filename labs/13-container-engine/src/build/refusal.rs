//! Why an instruction of a Dockerfile is refused: in Docker's words, where Docker refuses it, too.

use std::fmt;

use crate::build::words::BadWord;

/// Why an instruction is refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BadArguments {
    /// Docker has it, pocket has not.
    NotHere(String),
    Unknown(String),
    UnknownFlag(String),
    TwiceFlag(String),
    NoValue(String),
    Chmod,
    AtLeastOne(String),
    ExactlyOne(String),
    NoDestination(String),
    NotOnlyStrings,
    NotJson(String),
    Blank(String),
    TwoArguments(String),
    NoEquals(String),
    From,
    StageName(String),
    BlankBase,
    Reference(String),
    NoFolder,
    Signal(String),
    Port(String),
    Protocol(String),
    HealthNone,
    HealthType(String),
    Word(String, BadWord),
}

impl fmt::Display for BadArguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotHere(what) => write!(f, "pocket does not have {what}"),
            Self::Unknown(keyword) => write!(f, "unknown instruction: {keyword}"),
            Self::UnknownFlag(flag) => write!(f, "Unknown flag: {flag}"),
            Self::TwiceFlag(flag) => write!(f, "Duplicate flag specified: {flag}"),
            Self::NoValue(flag) => write!(f, "Missing a value on flag: {flag}"),
            Self::Chmod => write!(
                f,
                "the --chmod option requires BuildKit, which pocket does not have: set the permissions of the file itself"
            ),
            Self::AtLeastOne(keyword) => write!(f, "{keyword} requires at least one argument"),
            Self::ExactlyOne(keyword) => write!(f, "{keyword} requires exactly one argument"),
            Self::NoDestination(keyword) => write!(
                f,
                "{keyword} requires at least two arguments, but only one was provided. Destination could not be determined."
            ),
            Self::NotOnlyStrings => write!(
                f,
                "When using JSON array syntax, arrays must be comprised of strings only."
            ),
            Self::NotJson(keyword) => {
                write!(f, "{keyword} requires the arguments to be in JSON form")
            }
            Self::Blank(keyword) => write!(f, "{keyword} names can not be blank"),
            Self::TwoArguments(keyword) => write!(f, "{keyword} must have two arguments"),
            Self::NoEquals(word) => write!(
                f,
                "Syntax error - can't find = in {word:?}. Must be of the form: name=value"
            ),
            Self::From => write!(f, "FROM requires either one or three arguments"),
            Self::StageName(name) => write!(
                f,
                "invalid name for build stage: {name:?}, name can't start with a number or contain symbols"
            ),
            Self::BlankBase => write!(f, "base name should not be blank"),
            Self::Reference(name) => write!(f, "invalid reference format: {name}"),
            Self::NoFolder => write!(f, "cannot normalize nothing"),
            Self::Signal(name) => write!(f, "Invalid signal: {name}"),
            Self::Port(port) => write!(f, "Invalid containerPort: {port}"),
            Self::Protocol(name) => write!(f, "Invalid proto: {name}"),
            Self::HealthNone => write!(f, "HEALTHCHECK NONE takes no arguments"),
            Self::HealthType(name) => write!(f, "Unknown type {name:?} in HEALTHCHECK (try CMD)"),
            Self::Word(word, bad) => write!(f, "failed to process {word:?}: {bad}"),
        }
    }
}
