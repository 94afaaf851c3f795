//! `--env` and `--label`: `NAME=VALUE`.

use std::collections::BTreeMap;

use crate::store::image::set_env;

/// As Docker's client reads `--env`: a bare name hands on our own variable, and takes the container's away if we have
/// none. An empty text is refused.
pub(crate) fn read_env(list: &mut Vec<String>, text: &str) -> Result<(), String> {
    match text.split_once('=') {
        None if text.is_empty() => return Err("invalid environment variable: ".to_owned()),
        Some(("", _)) => return Err(format!("invalid environment variable: {text}")),
        Some(_) => list.push(text.to_owned()),
        None => list.push(match std::env::var(text) {
            Ok(value) => format!("{text}={value}"),
            Err(_) => text.to_owned(),
        }),
    }
    Ok(())
}

/// Puts one text of `--env` in the place of an earlier one about the same variable, or at the end.
pub(crate) fn put(env: &mut Vec<String>, text: &str) {
    let name = text.split('=').next();
    match env.iter_mut().find(|old| old.split('=').next() == name) {
        Some(old) => text.clone_into(old),
        None => env.push(text.to_owned()),
    }
}

/// Puts what `--env` said into an environment. A name without a value goes.
pub(crate) fn apply(env: &mut Vec<String>, given: &[String]) {
    for text in given {
        match text.split_once('=') {
            Some((name, value)) => set_env(env, name, value),
            None => env.retain(|old| old.split('=').next() != Some(text)),
        }
    }
}

/// `KEY=VALUE`, or a key alone.
pub(crate) fn pairs(list: &[String]) -> BTreeMap<String, String> {
    let pair = |text: &String| {
        let (key, value) = text.split_once('=').unwrap_or((text, ""));
        (key.to_owned(), value.to_owned())
    };
    list.iter().map(pair).collect()
}
