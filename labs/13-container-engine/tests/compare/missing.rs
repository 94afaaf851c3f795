//! What Docker's client offers is either taken by pocket, or refused as what pocket does not have; never as unknown.

use std::process::Command;

use crate::common::Pocket;
use crate::{real_docker, skip};

/// Of a help text, the words that the lines of its lists begin with.
fn offered(help: &str, list: fn(&str) -> bool) -> Vec<String> {
    let mut inside = false;
    let mut found = Vec::new();
    for line in help.lines() {
        if !line.starts_with(' ') && !line.is_empty() {
            inside = list(line);
        } else if inside && line.starts_with("  ") {
            // What goes on from the line before stands further in.
            let indent = line.len() - line.trim_start().len();
            let words = line.split_whitespace().take(2);
            let words = words.map(|word| word.trim_matches([',', '*']).to_owned());
            found.extend(words.enumerate().filter_map(|(at, word)| {
                let flag = word.starts_with('-') && indent <= 6;
                let command = at == 0 && indent == 2 && !word.starts_with('-');
                (flag || command).then_some(word)
            }));
        }
    }
    found
}

#[test]
fn what_docker_offers_is_taken_or_said_to_be_missing() {
    let Some(docker) = real_docker() else {
        return skip("no docker daemon answers; start one to compare with it");
    };
    let help = |args: &[&str]| {
        let mut command = Command::new(&docker);
        let output = command.args(args).arg("--help").output().expect("docker");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let pocket = Pocket::new(None);
    let (mut wrong, mut looked) = (Vec::new(), 0);
    let commands = offered(&help(&[]), |line| line.ends_with("ommands:"));
    assert!(commands.len() > 40, "{commands:?}");
    for command in &commands {
        let done = pocket.run(&[command, "--help"]);
        if done.err.contains("unknown") {
            wrong.push(format!("{command}: {}", done.err));
        }
        if done.code != 0 {
            assert!(
                done.err.contains("pocket does not have"),
                "{command}: {done:?}"
            );
            continue;
        }
        if ["container", "image"].contains(&command.as_str()) {
            continue;
        }
        for flag in offered(&help(&[command]), |line| line == "Options:") {
            looked += 1;
            let done = pocket.run(&[command, &flag]);
            if done.err.contains("unknown") {
                wrong.push(format!("{command} {flag}: {}", done.err));
            }
        }
    }
    assert!(looked > 150, "only {looked} flags in docker's help");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // The control: what nobody has is unknown.
    assert!(pocket.run(&["run", "--bogus"]).err.contains("unknown flag"));
}

#[test]
fn help_is_read() {
    let text = "Usage:  docker x\n\nOptions:\n  -a, --all list   All of\n                   --them\n      --pid string  P\n\nCommands:\n  run   Runs\n";
    assert_eq!(
        offered(text, |line| line == "Options:"),
        ["-a", "--all", "--pid"]
    );
    assert_eq!(offered(text, |line| line == "Commands:"), ["run"]);
}
