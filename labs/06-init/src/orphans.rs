//! Makes orphans, lets them end, and counts what is left of them.

use std::io::{self, PipeWriter, Read, Write};
use std::process;
use std::time::{Duration, Instant};

use nix::poll::{PollTimeout, poll};
use nix::sys::wait::waitpid;
use nix::unistd::{self, ForkResult, Pid};

use crate::processes::{self, Process};

/// Processes whose parent has ended.
pub struct Orphans {
    pids: Vec<Pid>,
    /// They live as long as this is open.
    life: PipeWriter,
}

impl Orphans {
    // ANCHOR: make
    /// Makes `count` orphans. `None` goes to the processes
    /// made on the way: they end.
    pub fn make(count: usize) -> io::Result<Option<Orphans>> {
        let (mut end_of_life, life) = io::pipe()?;
        let (mut numbers, mut number) = io::pipe()?;
        // A child, which we reap as we should. Its own children we cannot reap.
        let Some(middle) = fork()? else {
            for _ in 0..count {
                if fork()?.is_none() {
                    drop(life);
                    number.write_all(&process::id().to_ne_bytes())?;
                    let _end = end_of_life.read(&mut [0])?;
                    break;
                }
            }
            return Ok(None);
        };
        waitpid(middle, None)?;
        let mut pids = Vec::with_capacity(count);
        for _ in 0..count {
            let mut pid = [0; 4];
            numbers.read_exact(&mut pid)?;
            pids.push(Pid::from_raw(i32::from_ne_bytes(pid)));
        }
        Ok(Some(Orphans { pids, life }))
    }
    // ANCHOR_END: make

    /// Who has adopted them.
    pub fn parent(&self) -> Option<Process> {
        let orphan = processes::find(self.pids.first()?.as_raw())?;
        processes::find(orphan.parent.as_raw())
    }

    // ANCHOR: end
    /// Lets them end, and returns when none of them runs any more.
    pub fn end(self, parent: Pid) {
        // Numbers are given out again: a process of another parent is not ours.
        let runs = |it: Process| it.parent == parent && it.state != 'Z';
        for pid in self.release() {
            while processes::find(pid.as_raw()).is_some_and(runs) {
                look_again_soon();
            }
        }
    }
    // ANCHOR_END: end

    /// Lets them end. Returns who they were.
    pub fn release(self) -> Vec<Pid> {
        drop(self.life);
        self.pids
    }
}

// ANCHOR: zombies
/// How many zombies `parent` has, once it has none or has left them alone for so long.
pub fn zombies(parent: Pid, patience: Duration) -> usize {
    let start = Instant::now();
    loop {
        let dead = processes::all().filter(|it| it.parent == parent && it.state == 'Z');
        match dead.count() {
            count if count == 0 || start.elapsed() > patience => return count,
            _ => look_again_soon(),
        }
    }
}
// ANCHOR_END: zombies

fn fork() -> nix::Result<Option<Pid>> {
    // SAFETY: there is one thread, so the child may do whatever its parent could.
    #[allow(unsafe_code)]
    match unsafe { unistd::fork() }? {
        ForkResult::Parent { child } => Ok(Some(child)),
        ForkResult::Child => Ok(None),
    }
}

/// Lets others run for a millisecond.
fn look_again_soon() {
    let _ = poll(&mut [], PollTimeout::from(1_u8));
}
