//! What happened, when, to whom: one line of JSON for each event, appended by whoever makes it
//! happen.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::store::config::Config;
use crate::store::disk::Store;
use crate::time::{Nanos, fixed, now};

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Event {
    pub(crate) time: Nanos,
    /// `container` or `image`.
    pub(crate) kind: String,
    pub(crate) action: String,
    pub(crate) id: String,
    pub(crate) attributes: BTreeMap<String, String>,
}

/// Past this size the file moves aside and a new one begins.
const LIMIT: u64 = 1 << 20;

/// Records an event about a container. A full disk must not keep a container from ending: what
/// cannot be recorded is not.
pub(crate) fn record(store: &Store, config: &Config, action: &str, more: &[(&str, String)]) {
    append(
        store,
        "container",
        action,
        &config.id,
        attributes(config, more),
    );
}

/// Records an event about an image.
pub(crate) fn record_image(store: &Store, id: &str, name: &str, action: &str) {
    let attributes = BTreeMap::from([("name".to_owned(), name.to_owned())]);
    append(
        store,
        "image",
        action,
        &crate::store::image::full_id(id),
        attributes,
    );
}

fn append(store: &Store, kind: &str, action: &str, id: &str, attributes: BTreeMap<String, String>) {
    let Ok(file) = open(store) else { return };
    write(&file, kind, action, id, attributes);
    if file.metadata().is_ok_and(|data| data.len() > LIMIT) {
        // Not recorded is the worst that can come of it; and it is tried again with the next event.
        let _ = move_aside(&store.events(), &full(store), &file);
    }
}

/// Moves a full record aside. Several may find it full at once: the first moves it, and by then the name means another
/// file for the others, which would take the place of the full one.
fn move_aside(path: &Path, full: &Path, file: &File) -> io::Result<()> {
    // Freed when `file` is closed.
    file.lock()?;
    if fs::metadata(path)?.ino() == file.metadata()?.ino() {
        fs::rename(path, full)?;
    }
    Ok(())
}

/// Where the record is that was full before the one of today.
pub(crate) fn full(store: &Store) -> PathBuf {
    store.events().with_extension("old")
}

/// Opens the record for appending: for who will soon see another root file system.
pub(crate) fn open(store: &Store) -> io::Result<File> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .open(store.events())
}

/// As [`record`], to a file opened before.
pub(crate) fn record_to(file: &File, config: &Config, action: &str, more: &[(&str, String)]) {
    write(
        file,
        "container",
        action,
        &config.id,
        attributes(config, more),
    );
}

fn attributes(config: &Config, more: &[(&str, String)]) -> BTreeMap<String, String> {
    let mut attributes = config.labels.clone();
    attributes.insert("image".into(), config.image.clone());
    attributes.insert("name".into(), config.name.clone());
    attributes.extend(
        more.iter()
            .map(|(key, value)| ((*key).to_owned(), value.clone())),
    );
    attributes
}

fn write(
    mut file: &File,
    kind: &str,
    action: &str,
    id: &str,
    attributes: BTreeMap<String, String>,
) {
    let event = Event {
        time: now(),
        kind: kind.into(),
        action: action.into(),
        id: id.into(),
        attributes,
    };
    let Ok(mut line) = serde_json::to_vec(&event) else {
        return;
    };
    line.push(b'\n');
    // One write to a file opened for appending lands in one piece at the end: open(2), O_APPEND.
    let _ = file.write_all(&line);
}

impl Event {
    /// As `docker events` prints it.
    pub(crate) fn line(&self) -> String {
        let list: Vec<_> = self
            .attributes
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        format!(
            "{} {} {} {} ({})",
            fixed(self.time),
            self.kind,
            self.action,
            self.id,
            list.join(", ")
        )
    }

    /// As a template sees it.
    pub(crate) fn json(&self) -> Value {
        json!({
            "status": self.action,
            "id": self.id,
            "from": self.attributes.get("image"),
            "Type": self.kind,
            "Action": self.action,
            "Actor": { "ID": self.id, "Attributes": self.attributes },
            "scope": "local",
            "time": self.time / 1_000_000_000,
            "timeNano": self.time,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_that_find_the_record_full_one_moves_it() {
        let folder = std::env::temp_dir().join(format!("pocket-events-{}", std::process::id()));
        fs::create_dir(&folder).expect("a folder");
        let (path, full) = (folder.join("events"), folder.join("events.old"));
        fs::write(&path, "full").expect("a record");
        let writers = [
            File::open(&path).expect("opened"),
            File::open(&path).expect("opened"),
        ];
        let [first, second] = writers;
        move_aside(&path, &full, &first).expect("moved");
        drop(first);
        fs::write(&path, "new").expect("a record");
        move_aside(&path, &full, &second).expect("left alone");
        let texts = [&full, &path].map(|path| fs::read_to_string(path).expect("read"));
        fs::remove_dir_all(&folder).expect("removed");
        assert_eq!(texts, ["full", "new"]);
    }
}
