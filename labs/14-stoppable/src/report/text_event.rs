//! One event as a line of text.

use crate::trace::event::{End, Event, Outcome, What};

/// What happened, or nothing where nobody wants to read it.
pub fn line(event: &Event) -> String {
    let who = format!("{:9.3} {:>5} {:<15}", event.at, event.pid, event.name);
    let what = match &event.what {
        What::Attached { threads, .. } => format!("{threads} threads are traced"),
        What::Untraced { reason } => format!("is not traced: {reason}"),
        What::Fork { child } => format!("makes {child}"),
        What::Exec { command } => format!("executes {}", command.join(" ")),
        What::Signal(arrival) => {
            let from = match arrival.sender {
                Some(sender) if sender.outside() => "from outside".to_owned(),
                Some(sender) if sender.kernel() => "from the kernel".to_owned(),
                Some(sender) => format!("from {}", sender.pid),
                None => "from somebody".to_owned(),
            };
            format!("{} {from}: {}", arrival.signal, outcome(arrival.outcome))
        }
        What::Stopped { signal } => format!("stopped by {signal}"),
        What::Continued => "goes on".to_owned(),
        What::Exit {
            end: End::Code(code),
            ..
        } => format!("ends with {code}"),
        What::Exit {
            end: End::Killed(signal),
            ..
        } => format!("is ended by {signal}"),
        What::Connected { peer } => format!("has a connection from {peer}"),
        What::Disconnected { peer } => format!("has no connection from {peer} any more"),
        What::Processes { .. } | What::Quiet | What::Listening { .. } | What::Orphan { .. } => {
            return String::new();
        }
    };
    format!("{who} {what}")
}

/// What came of a signal, in words.
pub fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Handler => "its handler runs",
        Outcome::Ends => "the default action ends it",
        Outcome::Stops => "the default action stops it",
        Outcome::Ignored => "ignored",
        Outcome::Continues => "it continues",
        Outcome::Dropped => "dropped: PID 1 has no handler",
        Outcome::Blocked => "blocked, it waits",
        Outcome::SigWait => "fetched by sigwait",
        Outcome::SignalFd => "fetched through a signalfd",
    }
}
