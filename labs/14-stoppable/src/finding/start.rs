//! It does not start, or it ends before anybody could stop it.

use super::about::{About, Finding, Severity};
use super::case::Case;
use super::fix::Fix;
use crate::probe::plan::Probe;
use crate::probe::session::Failed;

/// What is found here.
pub const ABOUT: &[About] = &[About {
    name: "does-not-start",
    severity: Severity::Error,
    title: "the container does not start",
    explanation: "Exit code 127 says that the program (or the interpreter in its #! line) is not there, 126 that it \
        is there and may not be executed, \"exec format error\" that the kernel does not know its format: a script \
        without a #! line, or a program for another machine. A #! line that ends with a carriage return names an \
        interpreter called \"sh\\r\", which is not there. 125 is the engine's own: it refused before any program ran.",
    chapter: "04-exit-codes",
    probe: Probe::Stop,
}];

/// Looks for it.
pub fn find(case: &Case) -> Vec<Finding> {
    let (code, said) = match &case.results.failed {
        Some(Failed::Refused(output)) => (
            output.code,
            output.complaint().lines().map(str::to_owned).collect(),
        ),
        Some(Failed::Ended { code, logs }) => (Some(*code), logs.clone()),
        None => return Vec::new(),
    };
    let text = said.join("\n");
    let cannot = [
        "exec format error",
        "no such file",
        "not found",
        "permission denied",
        "executable file",
    ];
    let says = cannot
        .iter()
        .any(|words| text.to_ascii_lowercase().contains(words));
    let command = case.patient.config.command();
    // docker with runc starts the container, and the failure is what it prints: `exec /app.sh: exec format error`.
    let at_exec = command
        .first()
        .is_some_and(|first| text.contains(&format!("exec {first}: ")));
    let refused = matches!(case.results.failed, Some(Failed::Refused(_)));
    if !(matches!(code, Some(126 | 127)) || says && (refused || at_exec)) {
        return Vec::new();
    }
    let mut evidence = vec![format!(
        "exit code {}",
        code.map_or("unknown".into(), |code| code.to_string())
    )];
    evidence.extend(
        said.iter()
            .rev()
            .find(|line| !line.trim().is_empty())
            .map(|line| line.trim().to_owned()),
    );
    let mut fixes = Vec::new();
    let script = command.iter().find_map(|word| {
        let (path, text) = case.sources.filter(|_| word.contains('/'))?.script(word)?;
        Some((word, path, text))
    });
    if let (Some(sources), Some((word, path, text))) = (case.sources, script) {
        let first = text.split('\n').next().unwrap_or_default();
        if first.starts_with("#!") && first.ends_with('\r') {
            evidence.push(format!(
                "the first line of {} ends with a carriage return",
                path.display()
            ));
            let edit = sources.edit(&path, text.clone(), text.replace("\r\n", "\n"));
            fixes.push(Fix::edit(
                "end the script's lines with a newline alone",
                edit.at(word),
            ));
        } else if !first.starts_with("#!") {
            evidence.push(format!("{} has no #! line", path.display()));
            let edit = sources.edit(&path, text.clone(), format!("#!/bin/sh\n{text}"));
            fixes.push(Fix::edit(
                "name the interpreter in the script's first line",
                edit.at(word),
            ));
        }
    }
    vec![ABOUT[0].found(evidence).mended_by(fixes)]
}
