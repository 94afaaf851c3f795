//! The workshop without a terminal: lines in, lines out.

use std::process::{Command, Output};

use crate::support::{checkout, program, run};

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn the_end_of_the_input_waits_for_the_verdict() {
    for (answer, status, verdict) in [("yes", 0, "PASSED"), ("no", 1, "FAILED")] {
        let output = run(&checkout(answer, answer), &["--plain"], "");
        assert_eq!(output.status.code(), Some(status));
        let said = said(&output);
        assert!(
            said.contains(verdict) && said.contains("  it says: "),
            "{said}"
        );
        assert!(!said.contains('\u{1b}'), "{said}");
    }
}

#[test]
fn words_are_commands() {
    let output = run(&checkout("yes", "yes"), &["2"], "list\nwhat?\n7\nhint\n");
    let said = said(&output);
    for wanted in [
        "Exercise 2: The second",
        ">  2  ",
        "h, hint       one hint more",
        "There are exercises 1 to 2.",
        "There is no verdict yet.",
    ] {
        assert!(said.contains(wanted), "no {wanted:?} in\n{said}");
    }
}

#[test]
fn what_cannot_begin_is_told() {
    let folder = checkout("yes", "yes");
    let output = run(&folder, &["9"], "");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(
        said,
        "error: no exercise `9`: they are numbered from 1 to 2\n"
    );
    assert_eq!(output.status.code(), Some(2));
    let alone = Command::new(program()).output().unwrap();
    let said = String::from_utf8_lossy(&alone.stderr).into_owned();
    assert!(
        said.contains("start this as `cargo xtask workshop`"),
        "{said}"
    );
}
