//! The runner on a course made to go wrong in every way it knows: each check with its negative control.

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use crate::support::{Course, finish, package, signal, the_lab_that_hangs, wait};
use nix::sys::signal::Signal;

#[test]
fn a_right_chapter_passes() {
    let course = Course::new();
    course
        .run(&["lab", "1"])
        .ends(0)
        .says("engine: pocket")
        .says("inside")
        .says("passed 01-pass")
        .never_says("exit 99");
    assert!(course.leftovers("01-pass").is_empty());
}

#[test]
fn what_the_runners_parents_ignored_or_blocked_is_none_of_a_chapters_business() {
    let course = Course::new();
    let xtask = course.xtask(&["lab", "1"]);
    let mut bash = std::process::Command::new("bash");
    let script = "trap '' USR1 RTMIN+3; exec env --block-signal=USR2 \"$@\"";
    bash.args(["-c", script, "bash"])
        .arg(xtask.get_program())
        .args(xtask.get_args());
    bash.env("LAB_ENGINE", "pocket");
    finish(&mut bash).ends(0);
}

#[test]
fn other_output_fails_with_line_and_diff() {
    let run = Course::new().run(&["lab", "diff"]).ends(1);
    run.says("book/src/02-diff.md:8")
        .says("- old")
        .says("+ new")
        .says("FAILED 02-diff")
        .never_says("never");
}

#[test]
fn another_exit_status_fails_at_its_line() {
    let run = Course::new().run(&["lab", "7"]).ends(1);
    run.says("book/src/07-status.md:6")
        .says("exit status: 42, expected: 41");
}

#[test]
fn editing_one_expected_status_is_enough_to_fail() {
    let course = Course::new();
    let path = course.path("book/src/01-pass.md");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("\n137\n", "\n143\n")).unwrap();
    course
        .run(&["lab", "1"])
        .ends(1)
        .says("book/src/01-pass.md:24")
        .says("- 143")
        .says("+ 137");
}

#[test]
fn a_picture_is_drawn_and_one_that_shows_something_else_fails() {
    let course = Course::new();
    let chapter = course.path("book/src/01-pass.md");
    let text = fs::read_to_string(&chapter).unwrap();
    fs::write(
        &chapter,
        text.replacen("```console", "```console,picture=stop", 1),
    )
    .unwrap();
    let (drawn, kept) = (
        course.path("drawn"),
        course.path("book/src/pictures/01-stop.html"),
    );
    let lab = ["lab", "1", "--pictures", drawn.to_str().unwrap()];
    course.run(&lab).ends(1).says("the book has no picture");
    course.run(&[&lab[..], &["--bless"]].concat()).ends(0);
    let picture = fs::read_to_string(&kept).unwrap();
    assert!(picture.contains("SIGTERM from client dropped"), "{picture}");
    course.run(&lab).ends(0);
    fs::write(&kept, picture.replace("dropped", "heard")).unwrap();
    course
        .run(&lab)
        .ends(1)
        .says("this is not what the book's picture shows")
        .says("-sleep: SIGTERM from client heard")
        .says("+sleep: SIGTERM from client dropped");
    assert!(course.leftovers("01-pass").is_empty());
    // Not asked for, nothing is traced.
    course.run(&["lab", "1"]).ends(0);
}

#[test]
fn a_hanging_command_is_killed_and_named() {
    let _alone = the_lab_that_hangs();
    let course = Course::new();
    let run = course.run(&["lab", "hang", "--timeout", "1"]).ends(1);
    run.says("book/src/03-hang.md:9")
        .says("it did not end within 1 s");
    assert!(course.leftovers("03-hang").is_empty());
}

#[test]
fn a_malformed_chapter_is_told_all_its_faults() {
    let run = Course::new().run(&["lab", "4"]).ends(2);
    run.never_says("error: error:")
        .says("04-fence.md:5: unknown fence word `norun`")
        .says("known words:")
        .says("04-fence.md:10: output before the first command");
}

#[test]
fn a_missing_command_fails() {
    Course::new()
        .run(&["lab", "5"])
        .ends(1)
        .says("exit status: 127, expected: 0")
        .says("no-such-command-at-all");
}

#[test]
fn what_a_chapter_leaks_is_cleaned_up() {
    let course = Course::new();
    course.run(&["lab", "6"]).ends(0);
    assert!(course.leftovers("06-leak").is_empty());
}

#[test]
fn what_is_kept_is_there_until_the_next_run() {
    let course = Course::new();
    course.run(&["lab", "6", "--keep"]).ends(0);
    // The negative control of `leftovers`: it does see a container, a process and a file.
    let left = course.leftovers("06-leak");
    for kind in ["container", "/proc", "file"] {
        assert!(left.iter().any(|what| what.starts_with(kind)), "{left:?}");
    }
    course.run(&["lab", "6"]).ends(0);
    assert!(course.leftovers("06-leak").is_empty());
}

#[test]
fn a_skip_is_told_and_can_be_denied() {
    let course = Course::new();
    course
        .run(&["lab", "8"])
        .ends(0)
        .says("skipped book/src/08-skip.md:5")
        .says("apt-get install no-such-program");
    course
        .run(&["lab", "8", "--deny-skip"])
        .ends(1)
        .says("--deny-skip");
}

#[test]
fn a_program_that_does_not_compile_stops_its_own_lab_only() {
    let run = Course::new().run(&["lab", "1", "9", "--jobs", "2"]).ends(2);
    run.says("mismatched types")
        .says("CANNOT RUN 09-broken")
        .says("passed 01-pass")
        .says("1 passed, 0 failed, 1 could not run");
}

#[test]
fn a_compiler_wrapper_of_the_readers_is_left_out() {
    let course = Course::new();
    let mut xtask = course.xtask(&["lab", "9", "--engine", "pocket"]);
    xtask.env("RUSTC_WRAPPER", "/bin/false");
    // The program's own fault, not the wrapper's.
    finish(&mut xtask)
        .ends(2)
        .says("mismatched types")
        .never_says("/bin/false");
}

#[test]
fn a_target_folder_that_the_reader_has_configured_does_not_mislead() {
    let course = Course::new();
    fs::write(course.path("labs/09-broken/main.rs"), "fn main() {}").unwrap();
    let mut xtask = course.xtask(&["lab", "9"]);
    // The same as `build.target-dir` in a configuration file.
    xtask
        .env_remove("CARGO_TARGET_DIR")
        .env("CARGO_BUILD_TARGET_DIR", course.path("elsewhere"));
    finish(&mut xtask).ends(0).says("passed 09-broken");
}

#[test]
fn an_image_without_a_dockerfile_is_named() {
    Course::new()
        .run(&["lab", "10"])
        .ends(2)
        .says("book/src/10-image.md:6: lab10:none has no Dockerfile");
}

#[test]
fn an_exercise_is_graded_with_a_hint() {
    let course = Course::new();
    course
        .run(&["exercise", "11"])
        .ends(1)
        .says("hint: It says wrong.");
    course.run(&["exercise", "11", "--solution"]).ends(0);
    course.run(&["exercise", "--check", "11"]).ends(0);
    // Negative controls of --check: a start that passes, and one that fails for another reason.
    let start = course.path("labs/11-exercise/exercise/Dockerfile");
    let text = fs::read_to_string(&start).unwrap();
    fs::write(&start, text.replace("wrong", "right")).unwrap();
    course
        .run(&["exercise", "--check", "11"])
        .ends(1)
        .says("it passes, and it must be refused with hint `wrong`");
    fs::write(&start, text.replace("wrong", "odd")).unwrap();
    course
        .run(&["exercise", "--check", "11"])
        .ends(1)
        .says("with hint `otherwise`, not with `wrong`");
    // What does not build is a wrong answer, not a fault of the machine.
    fs::write(&start, "FROM scratch\nCMDD x\n").unwrap();
    course.run(&["exercise", "11"]).ends(1).says("CMDD");
    fs::remove_file(&start).unwrap();
    course.run(&["exercise", "11"]).ends(1).says("Dockerfile");
}

#[test]
fn a_wrong_answer_must_be_refused_with_its_hint() {
    let course = Course::new();
    let run = course.run(&["exercise", "--check", "11"]).ends(0);
    run.says("11-exercise mutant shout").says("3 passed");
    let shown = course.run(&["exercise", "11", "--mutant", "shout"]).ends(1);
    shown.says("hint: It says so, and loudly.");
    let unknown = course.run(&["exercise", "11", "--mutant", "shut"]).ends(2);
    unknown.says("keeps no wrong answer `shut`; it has: shout");
    // Negative controls: an answer that gets another hint, and one that passes.
    let mutant = course.path("labs/11-exercise/mutants/shout/Dockerfile");
    let text = fs::read_to_string(&mutant).unwrap();
    for (says, told) in [
        ("wrong", "with hint `wrong`, not with `WRONG`"),
        (
            "right",
            "it passes, and it must be refused with hint `WRONG`",
        ),
    ] {
        fs::write(&mutant, text.replace("WRONG", says)).unwrap();
        let run = course.run(&["exercise", "--check", "11"]).ends(1);
        run.says(told).says("2 passed, 1 failed");
    }
    // What a mutant has built is not what the reader's own answer is graded by.
    course.run(&["exercise", "11"]).ends(1).says("Mend the CMD");
}

/// Programs that were built somewhere else say nothing about the source that stands here.
#[test]
fn a_rust_answer_is_not_graded_where_nothing_is_built() {
    let course = Course::new();
    let programs = course.path("programs");
    fs::create_dir(&programs).unwrap();
    let run = |status| {
        let mut command = course.xtask(&["exercise", "11"]);
        let pocket = std::env::var_os("LAB_PROGRAMS").unwrap_or_else(|| {
            let built = launch::program_under_test("pocket");
            fs::copy(built, programs.join("pocket")).unwrap();
            programs.clone().into()
        });
        finish(command.env("LAB_PROGRAMS", pocket)).ends(status)
    };
    run(1).says("hint: It says wrong.");
    fs::write(
        course.path("labs/11-exercise/exercise/main.rs"),
        "fn main() {}",
    )
    .unwrap();
    run(2).says("the answer to this exercise is a Rust program");
}

#[test]
fn a_taken_port_is_told_before_anything_runs() {
    let _taken = TcpListener::bind("0.0.0.0:3912").unwrap();
    Course::new()
        .run(&["lab", "12"])
        .ends(2)
        .says("port 3912 is not free")
        .says("book/src/12-port.md:6");
}

#[test]
fn a_shell_that_ends_too_early_fails() {
    Course::new()
        .run(&["lab", "13"])
        .ends(1)
        .says("book/src/13-exit.md:6")
        .says("the chapter's bash ended here");
}

#[test]
fn bless_writes_what_happened() {
    let _alone = the_lab_that_hangs();
    let course = Course::new();
    course.run(&["lab", "2", "--bless"]).ends(0).says("blessed");
    let text = fs::read_to_string(course.path("book/src/02-diff.md")).unwrap();
    assert!(
        text.contains("$ echo new\nnew\n$ echo never\nnever\n"),
        "{text}"
    );
    course.run(&["lab", "2"]).ends(0);
    // What cannot run blesses nothing.
    let before = fs::read_to_string(course.path("book/src/03-hang.md")).unwrap();
    course
        .run(&["lab", "3", "--bless", "--timeout", "1"])
        .ends(1);
    assert_eq!(
        fs::read_to_string(course.path("book/src/03-hang.md")).unwrap(),
        before
    );
}

#[test]
fn unknown_labs_and_engines_are_told_the_remedy() {
    let course = Course::new();
    course
        .run(&["lab", "hnag"])
        .ends(2)
        .says("did you mean 3 (hang)?");
    course
        .run(&["lab", "1", "--engine", "dokcer"])
        .ends(2)
        .says("a similar value exists: 'docker'");
    course
        .run(&["lab", "1", "--step"])
        .ends(2)
        .says("--step needs a terminal");
}

/// The lines of a run, each of which the schema knows.
fn events(course: &Course, arguments: &[&str], status: i32) -> Vec<serde_json::Value> {
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    let text = fs::read_to_string(package().join("events.schema.json")).unwrap();
    let schema = serde_json::from_str(&text).unwrap();
    compiler.add_resource("events.json", schema).unwrap();
    let schema = compiler.compile("events.json", &mut schemas).unwrap();
    let run = course
        .run(&[arguments, &["--format", "jsonl"]].concat())
        .ends(status);
    let events: Vec<serde_json::Value> = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for event in &events {
        schemas.validate(event, schema).unwrap();
    }
    // The negative control: the schema does refuse.
    let mut wrong = events[0].clone();
    wrong["event"] = "lob".into();
    assert!(schemas.validate(&wrong, schema).is_err());
    events
}

#[test]
fn what_happens_is_told_as_it_happens_a_line_each() {
    let course = Course::new();
    let told = events(&course, &["lab", "diff"], 1);
    let names: Vec<_> = told
        .iter()
        .map(|event| event["event"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "lab",
            "block",
            "step",
            "output",
            "step-ended",
            "step",
            "output",
            "step-ended",
            "lab-ended"
        ]
    );
    assert_eq!(
        (&told[0]["engine"], &told[0]["blocks"]),
        (&"pocket".into(), &serde_json::json!([1]))
    );
    assert_eq!(
        (&told[3]["text"], &told[4]["passed"]),
        (&"same\n".into(), &true.into())
    );
    let difference = told[7]["difference"].as_str().unwrap();
    assert!(
        difference.contains("+ new") && !difference.contains('\u{1b}'),
        "{difference}"
    );
    assert_eq!(
        (&told[7]["passed"], &told[8]["verdict"]),
        (&false.into(), &"failed".into())
    );
    // As it happens: what a command that hangs has printed is there before it ends.
    let _alone = the_lab_that_hangs();
    let (child, _output) = course.start_until(&["lab", "hang", "--format", "jsonl"], "\"step\"");
    signal(&child, Signal::SIGINT);
    assert_eq!(wait(child), 130);
    // A block that does not run, and an exercise.
    let told = events(&course, &["lab", "8"], 0);
    assert_eq!(
        (&told[1]["event"], &told[1]["line"]),
        (&"skipped".into(), &5.into())
    );
    let told = events(&course, &["exercise", "11"], 1);
    assert_eq!(told[0]["lab"], "11-exercise exercise");
    assert!(told.last().unwrap()["hint"].is_string(), "{told:?}");
}

#[test]
fn some_blocks_run_with_those_before_them() {
    let course = Course::new();
    let told = events(&course, &["lab", "1", "--blocks", "1"], 0);
    assert_eq!(told[0]["blocks"], serde_json::json!([1]));
    let told = events(&course, &["lab", "1", "--blocks", "3"], 0);
    assert_eq!(told[0]["blocks"], serde_json::json!([1, 3]), "2 is no_run");
    for wrong in ["2", "4", "0"] {
        course
            .run(&["lab", "1", "--blocks", wrong])
            .ends(2)
            .says(&format!("no console block {wrong} that runs"));
    }
    course
        .run(&["lab", "1", "2", "--blocks", "1"])
        .ends(2)
        .says("name one lab");
}

#[test]
fn reports_for_machines() {
    let course = Course::new();
    let junit = course.path("junit.xml");
    let run = course
        .run(&[
            "lab",
            "1",
            "2",
            "8",
            "--format",
            "json",
            "--junit",
            junit.to_str().unwrap(),
        ])
        .ends(1);
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["engine"]["kind"], "pocket");
    assert_eq!(report["verdict"], "failed");
    let failed = &report["labs"][1]["steps"][1];
    assert_eq!(
        (&failed["line"], &failed["output"], &failed["passed"]),
        (&8.into(), &"new\n".into(), &false.into())
    );
    assert_eq!(report["labs"][2]["skipped"][0]["line"], 5);
    let problem = report["labs"][1]["problem"].as_str().unwrap();
    assert!(
        problem.contains("+ new") && !problem.contains('\u{1b}'),
        "{problem}"
    );
    let xml = fs::read_to_string(junit).unwrap();
    assert!(
        xml.contains(r#"failures="1""#) && xml.contains("<skipped"),
        "{xml}"
    );
    // Failures only.
    course
        .run(&["lab", "1", "--quiet"])
        .ends(0)
        .never_says("inside");
}

#[test]
fn a_report_that_cannot_be_written_is_told_before_anything_runs() {
    let course = Course::new();
    for (path, why) in [
        ("nowhere/junit.xml", "No such file"),
        ("book", "is a directory"),
    ] {
        let path = course.path(path);
        course
            .run(&["lab", "1", "--junit", path.to_str().unwrap()])
            .ends(2)
            .says("--junit: cannot write")
            .says(why)
            .never_says("inside");
    }
}

#[test]
fn a_report_without_its_program_is_told_before_anything_runs() {
    let course = Course::new();
    let mut xtask = course.xtask(&["lab", "1", "--junit", "junit.xml"]);
    finish(xtask.env("LAB_PROGRAMS", course.path("book")))
        .ends(2)
        .says("xtask-junit is missing; fill LAB_PROGRAMS")
        .never_says("inside");
}

#[test]
fn one_malformed_chapter_does_not_hide_the_others() {
    let course = Course::new();
    course
        .run(&["lab"])
        .ends(2)
        .says("book/src/04-fence.md")
        .says("(hang)")
        .says("(missing)");
}

#[test]
fn signals_end_a_run_in_order() {
    let _alone = the_lab_that_hangs();
    for (number, status) in [
        (Signal::SIGINT, 130),
        (Signal::SIGQUIT, 131),
        (Signal::SIGTERM, 143),
        (Signal::SIGHUP, 129),
    ] {
        let course = Course::new();
        let (child, _output) = course.start_until(&["lab", "3"], "tail -f");
        signal(&child, number);
        assert_eq!(wait(child), status);
        assert!(course.leftovers("03-hang").is_empty());
    }
}

#[test]
fn a_closed_output_ends_a_run_in_order() {
    let course = Course::new();
    let (child, output) = course.start_until(&["lab", "1"], "engine:");
    drop(output);
    assert_eq!(wait(child), 141);
    assert!(course.leftovers("01-pass").is_empty());
}

#[test]
fn an_output_that_cannot_be_written_is_told() {
    let course = Course::new();
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = course.xtask(&["completions", "bash"]);
    let output = command.stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("cannot write to standard output"), "{said}");
}

#[test]
fn after_a_sigkill_the_next_run_cleans_up() {
    let _alone = the_lab_that_hangs();
    let course = Course::new();
    let (child, _output) = course.start_until(&["lab", "3"], "tail -f");
    signal(&child, Signal::SIGKILL);
    assert_eq!(wait(child), 137);
    assert!(!course.leftovers("03-hang").is_empty());
    course.run(&["lab", "3", "--timeout", "1"]).ends(1);
    assert!(course.leftovers("03-hang").is_empty());
}

#[test]
fn the_same_lab_twice_waits() {
    let _alone = the_lab_that_hangs();
    let course = Course::new();
    let (first, mut output) = course.start_until(&["lab", "3"], "tail -f");
    let second = course
        .xtask(&["lab", "3", "--timeout", "1"])
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut second = second;
    let mut said = [0; 17];
    second
        .stderr
        .as_mut()
        .unwrap()
        .read_exact(&mut said)
        .unwrap();
    assert_eq!(&said, b"03-hang waits for");
    signal(&first, Signal::SIGTERM);
    assert_eq!(wait(first), 143);
    output.read_to_string(&mut String::new()).unwrap();
    assert_eq!(wait(second), 1);
}

#[test]
fn a_new_lab_passes_as_it_is_written() {
    let course = Course::new();
    // The new lab's manifest asks the workspace for its versions.
    let manifest = course.path("Cargo.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    let inherited = "[workspace.package]\nversion = \"0.1.0\"\nedition = \"2024\"\nrust-version = \"1.89\"\nlicense = \"MIT\"\npublish = false\n\n[workspace.lints.rust]\nunsafe_code = \"deny\"\n\n[workspace.dependencies]\nsignal-hook = \"0.4\"\n";
    fs::write(&manifest, format!("{text}\n{inherited}")).unwrap();
    course.run(&["new", "15-new-lab"]).ends(0);
    course
        .run(&["new", "15-other"])
        .ends(2)
        .says("number 15 is taken by 15-new-lab");
    course.run(&["lab", "new-lab"]).ends(0);
    course.run(&["exercise", "--check", "15"]).ends(0);
}

#[test]
fn an_early_end_leaves_no_old_report() {
    let course = Course::new();
    let junit = course.path("junit.xml");
    fs::write(&junit, "all passed").unwrap();
    let mut command = course.xtask(&["lab", "1", "--engine", "docker", "--junit"]);
    command
        .arg(&junit)
        .env("DOCKER_HOST", "unix:///no/such/socket");
    finish(&mut command).ends(2);
    assert!(!junit.exists());
}

#[test]
fn clean_does_not_forget_an_engine_that_does_not_answer() {
    let course = Course::new();
    let folder = course.path("target/xtask/docker");
    fs::create_dir_all(&folder).unwrap();
    let mut command = course.xtask(&["clean"]);
    command.env("DOCKER_HOST", "unix:///no/such/socket");
    finish(&mut command).ends(2).says("docker does not answer");
    assert!(folder.exists());
}

#[test]
fn clean_leaves_nothing() {
    let course = Course::new();
    course.run(&["lab", "6", "--keep"]).ends(0);
    course.run(&["clean"]).ends(0);
    assert!(course.leftovers("06-leak").is_empty());
    assert!(!course.path("target/xtask").exists());
}

#[test]
fn without_bash_nothing_runs_and_the_remedy_is_told() {
    let course = Course::new();
    let mut xtask = course.xtask(&["lab", "1"]);
    finish(xtask.env("PATH", "/nonexistent"))
        .ends(2)
        .says("bash is not on PATH")
        .says("apt-get install bash");
}

#[test]
fn a_daemon_that_does_not_answer_is_told_with_the_remedy() {
    let course = Course::new();
    let mut xtask = course.xtask(&["lab", "1", "--engine", "docker"]);
    xtask.env("DOCKER_HOST", "unix:///nonexistent/docker.sock");
    finish(&mut xtask)
        .ends(2)
        .says("no docker daemon answers")
        .says("systemctl start docker")
        .says("--engine pocket needs none");
}

/// A daemon that dies while the chapter runs is the machine's fault, not the book's.
#[test]
fn a_daemon_that_dies_is_told_apart_from_a_wrong_result() {
    let course = Course::new();
    let bin = course.path("fake");
    fs::create_dir(&bin).unwrap();
    let docker = bin.join("docker");
    let script = "#!/bin/sh\n\
        dead=${0%/*}/dead\n\
        if [ \"$1\" = run ]; then : >\"$dead\"; fi\n\
        if [ -e \"$dead\" ]; then echo 'Cannot connect to the Docker daemon' >&2; exit 1; fi\n\
        if [ \"$1\" = version ]; then echo '1.0 (client 1.0)'; fi\n";
    fs::write(&docker, script).unwrap();
    fs::set_permissions(&docker, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let mut xtask = course.xtask(&["lab", "7", "--engine", "docker"]);
    finish(xtask.env("PATH", path))
        .ends(2)
        .says("the machine failed at book/src/07-status.md:6")
        .says("CANNOT RUN");
}
