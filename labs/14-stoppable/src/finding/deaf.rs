//! PID 1 does not take the stop signal.

use super::about::{About, Finding, Severity};
use super::case::{Case, quoted, shell_first, when, who, whole};
use super::dockerfile::exec_form;
use super::fix::Fix;
use super::script;
use crate::probe::observation::{Observation, init};
use crate::probe::plan::Probe;
use crate::trace::event::{Arrival, Outcome};
use crate::trace::process::Process;
use crate::trace::set::Sig;

/// What is found here.
pub const ABOUT: &[About] = &[
    About {
        name: "pid1-is-shell",
        severity: Severity::Error,
        title: "a shell is PID 1 and keeps the stop signal from your program",
        explanation: "Shell form (CMD /app) runs /bin/sh -c \"/app\". Where the shell does not become your program, it \
            stays PID 1. It has no handler for SIGTERM, and the kernel drops what PID 1 does not handle. It does not \
            pass signals on either. Write exec form, CMD [\"/app\"], or let the shell become the program: exec /app.",
        chapter: "03-shell-form",
        probe: Probe::Stop,
    },
    About {
        name: "pipeline-entrypoint",
        severity: Severity::Error,
        title: "a pipeline keeps a shell as PID 1, which does not pass the signal on",
        explanation: "For /app | tee log the shell makes two children and waits. It is PID 1, without a handler, and \
            the kernel drops the signal. `docker logs` keeps the output already: do without the pipe.",
        chapter: "03-shell-form",
        probe: Probe::Stop,
    },
    About {
        name: "wrapper-without-exec",
        severity: Severity::Error,
        title: "an entrypoint script starts your program and stays PID 1",
        explanation: "The script's shell waits for your program and has no handler for the signal, so that the kernel \
            drops it. Begin the script's last line with exec: the shell becomes your program, with PID 1 and all.",
        chapter: "05-entrypoint-script",
        probe: Probe::Stop,
    },
    About {
        name: "pid1-no-handler",
        severity: Severity::Error,
        title: "your program is PID 1 and has no handler for the stop signal",
        explanation: "Any other process would be ended by SIGTERM's default action. The kernel spares PID 1: it drops \
            every signal that has no handler there. Install a handler that ends the work in order. With --init the \
            default action is back, and ends your program at once, in the middle of what it does.",
        chapter: "02-pid1",
        probe: Probe::Stop,
    },
    About {
        name: "signal-ignored",
        severity: Severity::Error,
        title: "the stop signal is ignored",
        explanation: "SIG_IGN survives exec: what a parent ignored (trap '' TERM in a script, nohup) your program \
            ignores, too, unless it says otherwise. No init helps.",
        chapter: "10-inheritance",
        probe: Probe::Stop,
    },
    About {
        name: "signal-blocked",
        severity: Severity::Error,
        title: "the stop signal is blocked, and nobody fetches it",
        explanation: "A blocked signal waits. The mask survives fork and exec: a parent that blocked signals (for a \
            sigwait of its own) hands the mask to your program. Unblock it, or fetch it with sigwait or a signalfd.",
        chapter: "10-inheritance",
        probe: Probe::Stop,
    },
    About {
        name: "stopsignal-mismatch",
        severity: Severity::Error,
        title: "the engine sends a signal that your program does not handle, and not the one it does",
        explanation: "`docker stop` sends SIGTERM, or what STOPSIGNAL or --stop-signal says. Your program handles \
            another one. Say which in the image: STOPSIGNAL SIGINT.",
        chapter: "08-graceful-shutdown",
        probe: Probe::Stop,
    },
    About {
        name: "killed-at-grace",
        severity: Severity::Error,
        title: "only SIGKILL ended the container; why could not be seen",
        explanation: "The grace period ran out, and the engine sent SIGKILL. Without a trace it cannot be said which \
            process had the signal and what it did with it. Let stoppable trace: see its message.",
        chapter: "02-pid1",
        probe: Probe::Stop,
    },
];

fn about(name: &str) -> &'static About {
    ABOUT
        .iter()
        .find(|about| about.name == name)
        .unwrap_or(&ABOUT[0])
}

/// Looks for them.
pub fn find(case: &Case) -> Vec<Finding> {
    let Some(stop) = case.stop().filter(|stop| stop.killed()) else {
        return Vec::new();
    };
    let (Some(first), Some(signal), true) = (stop.first(), stop.signal, stop.traced()) else {
        let reason = stop
            .untraced
            .clone()
            .unwrap_or_else(|| "nothing was seen".into());
        let over = format!(
            "{} after {:.1} s; not traced: {reason}",
            code(stop),
            stop.seconds
        );
        return vec![about("killed-at-grace").found(vec![over])];
    };
    let evidence = |of: &Process, what: &str| vec![whole(of), what.to_owned(), end(stop)];
    match stop.outcome() {
        Some(Outcome::Dropped) => {
            let dropped = format!(
                "{}: {signal} to {} was dropped: no handler, and it is PID 1",
                at(stop, 1),
                who(first)
            );
            let other = [Sig::TERM, Sig::INT]
                .into_iter()
                .find(|other| *other != signal && first.hears(*other));
            if let Some(shell) = shell_first(stop) {
                return vec![shells(case, stop, shell, evidence(first, &dropped))];
            }
            if let Some(other) = other {
                let handles = format!("SigCgt of PID 1 has {other}, and not {signal}");
                let found = about("stopsignal-mismatch").found(vec![
                    whole(first),
                    handles,
                    dropped,
                    end(stop),
                ]);
                return vec![found.mended_by(stop_signal(case, other))];
            }
            let mut evidence = evidence(first, &dropped);
            let known = [Sig::HUP, Sig::QUIT, Sig(10), Sig(12), Sig(28)];
            let handled: Vec<String> = known
                .into_iter()
                .filter(|known| first.hears(*known))
                .map(|known| known.to_string())
                .collect();
            if !handled.is_empty() {
                let handled = handled.join(", ");
                evidence.push(format!(
                    "it handles {handled}: does its manual say that one of them stops it?"
                ));
            }
            vec![
                about("pid1-no-handler")
                    .found(evidence)
                    .mended_by([half_cure()]),
            ]
        }
        Some(Outcome::Ignored) => {
            let ignored = format!(
                "{}: {signal} to {} was ignored: SigIgn of PID 1 has it",
                at(stop, 1),
                who(first)
            );
            vec![about("signal-ignored").found(evidence(first, &ignored))]
        }
        Some(Outcome::Blocked) => {
            let waits = format!(
                "{}: {signal} waits at {}: SigBlk has it, and nobody fetches it",
                at(stop, 1),
                who(first)
            );
            vec![about("signal-blocked").found(evidence(first, &waits))]
        }
        Some(_) => raised(stop, signal).map_or_else(|| behind(stop, signal), |found| vec![found]),
        None => {
            let unseen = format!("{signal} was not seen at PID 1; {}", end(stop));
            vec![about("killed-at-grace").found(vec![whole(first), unseen])]
        }
    }
}

fn half_cure() -> Fix {
    Fix::option(
        "let an init be PID 1: your program is ended at once, without finishing its work",
        &["--init"],
    )
}

/// PID 1's handler raised the signal again, to die of it, and the kernel dropped that.
pub fn raised(stop: &Observation, signal: Sig) -> Option<Finding> {
    let own = |arrival: &Arrival| arrival.sender.is_some_and(|sender| sender.pid == 1);
    let (event, _) = stop.arrivals(1).find(|(_, arrival)| {
        arrival.signal == signal && arrival.outcome == Outcome::Dropped && own(arrival)
    })?;
    let first = stop.first()?;
    let heard = format!(
        "{}: {signal} to {}: its handler ran",
        at(stop, 1),
        who(first)
    );
    let again = format!(
        "{}: it sent itself {signal} again, to die of it, and that was dropped",
        when(stop, event)
    );
    let found = about("pid1-no-handler").found(vec![whole(first), heard, again, end(stop)]);
    Some(found.mended_by([half_cure()]))
}

/// PID 1 heard it and passed it on, to somebody who ignores or blocks it.
fn behind(stop: &Observation, signal: Sig) -> Vec<Finding> {
    let mut found = Vec::new();
    for process in stop
        .before
        .iter()
        .filter(|process| process.pid != 1 && !init(process))
    {
        for (event, arrival) in stop
            .arrivals(process.pid)
            .filter(|(_, arrival)| arrival.signal == signal)
        {
            let (name, words) = match arrival.outcome {
                Outcome::Ignored => ("signal-ignored", "was ignored: SigIgn has it"),
                Outcome::Blocked if !stop.heard(process.pid) => {
                    ("signal-blocked", "waits: SigBlk has it")
                }
                _ => continue,
            };
            let line = format!(
                "{}: {signal} to {} {words}",
                when(stop, event),
                who(process)
            );
            found.push(about(name).found(vec![whole(process), line, end(stop)]));
            return found;
        }
    }
    found
}

/// A shell is PID 1: which of the three?
fn shells(case: &Case, stop: &Observation, shell: &Process, mut evidence: Vec<String>) -> Finding {
    let children: Vec<&Process> = stop
        .before
        .iter()
        .filter(|process| process.parent == 1 && process.pid != 1)
        .collect();
    let piped = children.iter().find_map(|reader| {
        let pipe = reader.reads?;
        children
            .iter()
            .find(|writer| writer.pid != reader.pid && writer.writes.contains(&pipe))
            .map(|writer| (writer, reader))
    });
    let worker = stop.workers().first().copied();
    if let Some(worker) = worker.filter(|worker| worker.pid != 1) {
        evidence.insert(
            1,
            format!("{} does the work and never hears of it", whole(worker)),
        );
    }
    let text = shell
        .command
        .iter()
        .position(|word| word == "-c")
        .and_then(|at| shell.command.get(at + 1));
    let mut candidates = Vec::new();
    if let (Some(text), Some(worker)) = (text, worker) {
        candidates = become_program(case, shell, text, worker);
    }
    let half = Fix::option(
        "half a cure: an init ends the shell at once, and your program is killed with it",
        &["--init"],
    );
    if let Some((writer, reader)) = piped {
        evidence.push(format!(
            "standard output of {} is a pipe to {}",
            who(writer),
            who(reader)
        ));
        return about("pipeline-entrypoint")
            .found(evidence)
            .mended_by(candidates)
            .mended_by([half]);
    }
    let file = shell.command.get(1).filter(|word| !word.starts_with('-'));
    let (Some(file), Some(worker)) = (file, worker) else {
        return about("pid1-is-shell")
            .found(evidence)
            .mended_by(candidates)
            .mended_by([half]);
    };
    let edit = case.sources.and_then(|sources| {
        let (path, text) = sources.script(file)?;
        let new = script::execute_last(&text, worker)?;
        Some(sources.edit(&path, text, new).at(file))
    });
    let candidates = edit.map(|edit| Fix::edit("begin the script's last line with exec", edit));
    about("wrapper-without-exec")
        .found(evidence)
        .mended_by(candidates)
        .mended_by([half])
}

/// The ways in which a shell's text can become the program itself: exec form in the Dockerfile, or another command.
fn become_program(case: &Case, shell: &Process, text: &str, worker: &Process) -> Vec<Fix> {
    let Some(new) = script::execute(text, worker) else {
        return Vec::new();
    };
    let words = script::plain(&new);
    let mut found = Vec::new();
    if let Some(sources) = case.sources {
        let says = |name: &&&str| sources.says(name).is_some_and(|said| said.contains(text));
        if let Some(name) = ["CMD", "ENTRYPOINT"].iter().find(says) {
            let shell_word = shell.command.first().map_or("/bin/sh", String::as_str);
            let list = words
                .clone()
                .unwrap_or_else(|| vec![shell_word.into(), "-c".into(), new.clone()]);
            let line = format!("{name} {}", exec_form(&list));
            let edit = sources.replaced(name, &line);
            found.extend(edit.map(|edit| Fix::edit(&format!("write {line}"), edit)));
        }
    }
    found.push(match words {
        Some(words) => {
            let shown: Vec<String> = words.iter().map(|word| quoted(word)).collect();
            Fix::command(
                &format!("run {} itself", shown.join(" ")),
                &words[0],
                words[1..].to_vec(),
            )
        }
        None => {
            let shell_word = shell.command.first().map_or("/bin/sh", String::as_str);
            Fix::command(
                "let the shell become your program",
                shell_word,
                vec!["-c".into(), new],
            )
        }
    });
    found
}

/// Another stop signal: in the Dockerfile, or as an option.
fn stop_signal(case: &Case, signal: Sig) -> Vec<Fix> {
    let line = format!("STOPSIGNAL {signal}");
    let edit = case
        .sources
        .map(|sources| Fix::edit(&format!("write {line}"), sources.with("STOPSIGNAL", &line)));
    let option = Fix::option("tell the engine", &["--stop-signal", &signal.to_string()]);
    edit.into_iter().chain([option]).collect()
}

/// How it ended.
pub fn end(stop: &Observation) -> String {
    format!("{:+.3} s: {}", stop.seconds, code(stop))
}

fn code(stop: &Observation) -> String {
    match stop.code {
        Some(137) if stop.killed() => format!(
            "exit code 137, SIGKILL: the {:.0} s of grace were over",
            stop.grace
        ),
        Some(code) => format!("exit code {code}"),
        None => "still running".into(),
    }
}

/// When the signal came to a process.
fn at(stop: &Observation, pid: i32) -> String {
    stop.told(pid)
        .map_or("at some time".into(), |(event, _)| when(stop, event))
}
