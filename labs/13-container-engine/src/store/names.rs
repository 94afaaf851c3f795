//! The names of containers. A name is a second link to the file that describes its container:
//! `link(2)` fails when the name exists already, so of two that want it, one gets it.
//!
//! A container is described in a draft first, which its maker holds locked until it is a container: the draft of a maker
//! that was killed has no lock, and its name is free again.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::error::{Context, Result, daemon};
use crate::store::config::Config;
use crate::store::disk::{Store, read_json, short_id};

/// Writes the description to `draft` and gives it the name in it. Nobody else takes the name for as long as what is
/// returned lives; by its end the draft must be a container, or gone.
pub(crate) fn take(store: &Store, config: &Config, draft: &Path) -> Result<File> {
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
    let written = text.and_then(|text| {
        let mut file = File::create(draft)?;
        file.lock()?;
        file.write_all(&text)?;
        Ok(file)
    });
    let file = written.at("write", draft)?;
    let link = store.names().join(name);
    loop {
        match fs::hard_link(draft, &link) {
            Ok(()) => return Ok(file),
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(error).at("name", &link);
            }
            Err(_) if free(store, &link).at("name", &link)? => {}
            Err(_) => break,
        }
    }
    let owner = read_json::<Config>(&link)
        .map(|owner| owner.id)
        .unwrap_or_default();
    Err(daemon!(
        "Conflict. The container name \"/{name}\" is already in use by container \"{owner}\". You have to remove (or rename) that container to be able to reuse that name."
    ))
}

/// Whether a name that was taken is free now: its owner has gone, or was killed before it had made its container, and
/// what it left is cleared away.
fn free(store: &Store, link: &Path) -> io::Result<bool> {
    let file = match File::open(link) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(error),
    };
    match file.try_lock() {
        Ok(()) => {}
        // Its container is being made right now, or somebody else clears it away.
        Err(TryLockError::WouldBlock) => return Ok(false),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    // Before the lock was ours, the name may have become another's.
    let named = fs::metadata(link).map(|data| data.ino());
    if !named.is_ok_and(|inode| file.metadata().is_ok_and(|data| data.ino() == inode)) {
        return Ok(true);
    }
    let id = read_json::<Config>(link).map(|owner| owner.id);
    if let Ok(id) = &id
        && store.containers().join(format!("{id}.json")).exists()
    {
        return Ok(false);
    }
    fs::remove_file(link)?;
    if let Ok(id) = id {
        let _ = fs::remove_file(draft(store, &id));
    }
    Ok(true)
}

/// Where a container is described before it is one.
pub(crate) fn draft(store: &Store, id: &str) -> PathBuf {
    store.containers().join(format!("{id}.draft"))
}

/// Takes a name for those who gave none.
pub(crate) fn invent(store: &Store, config: &mut Config, draft: &Path) -> Result<File> {
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
    if let Ok(file) = take(store, config, draft) {
        return Ok(file);
    }
    // The id is unique, and so is a name that holds it.
    config.name = format!("{base}_{}", short_id(&config.id));
    take(store, config, draft)
}
