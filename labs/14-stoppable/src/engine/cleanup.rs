//! That nothing of ours is left: containers and images are written down before they are made, and removed when we end,
//! whatever ends us; what a SIGKILL of us left, the next run removes.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use anyhow::{Context, Result, bail};

use super::command::{Engine, SOON};

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

/// What every name of ours begins with.
const PREFIX: &str = "stoppable-";

/// A name for a container or an image of this run: who we are, so that another run can tell whether we live, and
/// what it is for.
pub fn name(purpose: &str) -> String {
    static NEXT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(1);
    let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let pid = std::process::id();
    format!(
        "{PREFIX}{pid}-{}-{purpose}{number}",
        began(pid).unwrap_or(0)
    )
}

/// When a process began, in clock ticks since the machine's start: with the pid it names a process for good
/// (proc_pid_stat(5), field 22).
fn began(pid: u32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    text.rsplit_once(')')?
        .1
        .split_ascii_whitespace()
        .nth(19)?
        .parse()
        .ok()
}

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
    // It may have removed itself.
    let _ = engine.call(["rm", "-f", "-v", name], SOON);
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
    // An image goes after its containers. Most are gone already: what an engine says of that helps nobody.
    let all = |verb: &[&str], names: &[String]| {
        if !names.is_empty() {
            let words = verb.iter().copied().chain(names.iter().map(String::as_str));
            drop(engine.call(words, SOON));
        }
    };
    all(&["rm", "-f", "-v"], &containers);
    all(&["rmi", "-f"], &images);
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
    for name in list(&["ps", "-a", "--format", "{{.Names}}"])
        .lines()
        .filter(|name| abandoned(name))
    {
        let _ = engine.call(["rm", "-f", "-v", name], SOON);
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

/// Is it the name of something of ours whose maker does not live?
fn abandoned(name: &str) -> bool {
    let Some((pid, rest)) = name
        .strip_prefix(PREFIX)
        .and_then(|rest| rest.split_once('-'))
    else {
        return false;
    };
    let (Ok(pid), Some(start)) = (
        pid.parse(),
        rest.split('-').next().and_then(|start| start.parse().ok()),
    ) else {
        return false;
    };
    began(pid) != Some(start)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_whether_its_maker_lives() {
        assert!(!abandoned(&name("x")));
        let pid = std::process::id();
        assert!(
            abandoned(&format!("{PREFIX}{pid}-1-x1")),
            "another process had our pid before"
        );
        assert!(
            abandoned(&format!("{PREFIX}4194305-1-x1")),
            "no pid is so high"
        );
        for stranger in [
            "web",
            "stoppable",
            "stoppable-web",
            "stoppable-1",
            "stoppable-a-1-x",
        ] {
            assert!(!abandoned(stranger), "{stranger}");
        }
    }
}
