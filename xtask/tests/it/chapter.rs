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

/// As in flock(1).
#[test]
fn descriptors_eight_and_nine_are_the_readers() {
    let block = "$ exec 8>lockfile 9>lockfile\n$ flock -n 9 && echo locked\nlocked\n$ flock -n 8\n? 1\n$ exec 8>&- 9>&-; rm lockfile";
    course(block).run(&["lab", "2"]).ends(0);
}

#[test]
fn a_chapter_with_crlf_line_ends_is_named_with_the_remedy() {
    let course = course("$ echo a\na");
    let path = course.path("book/src/02-diff.md");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace('\n', "\r\n")).unwrap();
    course
        .run(&["lab", "2"])
        .ends(2)
        .says("book/src/02-diff.md:1: this chapter has CRLF line ends")
        .says("sed -i 's/\\r$//' book/src/02-diff.md");
}

/// Passes twice, then fails.
const THIRD_TIME: &str = "$ echo ran >>count; [ $(wc -l <count) -lt 3 ]";

#[test]
fn a_repeated_run_stops_at_the_first_failure_and_says_which_it_was() {
    let course = course(THIRD_TIME);
    course
        .run(&["lab", "2", "--repeat", "2"])
        .ends(0)
        .says("run 2 of 2")
        .says("all 2 runs passed");
    fs::remove_file(course.path("labs/02-diff/count")).unwrap();
    course
        .run(&["lab", "2", "--repeat", "5"])
        .ends(1)
        .says("stopped: run 3 of 5 did not pass")
        .never_says("run 4 of 5");
    course
        .run(&["lab", "2", "--repeat", "2", "--bless"])
        .ends(2)
        .says("cannot be used with");
}

#[test]
fn a_repeated_run_is_told_to_machines() {
    let course = course(THIRD_TIME);
    let junit = course.path("junit.xml");
    let path = junit.to_str().unwrap();
    let arguments = ["lab", "2", "--repeat", "5", "--format", "json", "--junit"];
    let run = course.run(&[&arguments[..], &[path]].concat()).ends(1);
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["repeat"], serde_json::json!({"run": 3, "of": 5}));
    let xml = fs::read_to_string(junit).unwrap();
    assert!(xml.contains("02-diff (pocket, run 3 of 5)"), "{xml}");
}
