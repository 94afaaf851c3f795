//! The words of a Dockerfile: where one ends, what its quotes protect, which variables it names.
//! Docker's rules: <https://docs.docker.com/reference/dockerfile/#environment-replacement>.

use std::fmt;
use std::iter::Peekable;
use std::str::Chars;

/// What cannot be filled in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BadWord {
    /// A quote without its end.
    Quote(char),
    /// `${` without `}`.
    Brace,
    /// `${}`, `${:`.
    Substitution,
    /// A form of which only BuildKit knows.
    Modifier(String),
    /// `${x:?why}`, and x has no value.
    Unset(String, String),
}

impl fmt::Display for BadWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quote('\'') => write!(
                f,
                "unexpected end of statement while looking for matching single-quote"
            ),
            Self::Quote(_) => write!(
                f,
                "unexpected end of statement while looking for matching double-quote"
            ),
            Self::Brace => write!(f, "syntax error: missing '}}'"),
            Self::Substitution => write!(f, "syntax error: bad substitution"),
            Self::Modifier(sign) => write!(
                f,
                "pocket does not have the modifier ({sign}) in a substitution"
            ),
            Self::Unset(name, message) => write!(f, "{name}: {message}"),
        }
    }
}

/// Fills variables in, and removes quotes.
pub(crate) struct Filler<'a> {
    pub(crate) escape: char,
    /// What a variable's value is, if it has one.
    pub(crate) value: &'a dyn Fn(&str) -> Option<String>,
}

type Letters<'t> = Peekable<Chars<'t>>;

impl Filler<'_> {
    /// Replaces `$X`, `${X}`, `${X:-default}`, `${X:+other}`, `${X:?why}` and `${X?why}`.
    pub(crate) fn fill(&self, text: &str) -> Result<String, BadWord> {
        self.fill_to(&mut text.chars().peekable(), None)
    }

    /// To the letter `end`, or to the end.
    fn fill_to(&self, letters: &mut Letters<'_>, end: Option<char>) -> Result<String, BadWord> {
        let mut out = String::new();
        while let Some(letter) = letters.next() {
            match letter {
                c if Some(c) == end => return Ok(out),
                '\'' => loop {
                    match letters.next().ok_or(BadWord::Quote('\''))? {
                        '\'' => break,
                        c => out.push(c),
                    }
                },
                '"' => self.quoted(letters, &mut out)?,
                '$' => out.push_str(&self.variable(letters)?),
                // At the very end it is nothing.
                c if c == self.escape => out.extend(letters.next()),
                c => out.push(c),
            }
        }
        end.map_or(Ok(out), |_| Err(BadWord::Brace))
    }

    /// To the end of a double quote, in which the escape sign protects three letters and is itself before others.
    fn quoted(&self, letters: &mut Letters<'_>, out: &mut String) -> Result<(), BadWord> {
        loop {
            match letters.next().ok_or(BadWord::Quote('"'))? {
                '"' => return Ok(()),
                '$' => out.push_str(&self.variable(letters)?),
                c if c == self.escape => {
                    let protected = letters.next_if(|c| ['"', '$', self.escape].contains(c));
                    out.push(protected.unwrap_or(c));
                }
                c => out.push(c),
            }
        }
    }

    /// What follows a `$`.
    fn variable(&self, letters: &mut Letters<'_>) -> Result<String, BadWord> {
        let value = |name: &str| (self.value)(name).unwrap_or_default();
        if letters.next_if_eq(&'{').is_none() {
            let name = name(letters);
            return Ok(if name.is_empty() {
                "$".to_owned()
            } else {
                value(&name)
            });
        }
        match letters.peek() {
            None => return Err(BadWord::Brace),
            Some('{' | '}' | ':') => return Err(BadWord::Substitution),
            Some(_) => {}
        }
        let name = name(letters);
        let set = (self.value)(&name);
        let sign = letters.next().ok_or(BadWord::Brace)?;
        match sign {
            '}' => return Ok(set.unwrap_or_default()),
            '?' => {
                let message = self.fill_to(letters, Some('}'))?;
                return set.ok_or_else(|| unset(name, message, "unset"));
            }
            ':' => {}
            other => return Err(BadWord::Modifier(other.to_string())),
        }
        let sign = letters.next().ok_or(BadWord::Brace)?;
        let word = self.fill_to(letters, Some('}'))?;
        let full = set.as_ref().filter(|set| !set.is_empty());
        match sign {
            '-' => Ok(full.cloned().unwrap_or(word)),
            '+' => Ok(full.map(|_| word).unwrap_or_default()),
            '?' => full
                .cloned()
                .ok_or_else(|| unset(name, word, if set.is_some() { "empty" } else { "unset" })),
            other => Err(BadWord::Modifier(format!(":{other}"))),
        }
    }
}

fn unset(name: String, message: String, state: &str) -> BadWord {
    let message = Some(message).filter(|message| !message.is_empty());
    BadWord::Unset(
        name,
        message.unwrap_or_else(|| format!("is not allowed to be {state}")),
    )
}

/// A variable's name: letters, digits and `_`, or digits alone, or one of the shell's special signs.
fn name(letters: &mut Letters<'_>) -> String {
    let mut name = String::new();
    let digits = letters.peek().is_some_and(char::is_ascii_digit);
    if let Some(special) = letters.next_if(|c| "@*#?-$!".contains(*c)) {
        return special.to_string();
    }
    while let Some(c) = letters.next_if(|c| {
        if digits {
            c.is_ascii_digit()
        } else {
            c.is_alphanumeric() || *c == '_'
        }
    }) {
        name.push(c);
    }
    name
}

/// Splits at blanks that no quote and no escape sign protects; both stay.
pub(crate) fn split(text: &str, escape: char) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    let mut letters = text.chars();
    while let Some(c) = letters.next() {
        match c {
            c if c == escape && quote != Some('\'') => {
                // At the very end it is nothing.
                if let Some(next) = letters.next() {
                    word.extend([c, next]);
                }
                continue;
            }
            '\'' | '"' if quote.is_none() => quote = Some(c),
            c if quote == Some(c) => quote = None,
            c if c.is_whitespace() && quote.is_none() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                continue;
            }
            _ => {}
        }
        word.push(c);
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests;
