//! One flag of a command: its names, what `--help` says about it, and which field of the command it fills. This is
//! the only statement of a flag: parsing and help are made from it.

/// One flag of the command `C`.
pub(crate) struct Flag<C> {
    pub(crate) short: Option<char>,
    pub(crate) long: &'static str,
    pub(crate) about: &'static str,
    pub(crate) fills: Fills<C>,
}

/// The field that a flag fills, and by that what it takes.
pub(crate) enum Fills<C> {
    /// On or off: nothing, or `=true` and `=false`.
    Switch(fn(&mut C) -> &mut bool),
    /// The same where "not said" is a third answer.
    Choice(fn(&mut C) -> &mut Option<bool>),
    /// A whole number; the last one counts.
    Number(fn(&mut C) -> &mut Option<i64>),
    /// A text; the last one counts.
    Text(fn(&mut C) -> &mut Option<String>),
    /// A text; all count.
    List(fn(&mut C) -> &mut Vec<String>),
    /// A text that has to read as something else. All count; the error is the reason.
    Read(fn(&mut C, &str) -> Result<(), String>),
}

impl<C> Flag<C> {
    /// Whether it stands alone.
    pub(crate) fn takes_nothing(&self) -> bool {
        matches!(self.fills, Fills::Switch(_) | Fills::Choice(_))
    }

    /// `-t, --tty`: how messages name it.
    pub(crate) fn names(&self) -> String {
        match self.short {
            Some(short) => format!("-{short}, --{}", self.long),
            None => format!("--{}", self.long),
        }
    }

    /// What `--help` says it takes.
    pub(crate) fn kind(&self) -> &'static str {
        match self.fills {
            Fills::Switch(_) | Fills::Choice(_) => "",
            Fills::Text(_) => " string",
            Fills::Number(_) => " int",
            Fills::List(_) | Fills::Read(_) => " list",
        }
    }

    /// Fills the field; the error is the reason, in the words of Go's library.
    pub(crate) fn set(&self, command: &mut C, value: &str) -> Result<(), String> {
        match self.fills {
            Fills::Switch(field) => *field(command) = boolean(value)?,
            Fills::Choice(field) => *field(command) = Some(boolean(value)?),
            Fills::Number(field) => *field(command) = Some(number(value)?),
            Fills::Text(field) => *field(command) = Some(value.to_owned()),
            Fills::List(field) => field(command).push(value.to_owned()),
            Fills::Read(read) => read(command, value)?,
        }
        Ok(())
    }
}

macro_rules! constructors {
    ($($name:ident $kind:ident $field:ty;)*) => { $(
        #[doc = concat!("A flag that fills a [`Fills::", stringify!($kind), "`].")]
        pub(crate) const fn $name<C>(
            short: Option<char>,
            long: &'static str,
            about: &'static str,
            field: $field,
        ) -> Flag<C> {
            Flag { short, long, about, fills: Fills::$kind(field) }
        }
    )* };
}
constructors! {
    switch Switch fn(&mut C) -> &mut bool;
    choice Choice fn(&mut C) -> &mut Option<bool>;
    number_flag Number fn(&mut C) -> &mut Option<i64>;
    text Text fn(&mut C) -> &mut Option<String>;
    list List fn(&mut C) -> &mut Vec<String>;
    read Read fn(&mut C, &str) -> Result<(), String>;
}

/// As Go's `strconv.ParseBool`.
fn boolean(value: &str) -> Result<bool, String> {
    match value {
        "true" | "TRUE" | "True" | "t" | "T" | "1" => Ok(true),
        "false" | "FALSE" | "False" | "f" | "F" | "0" => Ok(false),
        _ => Err(format!(
            "strconv.ParseBool: parsing \"{value}\": invalid syntax"
        )),
    }
}

/// As Go's `strconv.ParseInt` with base 0: `0x10` and `010` are numbers in other bases.
fn number(value: &str) -> Result<i64, String> {
    use std::num::IntErrorKind::{NegOverflow, PosOverflow};
    let (sign, digits) = match value.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", value.strip_prefix('+').unwrap_or(value)),
    };
    let lower = digits.to_ascii_lowercase();
    let (base, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    let parsed = if digits.starts_with(['+', '-']) {
        i64::from_str_radix("", base)
    } else {
        i64::from_str_radix(&format!("{sign}{digits}"), base)
    };
    parsed.map_err(|error| {
        let why = match error.kind() {
            PosOverflow | NegOverflow => "value out of range",
            _ => "invalid syntax",
        };
        format!("strconv.ParseInt: parsing \"{value}\": {why}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_go_reads_them() {
        for (text, value) in [
            ("10", 10),
            ("-1", -1),
            ("+3", 3),
            ("0x10", 16),
            ("010", 8),
            ("0", 0),
        ] {
            assert_eq!(number(text), Ok(value), "{text}");
        }
        for text in ["", "x", "0x", "--1", "1.5", "08", " 1"] {
            assert!(
                number(text).unwrap_err().ends_with("invalid syntax"),
                "{text}"
            );
        }
        assert!(
            number("99999999999999999999")
                .unwrap_err()
                .ends_with("value out of range")
        );
    }
}
