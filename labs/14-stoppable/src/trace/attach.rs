//! Begins to trace every process of the namespace.

use std::collections::BTreeSet;

use nix::errno::Errno;

use super::{process, status, sys};

/// What came of it.
#[derive(Debug, Default)]
pub struct Attached {
    /// Each traced task, and its process.
    pub tasks: Vec<(i32, i32)>,
    /// Processes that refused, and why.
    pub refused: Vec<(i32, String)>,
}

/// Seizes every thread of every process but ours. Looks again until a round finds nobody new: a process that a seized
/// one makes is traced from its begin, but one that was not seized yet may have made others meanwhile.
pub fn everything() -> Attached {
    let mut attached = Attached::default();
    let mut seen = BTreeSet::new();
    loop {
        let before = seen.len();
        for pid in process::pids() {
            for task in process::threads(pid) {
                if seen.insert(task) {
                    one(pid, task, &mut attached);
                }
            }
        }
        if seen.len() == before {
            return attached;
        }
    }
}

/// Seizes one thread.
fn one(pid: i32, task: i32, attached: &mut Attached) {
    match sys::seize(task) {
        Ok(()) => attached.tasks.push((task, pid)),
        // It ended meanwhile, or is a zombie.
        Err(Errno::ESRCH) => {}
        Err(error) => {
            // A tracee of ours that was born under trace refuses a second time.
            let status = status::read(task);
            match status.map(|status| status.tracer) {
                Some(tracer) if tracer == std::process::id().cast_signed() => {}
                Some(0) => attached.refused.push((pid, error.desc().to_owned())),
                Some(tracer) => attached
                    .refused
                    .push((pid, format!("process {tracer} traces it already"))),
                None => {}
            }
        }
    }
}
