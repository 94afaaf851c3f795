//! The command line, where it cannot be compared with docker's.

use std::time::Instant;

use crate::common::{Done, Pocket};

#[test]
fn following_a_log_ends_at_until() {
    let pocket = Pocket::new(None);
    pocket.ok(&["run", "-d", "--name", "quiet", "probe", "wait"]);
    pocket.await_line("quiet", "ready");
    // Docker looks at the time only when a line comes, and so never ends here: nobody who writes --until wants that.
    let began = Instant::now();
    let done = pocket.bash("timeout 20 docker logs -f --until=-1s quiet; echo $?");
    assert_eq!(done.out, "ready\n0\n", "{done:?}");
    assert!(began.elapsed().as_secs() < 15);
    // The control: without it, it goes on.
    let done = pocket.bash("timeout 1 docker logs -f quiet; echo $?");
    assert_eq!(done.out, "ready\n124\n", "{done:?}");
}

#[test]
fn a_name_without_a_value_takes_the_variable_away() {
    Pocket::each_user(|pocket| {
        let dockerfile = "FROM probe\nENV FOO=image\nENTRYPOINT [\"/13-probe\", \"wait\"]\n";
        pocket.build("env", dockerfile);
        let done = pocket.bash(
            r#"unset FOO; say='echo ${FOO-unset}'; run="docker run --rm --entrypoint sh"
            $run env -c "$say"; $run -e FOO env -c "$say"; FOO=mine $run -e FOO env -c "$say"; $run -e FOO= env -c "$say"
            docker run -d --name gone -e FOO env >/dev/null; docker exec gone sh -c "$say"
            docker exec -e FOO=x gone sh -c "$say"; docker rm -f gone >/dev/null
            docker run -d --name kept env >/dev/null; docker exec -e FOO kept sh -c "$say"; docker exec kept sh -c "$say"
            docker rm -f kept >/dev/null"#,
        );
        assert_eq!(
            done.out, "image\nunset\nmine\n\nunset\nx\nunset\nimage\n",
            "{done:?}"
        );
    });
}

#[test]
fn what_pocket_does_not_have_is_said_to_be_missing() {
    let pocket = Pocket::new(None);
    for (args, code, missing) in [
        (&["run", "--network", "host", "probe"][..], 125, "--network"),
        (&["run", "-v", "/:/x", "probe"], 125, "-v"),
        (&["run", "-itv/:/x", "probe"], 125, "-v"),
        (&["exec", "--privileged", "x", "y"], 125, "--privileged"),
        (&["build", "--target=x", "."], 125, "--target"),
        (&["compose", "up"], 1, "compose"),
        (&["pause", "x"], 1, "pause"),
        (&["-H", "tcp://x", "ps"], 1, "-H"),
        (&["--context=x", "ps"], 1, "--context"),
    ] {
        let done = pocket.run(args);
        let text = format!("pocket does not have {missing}\n");
        assert!(done.err.contains(&text), "{args:?}: {done:?}");
        assert_eq!((done.code, done.out.as_str()), (code, ""), "{args:?}");
    }
    // The control: what Docker does not have either is unknown.
    for args in [&["run", "--bogus"][..], &["bogus"], &["--bogus"]] {
        let done = pocket.run(args);
        assert!(done.err.contains("unknown"), "{args:?}: {done:?}");
        assert!(!done.err.contains("does not have"), "{args:?}: {done:?}");
    }
}

#[test]
fn odd_input_is_an_error_and_no_panic() {
    use std::os::unix::ffi::OsStrExt;
    let pocket = Pocket::new(None);
    for args in [
        &["run", ""][..],
        &["run", "-p", "", "probe"],
        &["run", "-e", "=x", "probe"],
        &["inspect", ""],
        &["inspect", "-f", "{{", "probe"],
        &["rm", "../../etc"],
        &["stop", "-t", "99999999999999999999", "x"],
        &["events", "--since", "2026-01-01T9999999999999999:00"],
        &["logs", "--since", "never", "x"],
        &["build", ""],
        &["build", "-t", "BAD NAME", "context"],
        &["ps", "--filter", "x"],
        &["tag", "probe", "Bad//name"],
        &["exec", "x", ""],
    ] {
        let done = pocket.run(args);
        assert!([1, 64, 125].contains(&done.code), "{args:?}: {done:?}");
        assert!(!done.err.contains("panicked"), "{args:?}: {done:?}");
        assert!(!done.err.trim().is_empty(), "{args:?}: {done:?}");
    }
    let mut command = pocket.command(&["run"]);
    let done = Done::from(
        command
            .arg(std::ffi::OsStr::from_bytes(b"\xff\xfe"))
            .output()
            .expect("runs"),
    );
    assert_eq!(done.code, 125);
    let closed =
        pocket.bash("docker ps >&-; docker ps > /dev/full; docker --help > /dev/full; echo $?");
    assert_eq!(
        (closed.out.as_str(), closed.err.contains("panicked")),
        ("0\n", false),
        "{closed:?}"
    );
}
