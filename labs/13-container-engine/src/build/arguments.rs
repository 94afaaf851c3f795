//! What follows an instruction's keyword: flags, words, pairs, ports, a command in one of its forms.
//! Docker's rules are in github.com/moby/buildkit, frontend/dockerfile: parser/line_parsers.go and
//! instructions/parse.go; the texts of the errors, too.

use crate::build::lines::{Instruction, split_blank};
use crate::build::refusal::BadArguments;
use crate::build::step::Words;
use crate::build::words::split;

type Result<T> = std::result::Result<T, BadArguments>;

/// Of all flags that Docker and BuildKit have, pocket has but COPY's `--chown`.
pub(crate) fn check_flags(one: &Instruction) -> Result<()> {
    let docker: &[&str] = match one.keyword.as_str() {
        "COPY" => &["chown", "chmod", "exclude", "from", "link", "parents"],
        "FROM" => &["platform"],
        // Refused as a whole.
        "ADD" | "RUN" | "HEALTHCHECK" | "ONBUILD" => return Ok(()),
        _ => &[],
    };
    let mut seen = Vec::new();
    for (name, value) in &one.flags {
        let name = name.as_str();
        if !docker.contains(&name) {
            return Err(BadArguments::UnknownFlag(name.to_owned()));
        }
        if name == "chmod" {
            return Err(BadArguments::Chmod);
        }
        if name != "chown" {
            return Err(BadArguments::NotHere(format!("{} --{name}", one.keyword)));
        }
        if value.is_none() {
            return Err(BadArguments::NoValue(name.to_owned()));
        }
        if seen.contains(&name) {
            return Err(BadArguments::TwiceFlag(name.to_owned()));
        }
        seen.push(name);
    }
    Ok(())
}

/// The image of `FROM image` or `FROM image AS name`. A name for the only stage changes nothing.
pub(crate) fn from(one: &Instruction) -> Result<&str> {
    check_flags(one)?;
    let words: Vec<_> = one.rest.split_whitespace().collect();
    match words[..] {
        [image] => Ok(image),
        [image, as_word, name] if as_word.eq_ignore_ascii_case("as") => {
            let inside = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            if name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(inside) {
                Ok(image)
            } else {
                Err(BadArguments::StageName(name.to_owned()))
            }
        }
        _ => Err(BadArguments::From),
    }
}

/// All that follows, as one.
pub(crate) fn one(one: &Instruction) -> Result<&str> {
    if one.rest.is_empty() {
        return Err(BadArguments::ExactlyOne(one.keyword.clone()));
    }
    Ok(&one.rest)
}

/// Words, which quotes may hold together.
pub(crate) fn words(one: &Instruction, escape: char) -> Result<Vec<String>> {
    match split(&one.rest, escape) {
        words if words.is_empty() => Err(BadArguments::AtLeastOne(one.keyword.clone())),
        words => Ok(words),
    }
}

/// Words, which quotes do not hold together.
pub(crate) fn blank_separated(one: &Instruction) -> Result<Vec<String>> {
    let words: Vec<_> = one.rest.split_whitespace().map(str::to_owned).collect();
    if words.is_empty() {
        return Err(BadArguments::AtLeastOne(one.keyword.clone()));
    }
    Ok(words)
}

/// `name` or `name=value` of an ARG.
pub(crate) fn name_and_value(word: &str) -> Result<(&str, Option<&str>)> {
    match word.split_once('=') {
        Some(("", _)) => Err(BadArguments::Blank("ARG".to_owned())),
        Some((name, value)) => Ok((name, Some(value))),
        None => Ok((word, None)),
    }
}

/// `A=1 B="two words"`, or the old form `A the rest of the line`.
pub(crate) fn pairs(one: &Instruction, escape: char) -> Result<Vec<(String, String)>> {
    let words = words(one, escape)?;
    if !words[0].contains('=') {
        return match split_blank(&one.rest) {
            (_, "") => Err(BadArguments::TwoArguments(one.keyword.clone())),
            (name, value) => Ok(vec![(name.to_owned(), value.to_owned())]),
        };
    }
    let pair = |word: String| match word.split_once('=') {
        Some(("", _)) => Err(BadArguments::Blank(one.keyword.clone())),
        Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
        None => Err(BadArguments::NoEquals(word)),
    };
    words.into_iter().map(pair).collect()
}

/// The sources and the destination of COPY, in one list: words or JSON.
pub(crate) fn paths(one: &Instruction) -> Result<Vec<String>> {
    let words = match json(&one.rest)? {
        Some(words) => words,
        None => one.rest.split_whitespace().map(str::to_owned).collect(),
    };
    if words.len() < 2 {
        return Err(BadArguments::NoDestination(one.keyword.clone()));
    }
    if let Some(document) = words.iter().find(|word| word.starts_with("<<")) {
        return Err(BadArguments::NotHere(format!(
            "here-documents ({document})"
        )));
    }
    Ok(words)
}

/// CMD and ENTRYPOINT: what is no JSON array is for a shell, whatever it looks like.
pub(crate) fn command(rest: &str) -> Result<Words> {
    Ok(match json(rest)? {
        Some(words) => Words::Exec(words),
        None => Words::Shell(rest.to_owned()),
    })
}

/// SHELL's JSON array.
pub(crate) fn shell(one: &Instruction) -> Result<Vec<String>> {
    match json(&one.rest)? {
        Some(words) if !words.is_empty() => Ok(words),
        None if !one.rest.is_empty() => Err(BadArguments::NotJson(one.keyword.clone())),
        _ => Err(BadArguments::AtLeastOne(one.keyword.clone())),
    }
}

/// A JSON array of strings; `None` if it is no JSON array at all. What follows the array is dropped, as the
/// classic builder drops it.
fn json(text: &str) -> Result<Option<Vec<String>>> {
    let mut found = serde_json::Deserializer::from_str(text).into_iter::<Vec<serde_json::Value>>();
    let Some(Ok(values)) = found.next() else {
        return Ok(None);
    };
    let string = |value| match value {
        serde_json::Value::String(text) => Ok(text),
        _ => Err(BadArguments::NotOnlyStrings),
    };
    values
        .into_iter()
        .map(string)
        .collect::<Result<_>>()
        .map(Some)
}

/// `80`, `80/udp`, `8000-8002/tcp`: each port with its protocol.
pub(crate) fn ports(word: &str) -> Result<Vec<String>> {
    let (numbers, protocol) = word.split_once('/').unwrap_or((word, "tcp"));
    if numbers.contains(':') {
        // Docker drops the part of the host, silently.
        return Err(BadArguments::NotHere(format!(
            "EXPOSE with a port of the host ({word})"
        )));
    }
    let (first, last) = numbers.split_once('-').unwrap_or((numbers, numbers));
    let bad = || BadArguments::Port(numbers.to_owned());
    let number = |text: &str| text.parse::<u16>().map_err(|_| bad());
    let (first, last) = (number(first)?, number(last)?);
    if last < first {
        return Err(bad());
    }
    let protocol = match protocol.to_lowercase() {
        empty if empty.is_empty() => "tcp".to_owned(),
        known if ["sctp", "tcp", "udp"].contains(&known.as_str()) => known,
        _ => return Err(BadArguments::Protocol(protocol.to_owned())),
    };
    Ok((first..=last)
        .map(|port| format!("{port}/{protocol}"))
        .collect())
}

/// Only `HEALTHCHECK NONE` is taken: pocket checks nobody's health.
pub(crate) fn healthcheck(one: &Instruction) -> Result<()> {
    let (kind, rest) = split_blank(&one.rest);
    match kind.to_uppercase().as_str() {
        "" => Err(BadArguments::AtLeastOne(one.keyword.clone())),
        "NONE" if rest.is_empty() && one.flags.is_empty() => Ok(()),
        "NONE" => Err(BadArguments::HealthNone),
        "CMD" => Err(BadArguments::NotHere("HEALTHCHECK but for NONE".to_owned())),
        other => Err(BadArguments::HealthType(other.to_owned())),
    }
}
