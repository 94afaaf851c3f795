//! A container on disk.
//!
//! ```text
//! containers/ID/
//!     config.json     what was asked for; never changes
//!     state.json      what became of it; written by the monitor, when there is something to say
//!     status          locked (flock) by the monitor for as long as it watches; holds the exit code
//!                     afterwards. Who waits for the end waits for this lock.
//!     log             what it wrote, a line of JSON each
//!     stopped         exists when a user asked for the end: no restart then
//! ```

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, symlink};
use std::path::{Path, PathBuf};

use nix::libc;
use serde::{Deserialize, Serialize};

use crate::error::{Context, Result, daemon};
use crate::image;
use crate::pidfd::{PidFd, start_ticks};
use crate::signal;
use crate::store::{Store, link_name, new_id, read_json, write_json};
use crate::time::Nanos;

/// A published port: `-p IP:HOST:CONTAINER`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Port {
    pub(crate) ip: std::net::Ipv4Addr,
    /// 0: any free one.
    pub(crate) host: u16,
    pub(crate) container: u16,
}

/// When to start again after the end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Restart {
    /// Never.
    #[default]
    No,
    /// After an exit code other than 0, at most so many times; 0 is no limit.
    OnFailure(u32),
    /// Until a user stops it.
    Always,
    /// As `Always`: without a daemon there is no daemon's restart to tell them apart.
    UnlessStopped,
}

/// What a user asked for, completed by what the image says.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Config {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) created: Nanos,
    /// As given on the command line.
    pub(crate) image: String,
    pub(crate) image_id: String,
    pub(crate) entrypoint: Option<Vec<String>>,
    pub(crate) cmd: Option<Vec<String>>,
    pub(crate) env: Vec<String>,
    pub(crate) workdir: String,
    pub(crate) user: String,
    pub(crate) hostname: String,
    pub(crate) stop_signal: Option<String>,
    /// Seconds between the stop signal and SIGKILL; below 0 for ever.
    pub(crate) stop_timeout: Option<i64>,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) exposed: Vec<String>,
    pub(crate) ports: Vec<Port>,
    pub(crate) tty: bool,
    pub(crate) open_stdin: bool,
    pub(crate) attached: bool,
    pub(crate) auto_remove: bool,
    pub(crate) init: Option<bool>,
    pub(crate) restart: Restart,
}

impl Config {
    /// The whole command: ENTRYPOINT, then CMD.
    pub(crate) fn argv(&self) -> Vec<String> {
        let both = [&self.entrypoint, &self.cmd];
        both.into_iter().flatten().flatten().cloned().collect()
    }

    /// Whether a signal that a user sends says that the next end is wanted, so that the restart
    /// policy is silent. Docker takes any signal so, unless the container names its stop signal.
    pub(crate) fn forbids_restart(&self, number: i32) -> bool {
        let stop = self.stop_signal.as_deref().map(signal::parse);
        number == libc::SIGKILL || stop.is_none_or(|stop| stop == Ok(number))
    }

    /// What a process finds in its environment: PATH, HOSTNAME, TERM, then the rest.
    pub(crate) fn environment(&self) -> Vec<String> {
        let mut all = vec![
            format!("PATH={}", image::PATH),
            format!("HOSTNAME={}", self.hostname),
        ];
        if self.tty {
            all.push("TERM=xterm".to_owned());
        }
        for text in &self.env {
            let (name, value) = text.split_once('=').unwrap_or((text, ""));
            image::set_env(&mut all, name, value);
        }
        all
    }
}

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

/// A container: its folder and what was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Container {
    pub(crate) dir: PathBuf,
    pub(crate) config: Config,
}

impl Container {
    /// Makes the folder and takes the name, or fails when the name is taken.
    pub(crate) fn create(store: &Store, mut config: Config) -> Result<Self> {
        config.id = new_id()?;
        if config.hostname.is_empty() {
            config.hostname = crate::store::short_id(&config.id).to_owned();
        }
        let dir = store.containers().join(&config.id);
        DirBuilder::new()
            .mode(0o700)
            .create(&dir)
            .at("create", &dir)?;
        let named = if config.name.is_empty() {
            invent_name(store, &mut config)
        } else {
            take_name(store, &config)
        };
        let container = Self { dir, config };
        let made = named.and_then(|()| {
            // In place: who reads half of it finds no container yet, and that is true. The state is
            // written when there is one to speak of.
            let text = serde_json::to_vec(&container.config).map_err(io::Error::from);
            text.and_then(|text| fs::write(container.dir.join("config.json"), text))
                .at("write", &container.dir)
        });
        if made.is_err() {
            // The name is somebody else's: only the folder is ours.
            fs::remove_dir_all(&container.dir).at("delete", &container.dir)?;
        }
        made.map(|()| container)
    }

    /// By name, by id, or by a prefix that only one id has.
    pub(crate) fn find(store: &Store, name: &str) -> Result<Self> {
        let missing = || daemon!("No such container: {name}");
        let plain = name.strip_prefix('/').unwrap_or(name);
        if plain.is_empty() || plain.contains('/') {
            return Err(missing());
        }
        if let Ok(target) = fs::read_link(store.names().join(plain)) {
            return Self::load(store, &link_name(&target)).ok_or_else(missing);
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
        let dir = store.containers().join(id);
        read_json(&dir.join("config.json"))
            .ok()
            .map(|config| Self { dir, config })
    }

    fn state_file(&self) -> PathBuf {
        self.dir.join("state.json")
    }

    /// What became of it so far. A state that says "running" while nobody holds the lock was left
    /// behind by a monitor that was killed: PID 1 went with it.
    pub(crate) fn state(&self) -> State {
        let Ok(mut state) = read_json::<State>(&self.state_file()) else {
            return State::default();
        };
        if matches!(state.status, Status::Running | Status::Restarting) && !self.is_watched() {
            // It may have ended properly between the two looks.
            state = read_json(&self.state_file()).unwrap_or_default();
            if matches!(state.status, Status::Running | Status::Restarting) {
                let died = fs::metadata(self.dir.join("status")).and_then(|data| data.modified());
                let died = died
                    .ok()
                    .and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
                let finished = died
                    .and_then(|since| u64::try_from(since.as_nanos()).ok())
                    .unwrap_or_default();
                state = State {
                    status: Status::Exited,
                    pid: 0,
                    exit_code: 137,
                    finished: finished.max(state.started),
                    ..state
                };
            }
        }
        state
    }

    /// Records what became of it.
    pub(crate) fn set_state(&self, state: &State) -> io::Result<()> {
        write_json(&self.state_file(), state)
    }

    /// Opens the file whose lock says "somebody watches this container", to take that lock.
    pub(crate) fn status_file(&self) -> io::Result<File> {
        OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.dir.join("status"))
    }

    fn is_watched(&self) -> bool {
        self.status_file()
            .is_ok_and(|file| file.try_lock_shared().is_err())
    }

    // ANCHOR: wait
    /// Waits until nobody watches it any more and returns the exit code.
    ///
    /// The kernel queues us for the lock and wakes us when the monitor lets go of it, also when the
    /// monitor is killed. The code is read from the file that we hold open: with `--rm` there is no
    /// folder left to look into.
    pub(crate) fn wait(&self) -> io::Result<u8> {
        let mut file = match File::open(self.dir.join("status")) {
            // Never started.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(self.state().exit_code);
            }
            file => file?,
        };
        file.lock_shared()?;
        let mut code = String::new();
        file.read_to_string(&mut code)?;
        Ok(code
            .trim()
            .parse()
            .unwrap_or_else(|_| self.state().exit_code))
    }
    // ANCHOR_END: wait

    /// Held while a container starts or is deleted: one at a time.
    pub(crate) fn lock_changes(&self) -> Result<File> {
        let gone = || daemon!("No such container: {}", self.config.name);
        let folder = File::open(&self.dir).map_err(|_| gone())?;
        folder.lock().at("lock", &self.dir)?;
        // Whoever held it before us may have deleted it.
        if !self.dir.join("config.json").exists() {
            return Err(gone());
        }
        Ok(folder)
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
        let handle =
            handle.ok_or_else(|| daemon!("Container {} is not running", self.config.id))?;
        Ok((state, handle))
    }

    /// Deletes everything. The caller holds the locks.
    pub(crate) fn delete(&self, store: &Store) -> io::Result<()> {
        let name = store.names().join(&self.config.name);
        if fs::read_link(&name).is_ok_and(|target| link_name(&target) == self.config.id) {
            fs::remove_file(&name)?;
        }
        fs::remove_dir_all(&self.dir)
    }
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
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned())
}

/// Making a symbolic link fails when it exists already: of two that want a name, one gets it.
fn take_name(store: &Store, config: &Config) -> Result<()> {
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
    let link = store.names().join(name);
    let target = Path::new("../containers").join(&config.id);
    let error = match symlink(&target, &link) {
        Ok(()) => return Ok(()),
        Err(error) => error,
    };
    if error.kind() != io::ErrorKind::AlreadyExists {
        return Err(error).at("name", &link);
    }
    let owner = fs::read_link(&link)
        .map(|target| link_name(&target))
        .unwrap_or_default();
    Err(daemon!(
        "Conflict. The container name \"/{name}\" is already in use by container \"{owner}\". You have to remove (or rename) that container to be able to reuse that name."
    ))
}

/// A name for those who gave none.
fn invent_name(store: &Store, config: &mut Config) -> Result<()> {
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
    if take_name(store, config).is_ok() {
        return Ok(());
    }
    // The id is unique, and so is a name that holds it.
    config.name = format!("{base}_{}", crate::store::short_id(&config.id));
    take_name(store, config)
}
