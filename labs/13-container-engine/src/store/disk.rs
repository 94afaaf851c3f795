//! Where everything is kept, and how a file there changes: all at once or not at all.
//!
//! ```text
//! $POCKET_ROOT/
//!     images/ID/        image.json and files/, what COPY brought
//!     tags/NAME:TAG     a symbolic link to images/ID
//!     containers/       see container.rs
//!     names/NAME        one for each container
//!     events            one line of JSON for each event
//! ```

use std::env;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, symlink};
use std::path::{Path, PathBuf};

use nix::unistd::{geteuid, getpid};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Context, Result, client};

/// The folder that holds all state of one user's engine.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    root: PathBuf,
}

impl Store {
    /// `$POCKET_ROOT`, else /var/lib/pocket for root, else `$XDG_DATA_HOME/pocket` or
    /// ~/.local/share/pocket. Its folders are made when they are missing.
    pub(crate) fn open() -> Result<Self> {
        let root = Self::place()?;
        let store = Self { root };
        if !store.names().is_dir() {
            for folder in [
                store.images(),
                store.tags(),
                store.containers(),
                store.names(),
            ] {
                // What containers hold is nobody else's business: 0700.
                let made = fs::DirBuilder::new()
                    .recursive(true)
                    .mode(0o700)
                    .create(&folder);
                made.at("create", &folder)?;
            }
        }
        Ok(store)
    }

    fn place() -> Result<PathBuf> {
        let set = |name| {
            env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        if let Some(root) = set("POCKET_ROOT") {
            return std::path::absolute(&root).at("use", &root);
        }
        if geteuid().is_root() {
            return Ok(PathBuf::from("/var/lib/pocket"));
        }
        if let Some(data) = set("XDG_DATA_HOME").filter(|path| path.is_absolute()) {
            return Ok(data.join("pocket"));
        }
        match set("HOME").filter(|path| path.is_absolute()) {
            Some(home) => Ok(home.join(".local/share/pocket")),
            None => Err(client!(
                "pocket: nowhere to keep state: set HOME or POCKET_ROOT"
            )),
        }
    }

    /// The folder itself, for `info`.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }
    /// One folder for each image.
    pub(crate) fn images(&self) -> PathBuf {
        self.root.join("images")
    }
    /// One link for each image name.
    pub(crate) fn tags(&self) -> PathBuf {
        self.root.join("tags")
    }
    /// A few files for each container.
    pub(crate) fn containers(&self) -> PathBuf {
        self.root.join("containers")
    }
    /// One link for each container name.
    pub(crate) fn names(&self) -> PathBuf {
        self.root.join("names")
    }
    /// What happened so far.
    pub(crate) fn events(&self) -> PathBuf {
        self.root.join("events")
    }

    /// Held shared while a container is made from an image, exclusively while one is deleted: no
    /// image vanishes under a container that is about to name it.
    pub(crate) fn lock_images(&self, exclusive: bool) -> Result<File> {
        let folder = self.tags();
        let file = File::open(&folder).at("open", &folder)?;
        if exclusive {
            file.lock()
        } else {
            file.lock_shared()
        }
        .at("lock", &folder)?;
        Ok(file)
    }
}

/// A fresh identity: 64 hexadecimal digits, as Docker's.
pub(crate) fn new_id() -> Result<String> {
    let mut bytes = [0_u8; 32];
    let read = File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes));
    read.context("read /dev/urandom")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The twelve digits that people see.
pub(crate) fn short_id(id: &str) -> &str {
    let id = id.strip_prefix("sha256:").unwrap_or(id);
    id.get(..12).unwrap_or(id)
}

/// Writes a file that readers see either as it was or as it will be: `rename(2)` is atomic.
pub(crate) fn write_json<T: Serialize>(path: &Path, value: &T) -> io::Result<()> {
    let temporary = path.with_extension(format!("tmp{}", getpid()));
    let text = serde_json::to_vec(value)?;
    let written = fs::write(&temporary, text).and_then(|()| fs::rename(&temporary, path));
    // On a full disk not even the attempt may take up room.
    written.inspect_err(|_| {
        let _ = fs::remove_file(&temporary);
    })
}

/// Reads what [`write_json`] wrote.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> io::Result<T> {
    Ok(serde_json::from_slice(&fs::read(path)?)?)
}

/// Makes `link` point to `target`, whether or not it was there before; returns where it pointed.
pub(crate) fn replace_link(target: &Path, link: &Path) -> io::Result<Option<PathBuf>> {
    let old = fs::read_link(link).ok();
    let mut temporary = link.as_os_str().to_owned();
    temporary.push(format!(".tmp{}", getpid()));
    let temporary = PathBuf::from(temporary);
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => symlink(target, &temporary)?,
    }
    let renamed = fs::rename(&temporary, link);
    renamed.inspect_err(|_| {
        let _ = fs::remove_file(&temporary);
    })?;
    Ok(old)
}

/// The last part of a path that [`fs::read_link`] gave, as text.
pub(crate) fn link_name(target: &Path) -> String {
    target
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}
