//! Images: what a container starts with.
//!
//! Below every image lies this machine's own root file system; an image adds a few files to it
//! (`files/`) and says what to run (`image.json`).

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Context, Result};
use crate::store::disk::{Store, link_name, read_json, replace_link, short_id};
use crate::store::files::Folder;
use crate::time::Nanos;

/// What PATH is when nobody says so.
pub(crate) const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What an image says about its containers.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Config {
    pub(crate) entrypoint: Option<Vec<String>>,
    pub(crate) cmd: Option<Vec<String>>,
    pub(crate) shell: Option<Vec<String>>,
    /// `NAME=VALUE`, in the order of definition.
    pub(crate) env: Vec<String>,
    pub(crate) workdir: String,
    pub(crate) user: String,
    pub(crate) stop_signal: Option<String>,
    /// `3000/tcp`.
    pub(crate) exposed: Vec<String>,
    pub(crate) labels: BTreeMap<String, String>,
}

/// An image on disk.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Image {
    /// 64 hexadecimal digits.
    pub(crate) id: String,
    pub(crate) created: Nanos,
    pub(crate) config: Config,
}

impl Image {
    /// The folder whose files lie over the base.
    pub(crate) fn files(store: &Store, id: &str) -> PathBuf {
        store.images().join(id).join("files")
    }

    fn load(store: &Store, id: &str) -> io::Result<Self> {
        read_json(&store.images().join(id).join("image.json"))
    }

    /// By `NAME`, `NAME:TAG`, or a prefix of the id.
    pub(crate) fn find(store: &Store, name: &str) -> Option<Self> {
        if let Ok(target) = fs::read_link(store.tags().join(tag_file(&with_tag(name)))) {
            return Self::load(store, &link_name(&target)).ok();
        }
        let prefix = name.strip_prefix("sha256:").unwrap_or(name);
        if prefix.len() < 4 || !prefix.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let mut found = ids(store).filter(|id| id.starts_with(prefix));
        let id = found.next().filter(|_| found.next().is_none())?;
        Self::load(store, &id).ok()
    }

    /// All of them, newest first, each with its names.
    pub(crate) fn all(store: &Store) -> Vec<(Self, Vec<String>)> {
        let mut all: Vec<_> = ids(store)
            .filter_map(|id| Self::load(store, &id).ok())
            .map(|image| (image.tags(store), image))
            .map(|(tags, image)| (image, tags))
            .collect();
        all.sort_by_key(|(image, _)| std::cmp::Reverse(image.created));
        all
    }

    /// The names that lead to this image, sorted.
    pub(crate) fn tags(&self, store: &Store) -> Vec<String> {
        let mut tags: Vec<_> = tags(store)
            .filter(|(_, id)| *id == self.id)
            .map(|(tag, _)| tag)
            .collect();
        tags.sort();
        tags
    }

    /// How many bytes its own files hold.
    pub(crate) fn size(&self, store: &Store) -> u64 {
        fn walk(path: &Path) -> u64 {
            let Ok(data) = fs::symlink_metadata(path) else {
                return 0;
            };
            if !data.is_dir() {
                return data.len();
            }
            let Ok(entries) = fs::read_dir(path) else {
                return 0;
            };
            entries.flatten().map(|entry| walk(&entry.path())).sum()
        }
        walk(&Self::files(store, &self.id))
    }

    /// Gives the image one more name. An older image that loses its last name by that, and that no
    /// container uses, is deleted: nothing could ever reach it again.
    pub(crate) fn tag(&self, store: &Store, name: &str, used: impl Fn(&str) -> bool) -> Result<()> {
        let _lock = store.lock_images(true)?;
        let link = store.tags().join(tag_file(&with_tag(name)));
        let target = Path::new("../images").join(&self.id);
        let displaced = replace_link(&target, &link).at("tag", &link)?;
        if let Some(old) = displaced
            .map(|path| link_name(&path))
            .filter(|old| *old != self.id)
            && !tags(store).any(|(_, id)| id == old)
            && !used(&old)
        {
            delete(store, &old)?;
        }
        Ok(())
    }
}

/// Deletes an image's folder. The caller holds the lock of the images and knows it is unused.
pub(crate) fn delete(store: &Store, id: &str) -> Result<()> {
    let images = store.images();
    match Folder::open(&images).and_then(|images| images.remove(OsStr::new(id))) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).at("delete", &images.join(id))
        }
        _ => Ok(()),
    }
}

/// Takes one name away.
pub(crate) fn untag(store: &Store, name: &str) -> Result<()> {
    let link = store.tags().join(tag_file(&with_tag(name)));
    fs::remove_file(&link).at("untag", &link)
}

fn ids(store: &Store) -> impl Iterator<Item = String> + use<> {
    let entries = fs::read_dir(store.images()).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned())
}

fn tags(store: &Store) -> impl Iterator<Item = (String, String)> + use<> {
    fs::read_dir(store.tags())
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let target = fs::read_link(entry.path()).ok()?;
            let name = entry.file_name().to_string_lossy().replace('%', "/");
            Some((name, link_name(&target))).filter(|(name, _)| !name.contains(".tmp"))
        })
}

/// `web` is `web:latest`.
pub(crate) fn with_tag(name: &str) -> String {
    let last = name.rsplit('/').next().unwrap_or_default();
    if last.contains(':') {
        name.to_owned()
    } else {
        format!("{name}:latest")
    }
}

/// The name as one file name. `%` cannot occur in the name of an image.
fn tag_file(name: &str) -> String {
    name.replace('/', "%")
}

/// Whether Docker would take this as the name of an image: the grammar of
/// github.com/distribution/reference, but for digests.
pub(crate) fn is_reference(name: &str) -> bool {
    let (path, tag) = match name.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => (path, tag),
        _ => (name, "latest"),
    };
    let host = path.split_once('/').filter(|(first, _)| is_host(first));
    let path = host.map_or(path, |(_, rest)| rest);
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    path.split('/').all(is_component)
        && tag.len() <= 128
        && tag.starts_with(word)
        && tag.chars().all(|c| word(c) || c == '.' || c == '-')
}

/// A registry: what stands before the first slash, if it could be no folder.
fn is_host(text: &str) -> bool {
    let (name, port) = text.split_once(':').unwrap_or((text, "0"));
    let label = |part: &str| {
        let inside = |c: char| c.is_ascii_alphanumeric() || c == '-';
        !part.is_empty()
            && part.chars().all(inside)
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    (text.contains(['.', ':']) || text == "localhost")
        && name.split('.').all(label)
        && !port.is_empty()
        && port.bytes().all(|b| b.is_ascii_digit())
}

/// Small letters and digits; between them `.`, `_`, `__` or any number of `-`.
fn is_component(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let mut between = text.split(plain).filter(|part| !part.is_empty());
    text.starts_with(plain)
        && text.ends_with(plain)
        && between.all(|part| matches!(part, "." | "_" | "__") || part.bytes().all(|b| b == b'-'))
}

/// Sets a variable where it stands, or at the end.
pub(crate) fn set_env(env: &mut Vec<String>, name: &str, value: &str) {
    let text = format!("{name}={value}");
    match env
        .iter_mut()
        .find(|old| old.split('=').next() == Some(name))
    {
        Some(old) => *old = text,
        None => env.push(text),
    }
}

/// `sha256:`, then the id: how Docker prints an image's id in full.
pub(crate) fn full_id(id: &str) -> String {
    format!("sha256:{id}")
}

/// For messages and tables.
pub(crate) fn display_id(id: &str, whole: bool) -> String {
    if whole {
        full_id(id)
    } else {
        short_id(id).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_images() {
        for name in [
            "a",
            "a:b",
            "a/b",
            "a.b/c",
            "localhost:5000/a",
            "localhost:5000/a/b:T_1.x-",
            "a__b",
            "a--b",
            "0",
        ] {
            assert!(is_reference(name), "{name}");
        }
        let long = format!("a:{}", "x".repeat(129));
        for name in [
            "",
            "A",
            "a b",
            "a:",
            ":a",
            "a:b:c",
            "a:.b",
            "a:-b",
            "/a",
            "a/",
            "a//b",
            "-a",
            "a-",
            "a._b",
            "a..b",
            "a___b",
            "a:b/",
            "a%b",
            long.as_str(),
        ] {
            assert!(!is_reference(name), "{name}");
        }
    }
}
