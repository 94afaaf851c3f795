//! What may stand in a chapter, and what a chapter's commands meet.

use std::fs;

use crate::support::Course;

/// A course whose lab 2 has this one block.
fn course(block: &str) -> Course {
    let course = Course::new();
    let page = format!("# Block\n\n> What does it do?\n\n```console\n{block}\n```\n");
    fs::write(course.path("book/src/02-diff.md"), page).unwrap();
    course
}

/// One after the other, each way to spread the wildcards would be tried for minutes.
#[test]
fn many_wildcards_over_lines_that_repeat_come_to_a_verdict() {
    let block = format!(
        "$ for i in $(seq 200); do echo 'GET / 200'; done\n{}...\ndrained",
        "...\nGET / 200\n".repeat(5)
    );
    course(&block)
        .run(&["lab", "2"])
        .ends(1)
        .says("book/src/02-diff.md:6")
        .says("- drained");
    course(&block.replace("done", "done; echo drained"))
        .run(&["lab", "2"])
        .ends(0);
}
