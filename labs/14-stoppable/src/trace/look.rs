//! What no event tells: signals that wait, who fetches signals, who is reaped, whether all is quiet.

use std::collections::BTreeSet;
use std::io::Write;
use std::time::Instant;

use anyhow::Result;

use super::event::{Outcome, What};
use super::set::Set;
use super::tracer::Tracer;
use super::{fetch, ports, status, sys};

impl<W: Write> Tracer<W> {
    /// What no event tells.
    pub(super) fn look(&mut self) -> Result<()> {
        self.fetchers();
        self.blocked()?;
        self.reaped()?;
        if !self.awaited.is_empty() {
            let open = ports::listening(1);
            let (there, awaited) = self.awaited.iter().partition(|port| open.contains(port));
            self.awaited = awaited;
            let there: Vec<u16> = there;
            there
                .into_iter()
                .try_for_each(|port| self.tell(1, What::Listening { port }))?;
        }
        if self.quiet.is_some_and(|time| self.last.elapsed() >= time) && self.asleep() {
            self.quiet = None;
            self.tell(1, What::Quiet)?;
        }
        Ok(())
    }

    /// Tasks that have begun to fetch signals are stopped at system calls from now on.
    pub(super) fn fetchers(&mut self) {
        let processes: BTreeSet<i32> = self.tasks.values().map(|task| task.process).collect();
        for task in processes.into_iter().flat_map(fetch::tasks) {
            if let Some(known) = self.tasks.get_mut(&task)
                && !std::mem::replace(&mut known.calls, true)
            {
                sys::interrupt(task);
            }
        }
    }

    /// Signals that have begun to wait.
    fn blocked(&mut self) -> Result<()> {
        let processes: BTreeSet<i32> = self.tasks.values().map(|task| task.process).collect();
        for pid in processes {
            let Some(status) = status::read(pid) else {
                continue;
            };
            let now = Set(status.pending.0 & status.blocked.0 & fetch::INTERESTING.0);
            let before = self.waiting.insert(pid, now).unwrap_or_default();
            for signal in Set(now.0 & !before.0).iter() {
                self.arrived(pid, &status, signal, None, Outcome::Blocked)?;
            }
        }
        Ok(())
    }

    /// Connections that have come or gone; called before a signal or an end is told, so that their order is right.
    pub(super) fn connections(&mut self) -> Result<()> {
        let Some(connections) = &mut self.connections else {
            return Ok(());
        };
        let (come, gone) = connections.look(1);
        come.into_iter()
            .try_for_each(|peer| self.tell(1, What::Connected { peer }))?;
        gone.into_iter()
            .try_for_each(|peer| self.tell(1, What::Disconnected { peer }))
    }

    fn reaped(&mut self) -> Result<()> {
        let (mut told, now) = (Vec::new(), Instant::now());
        self.orphans.retain(|(pid, until)| {
            let reaped = status::read(*pid).is_none();
            let over = reaped || now >= *until;
            if over {
                told.push((*pid, reaped));
            }
            !over
        });
        told.into_iter()
            .try_for_each(|(pid, reaped)| self.tell(pid, What::Orphan { reaped }))
    }

    fn asleep(&self) -> bool {
        let busy = |task: &i32| {
            status::read(*task).is_some_and(|status| matches!(status.state, 'R' | 'D'))
        };
        !self.tasks.keys().any(busy)
    }
}
