//! The names of containers. A name is a second link to the file that describes its container:
//! `link(2)` fails when the name exists already, so of two that want it, one gets it.

use std::fs;
use std::io;
use std::path::Path;

use crate::error::{Context, Result, daemon};
use crate::store::config::Config;
use crate::store::disk::{Store, read_json, short_id};

/// Writes the description to `file` and gives it the name in it.
pub(crate) fn take(store: &Store, config: &Config, file: &Path) -> Result<()> {
    let name = &config.name;
    let mut letters = name.chars();
    let valid = letters.next().is_some_and(|c| c.is_ascii_alphanumeric())
        && name.len() > 1
        && letters.all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c));
    if !valid || name.len() > 200 {
        return Err(daemon!(
            "Invalid container name ({name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"
        ));
    }
    let text = serde_json::to_vec(config).map_err(io::Error::from);
    text.and_then(|text| fs::write(file, text))
        .at("write", file)?;
    let link = store.names().join(name);
    let error = match fs::hard_link(file, &link) {
        Ok(()) => return Ok(()),
        Err(error) => error,
    };
    if error.kind() != io::ErrorKind::AlreadyExists {
        return Err(error).at("name", &link);
    }
    let owner = read_json::<Config>(&link)
        .map(|owner| owner.id)
        .unwrap_or_default();
    Err(daemon!(
        "Conflict. The container name \"/{name}\" is already in use by container \"{owner}\". You have to remove (or rename) that container to be able to reuse that name."
    ))
}

/// Takes a name for those who gave none.
pub(crate) fn invent(store: &Store, config: &mut Config, file: &Path) -> Result<()> {
    const HOW: [&str; 16] = [
        "calm", "patient", "graceful", "quiet", "steady", "brisk", "nimble", "tidy", "bright",
        "gentle", "keen", "humble", "merry", "sober", "swift", "wise",
    ];
    const WHO: [&str; 16] = [
        "thompson",
        "ritchie",
        "kernighan",
        "mcilroy",
        "bourne",
        "joy",
        "hopper",
        "lovelace",
        "hamilton",
        "liskov",
        "dijkstra",
        "lamport",
        "knuth",
        "perlman",
        "allen",
        "hoare",
    ];
    let digits =
        |from: usize| u64::from_str_radix(&config.id[from..from + 8], 16).unwrap_or_default();
    let pick = |list: [&'static str; 16], number: u64| {
        list[usize::try_from(number % 16).unwrap_or_default()]
    };
    let base = format!("{}_{}", pick(HOW, digits(0)), pick(WHO, digits(8)));
    config.name.clone_from(&base);
    if take(store, config, file).is_ok() {
        return Ok(());
    }
    // The id is unique, and so is a name that holds it.
    config.name = format!("{base}_{}", short_id(&config.id));
    take(store, config, file)
}
