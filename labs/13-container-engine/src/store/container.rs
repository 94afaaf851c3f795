//! A container on disk: a few files, named after its id. (A folder for each would be tidier to look
//! at, but making and deleting one costs as much as all the rest.)
//!
//! ```text
//! containers/
//!     ID.json      what was asked for; never changes
//!     ID.state     what became of it; written by the monitor, when there is something to say
//!     ID.status    locked (flock) by the monitor for as long as it watches; holds the exit code
//!                  afterwards. Who waits for the end waits for this lock.
//!     ID.log       what it wrote, a line of JSON each
//!     ID.stopped   exists when a user asked for the end: no restart then
//! names/NAME       a second link to ID.json
//! ```

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use nix::libc;
use serde::{Deserialize, Serialize};

use crate::error::{Context, Error, Result, daemon};
use crate::pidfd::{PidFd, start_ticks};
use crate::store::config::{Config, Port};
use crate::store::disk::{Store, new_id, read_json, write_json};
use crate::store::names;
use crate::time::Nanos;

/// How far a container is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    #[default]
    Created,
    Running,
    Restarting,
    Exited,
}

impl Status {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Running => "running",
            Self::Restarting => "restarting",
            Self::Exited => "exited",
        }
    }
}

/// What became of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) status: Status,
    /// PID 1's number outside; 0 when it does not run.
    pub(crate) pid: i32,
    /// See [`start_ticks`].
    pub(crate) ticks: u64,
    pub(crate) exit_code: u8,
    pub(crate) error: String,
    pub(crate) started: Nanos,
    pub(crate) finished: Nanos,
    pub(crate) restarts: u32,
    /// The ports with what the host really gave.
    pub(crate) ports: Vec<Port>,
}

/// A container: where it is kept and what was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Container {
    folder: PathBuf,
    pub(crate) config: Config,
}

impl Container {
    /// Writes it down and takes the name, or fails when the name is taken.
    pub(crate) fn create(store: &Store, mut config: Config) -> Result<Self> {
        config.id = new_id()?;
        if config.hostname.is_empty() {
            config.hostname = crate::store::disk::short_id(&config.id).to_owned();
        }
        let folder = store.containers();
        let draft = names::draft(store, &config.id);
        let named = if config.name.is_empty() {
            names::invent(store, &mut config, &draft)
        } else {
            names::take(store, &config, &draft)
        };
        let _named = named.inspect_err(|_| {
            // The name is somebody else's: only the draft is ours.
            let _ = fs::remove_file(&draft);
        })?;
        let container = Self { folder, config };
        fs::rename(&draft, container.file("json")).at("create", &draft)?;
        Ok(container)
    }

    /// One of its files.
    pub(crate) fn file(&self, what: &str) -> PathBuf {
        self.folder.join(format!("{}.{what}", self.config.id))
    }

    /// By name, by id, or by a prefix that only one id has.
    pub(crate) fn find(store: &Store, name: &str) -> Result<Self> {
        let missing = || Error::no_container(name);
        let plain = name.strip_prefix('/').unwrap_or(name);
        if plain.is_empty() || plain.contains('/') {
            return Err(missing());
        }
        let folder = store.containers();
        if let Ok(config) = read_json(&store.names().join(plain)) {
            return Ok(Self { folder, config });
        }
        let mut found = ids(store).filter(|id| id.starts_with(plain));
        match (found.next(), found.next()) {
            (Some(id), None) => Self::load(store, &id).ok_or_else(missing),
            (Some(_), Some(_)) => Err(daemon!("Multiple IDs found with provided prefix: {plain}")),
            _ => Err(missing()),
        }
    }

    /// All of them, newest first.
    pub(crate) fn all(store: &Store) -> Vec<Self> {
        let mut all: Vec<_> = ids(store).filter_map(|id| Self::load(store, &id)).collect();
        all.sort_by_key(|container| std::cmp::Reverse(container.config.created));
        all
    }

    fn load(store: &Store, id: &str) -> Option<Self> {
        let folder = store.containers();
        let config = read_json(&folder.join(format!("{id}.json"))).ok()?;
        Some(Self { folder, config })
    }

    /// What became of it so far. A state that says "running" while nobody holds the lock was left
    /// behind by a monitor that was killed: PID 1 went with it, or goes now. (The kernel forgets whose death is to be
    /// its own when a program changes its user: `PR_SET_PDEATHSIG` in `prctl(2)`.)
    pub(crate) fn state(&self) -> State {
        let Ok(mut state) = read_json::<State>(&self.file("state")) else {
            return State::default();
        };
        if matches!(state.status, Status::Running | Status::Restarting) && !self.is_watched() {
            // It may have ended properly between the two looks.
            state = read_json(&self.file("state")).unwrap_or_default();
            if matches!(state.status, Status::Running | Status::Restarting) {
                if let Some(pid1) = self.pid1(&state) {
                    let _ = pid1.send(libc::SIGKILL);
                }
                let died = fs::metadata(self.file("status")).and_then(|data| data.modified());
                let died = died
                    .ok()
                    .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
                let finished = died
                    .and_then(|since| u64::try_from(since.as_nanos()).ok())
                    .unwrap_or_default();
                // The code is there if the monitor could write no more than that: a full disk.
                let code = File::open(self.file("status"))
                    .ok()
                    .and_then(|mut file| read_code(&mut file));
                state = State {
                    status: Status::Exited,
                    pid: 0,
                    exit_code: code.unwrap_or(137),
                    finished: finished.max(state.started),
                    ..state
                };
            }
        }
        state
    }

    /// Records what became of it.
    pub(crate) fn set_state(&self, state: &State) -> io::Result<()> {
        write_json(&self.file("state"), state)
    }

    /// Opens the file whose lock says "somebody watches this container", to take that lock.
    pub(crate) fn status_file(&self) -> io::Result<File> {
        OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.file("status"))
    }

    fn is_watched(&self) -> bool {
        let file = File::open(self.file("status"));
        file.is_ok_and(|file| file.try_lock_shared().is_err())
    }

    /// Waits until nobody watches it any more and returns the exit code; `None` if it was removed before that.
    pub(crate) fn wait(&self) -> io::Result<Option<u8>> {
        self.await_end(self.end()?)
    }

    /// The file that will hold the exit code, opened now: with `--rm` it will have no name any more. `None`: it was
    /// never started, or is deleted.
    pub(crate) fn end(&self) -> io::Result<Option<File>> {
        match File::open(self.file("status")) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            file => file.map(Some),
        }
    }

    // ANCHOR: wait
    /// Waits for what [`Container::end`] has opened.
    ///
    /// The kernel queues us for the lock and wakes us when the monitor lets go of
    /// it, also when the monitor is killed.
    pub(crate) fn await_end(&self, end: Option<File>) -> io::Result<Option<u8>> {
        let Some(mut file) = end else {
            // A deleted one's description went before this file.
            return Ok(self.exists().then(|| self.state().exit_code));
        };
        file.lock_shared()?;
        Ok(Some(
            read_code(&mut file).unwrap_or_else(|| self.state().exit_code),
        ))
    }
    // ANCHOR_END: wait

    /// Held while a container starts or is deleted: one at a time.
    pub(crate) fn lock_changes(&self) -> Result<File> {
        let path = self.file("json");
        let file = File::open(&path).map_err(|_| self.gone())?;
        file.lock().at("lock", &path)?;
        // Whoever held it before us may have deleted it.
        if self.exists() {
            Ok(file)
        } else {
            Err(self.gone())
        }
    }

    /// Whether it has not been deleted.
    pub(crate) fn exists(&self) -> bool {
        self.file("json").exists()
    }

    pub(crate) fn gone(&self) -> Error {
        Error::no_container(&self.config.name)
    }

    /// Keeps every monitor from beginning; `None` if there is one.
    pub(crate) fn lock_out_monitors(&self) -> io::Result<Option<File>> {
        let file = self.status_file()?;
        Ok(file.try_lock_shared().is_ok().then_some(file))
    }

    /// Notes that the next end is wanted, or that it no longer is.
    pub(crate) fn set_stopped(&self, wanted: bool) {
        let file = self.file("stopped");
        let _ = if wanted {
            File::create(file).map(drop)
        } else {
            fs::remove_file(file)
        };
    }

    /// Whether the next end, or the last one, is wanted.
    pub(crate) fn is_stopped(&self) -> bool {
        self.file("stopped").exists()
    }

    /// A handle on PID 1, and never on another process that got its number later.
    pub(crate) fn pid1(&self, state: &State) -> Option<PidFd> {
        let handle = PidFd::open(state.pid).ok()?;
        // The handle is on whoever has the number now. If that one started when PID 1 did, it is
        // PID 1, and the handle stays on it.
        (state.pid > 0 && start_ticks(state.pid) == Some(state.ticks)).then_some(handle)
    }

    /// The state of a container that must be running, with the handle on its PID 1.
    pub(crate) fn running(&self) -> Result<(State, PidFd)> {
        let state = self.state();
        let handle = self
            .pid1(&state)
            .filter(|_| state.status == Status::Running);
        let handle = handle.ok_or_else(|| match state.status {
            Status::Restarting => self.is_restarting(),
            _ => daemon!("Container {} is not running", self.config.id),
        })?;
        Ok((state, handle))
    }

    /// What needs a PID 1 has to wait for the next one.
    pub(crate) fn is_restarting(&self) -> Error {
        daemon!(
            "Container {} is restarting, wait until the container is running",
            self.config.id
        )
    }

    /// Deletes everything. The caller holds the locks. What it is comes first: from then on there is
    /// no such container, whatever else is left.
    pub(crate) fn delete(&self, store: &Store) -> io::Result<()> {
        let (name, file) = (store.names().join(&self.config.name), self.file("json"));
        // The name is a link to the same file, unless somebody else took it after a failure of this.
        let inode = fs::metadata(&file)?.ino();
        if fs::metadata(&name).is_ok_and(|data| data.ino() == inode) {
            fs::remove_file(&name)?;
        }
        fs::remove_file(file)?;
        for what in ["state", "status", "log", "stopped"] {
            match fs::remove_file(self.file(what)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

/// The exit code in a status file, if the monitor has come to write it.
fn read_code(file: &mut File) -> Option<u8> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

/// Whether a container, dead or alive, was made from this image.
pub(crate) fn uses_image(store: &Store, image: &str) -> bool {
    Container::all(store)
        .iter()
        .any(|container| container.config.image_id == image)
}

fn ids(store: &Store) -> impl Iterator<Item = String> + use<> {
    let entries = fs::read_dir(store.containers())
        .into_iter()
        .flatten()
        .flatten();
    entries.filter_map(|entry| {
        let name = entry.file_name();
        name.to_str()?.strip_suffix(".json").map(str::to_owned)
    })
}
