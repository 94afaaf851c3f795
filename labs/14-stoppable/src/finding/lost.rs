//! What the stop loses: requests, output.

use super::about::{About, Finding, Severity};
use super::case::{Case, who};
use crate::probe::observation::Observation;
use crate::probe::plan::Probe;

/// What is found here.
pub const ABOUT: &[About] = &[
    About {
        name: "requests-lost",
        severity: Severity::Error,
        title: "requests that were under way got no answer",
        explanation: "On the signal: stop accepting, answer what is under way, close kept connections after their \
            answer, then end. A program that ends at once cuts all of them.",
        chapter: "08-graceful-shutdown",
        probe: Probe::Requests,
    },
    About {
        name: "output-lost",
        severity: Severity::Warning,
        title: "the last output is lost: it lay in a pipe when PID 1 ended",
        explanation: "exec > >(tee log) leaves tee as a child that nobody waits for. When PID 1 ends, the kernel kills \
            it with the last lines still in the pipe. Write to standard output itself; docker logs keeps it.",
        chapter: "05-entrypoint-script",
        probe: Probe::Stop,
    },
];

/// Looks for them.
pub fn find(case: &Case) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(requests) = case
        .results
        .requests
        .as_ref()
        .filter(|requests| requests.lost > 0)
    {
        let count = format!(
            "{} requests were under way when the signal came: {} got no answer",
            requests.in_flight, requests.lost
        );
        let kinds = format!("among them {}", requests.lost_kinds.join(", "));
        let all = format!(
            "in all: {} answered, {} refused, {} reset, {} cut in the middle",
            requests.answered, requests.refused, requests.reset, requests.cut
        );
        found.push(ABOUT[0].found(vec![count, kinds, all]));
    }
    if let Some(stop) = case.stop().filter(|stop| stop.traced()) {
        found.extend(output(stop));
    }
    found
}

/// A process that read what another wrote, killed with something unread.
fn output(stop: &Observation) -> Option<Finding> {
    let left = stop.left();
    let (reader, writer) = left
        .iter()
        .filter(|reader| reader.unread > 0)
        .find_map(|reader| {
            let pipe = reader.reads?;
            let writer = stop
                .before
                .iter()
                .find(|writer| writer.pid != reader.pid && writer.writes.contains(&pipe))?;
            Some((reader, writer))
        })?;
    let line = format!(
        "{} bytes from {} lay unread in the pipe to {} when PID 1 ended",
        reader.unread,
        who(writer),
        who(reader)
    );
    Some(ABOUT[1].found(vec![line, format!("the kernel killed {}", who(reader))]))
}
