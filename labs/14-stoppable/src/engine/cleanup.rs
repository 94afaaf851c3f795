//! That nothing of ours is left: containers and images are written down before they are made, and removed when we end,
//! whatever ends us; what a SIGKILL of us left, the next run removes.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use anyhow::{Context, Result, bail};

use super::clients;
use super::command::{Engine, SOON};
use super::names::{abandoned, name};

/// What must go. Static, as a signal must find it.
static LEFT: Mutex<Vec<Thing>> = Mutex::new(Vec::new());

/// Held, shared, by whoever is making something; alone by who removes everything.
static OPEN: RwLock<bool> = RwLock::new(true);

/// Something of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Thing {
    Container(String),
    Image(String),
    Folder(PathBuf),
}

fn left() -> MutexGuard<'static, Vec<Thing>> {
    LEFT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The file of a mark that says which engine its run worked with.
const ENGINE: &str = "engine";

/// Leave to make things; hold it while the engine makes them. An error once we are ending.
pub fn permit() -> Result<RwLockReadGuard<'static, bool>> {
    let permit = OPEN.read().unwrap_or_else(PoisonError::into_inner);
    match *permit {
        true => Ok(permit),
        false => bail!("interrupted"),
    }
}

/// Writes a container down.
pub fn container(name: &str) {
    left().push(Thing::Container(name.to_owned()));
}

/// Writes an image down.
pub fn image(name: &str) {
    left().push(Thing::Image(name.to_owned()));
}

/// Makes a temporary folder.
pub fn folder(purpose: &str) -> Result<PathBuf> {
    let path = std::env::temp_dir().join(name(purpose));
    let _permit = permit()?;
    left().push(Thing::Folder(path.clone()));
    std::fs::create_dir(&path).with_context(|| format!("cannot make {}", path.display()))?;
    Ok(path)
}

/// Removes a temporary folder now.
pub fn remove_folder(path: &Path) {
    let _ = std::fs::remove_dir_all(path); // a message would help nobody: the next run tries again
    left().retain(|thing| *thing != Thing::Folder(path.to_owned()));
}

/// Removes one container now.
pub fn remove(engine: &Engine, name: &str) {
    remove_all(engine, &[name]);
    left().retain(|thing| *thing != Thing::Container(name.to_owned()));
}

/// Removes everything that is written down; nothing can be made any more.
pub fn everything(engine: &Engine) {
    *OPEN.write().unwrap_or_else(PoisonError::into_inner) = false;
    let (mut containers, mut images) = (Vec::new(), Vec::new());
    for thing in std::mem::take(&mut *left()) {
        match thing {
            Thing::Container(name) => containers.push(name),
            Thing::Image(name) => images.push(name),
            Thing::Folder(path) => drop(std::fs::remove_dir_all(path)),
        }
    }
    // An image goes after its containers.
    remove_all(engine, &containers);
    if !images.is_empty() {
        let words = ["rmi", "-f"]
            .into_iter()
            .chain(images.iter().map(String::as_str));
        drop(engine.call(words, SOON));
    }
}

/// Removes containers. Many have removed themselves: what an engine says of that helps nobody.
fn remove_all<S: AsRef<str>>(engine: &Engine, names: &[S]) {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    if engine.name == "podman" {
        // One at a time: podman 4.3 removes none of them when one is not there, and says that all is well. The tracer of
        // a container depends on it and came later, so it goes first. And its rm waits a grace period, unless it is told.
        for name in names.into_iter().rev() {
            drop(engine.call(["rm", "-f", "-v", "-t", "0", "--depend", name], SOON));
        }
    } else if !names.is_empty() {
        drop(engine.call([&["rm", "-f", "-v"], &names[..]].concat(), SOON));
    }
}

/// Leaves a mark of this run, which goes with everything else. If there is the mark of a run that was killed, removes
/// what it has left: to ask the engine on each start would cost more than many a check.
pub fn sweep(engine: &Engine) -> Result<()> {
    let identity = engine.identity();
    let entries = std::fs::read_dir(std::env::temp_dir())
        .into_iter()
        .flatten()
        .flatten();
    // Another engine's mark is left to who works with that one.
    let same = |path: &PathBuf| {
        let marked = std::fs::read_to_string(path.join(ENGINE));
        marked.map_or(true, |marked| marked == identity)
    };
    let marks: Vec<PathBuf> = entries
        .filter(|entry| entry.file_name().to_str().is_some_and(abandoned))
        .map(|entry| entry.path())
        .filter(same)
        .collect();
    let own = folder("run")?;
    std::fs::write(own.join(ENGINE), &identity)
        .with_context(|| format!("cannot write in {}", own.display()))?;
    if marks.is_empty() {
        return Ok(());
    }
    let list = |arguments: &[&str]| {
        engine
            .call(arguments, SOON)
            .map(|output| output.stdout)
            .unwrap_or_default()
    };
    loop {
        let orphans = clients::orphans();
        let names = list(&["ps", "-a", "--format", "{{.Names}}"]);
        let names: Vec<&str> = names.lines().filter(|name| abandoned(name)).collect();
        remove_all(engine, &names);
        // Whoever was still at work for the dead may have been about to make one more: look again when it has ended.
        if orphans.is_empty() || !clients::one_ended(&orphans, SOON) {
            break;
        }
    }
    // podman adds up the size of everything that it lists, unless it is told to list less.
    let filter = ["--filter", "reference=stoppable-*"];
    let filter = if engine.name == "pocket" {
        &[]
    } else {
        &filter[..]
    };
    for image in list(&[&["images", "--format", "{{.Repository}}"], filter].concat()).lines() {
        if abandoned(image.trim_start_matches("localhost/")) {
            let _ = engine.call(["rmi", "-f", image], SOON);
        }
    }
    // Last: whoever kills us now leaves the marks to the next run.
    marks
        .iter()
        .for_each(|mark| drop(std::fs::remove_dir_all(mark)));
    Ok(())
}

/// On SIGINT, SIGTERM, SIGHUP and SIGQUIT: removes everything, then dies by that signal, as if we had no handler.
pub fn on_signals(engine: Engine) -> Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGHUP, SIGINT, SIGQUIT, SIGTERM])?;
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            everything(&engine);
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    });
    Ok(())
}
