//! What dumb-init and tini do not do, and what inits have been known to get wrong.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lab_06_init::processes::{self, descendants};
use nix::libc;

use crate::run::{Run, installed, ours, send, until};

fn start(words: &[&str]) -> Run {
    Run::start(&ours(), words)
}

/// Starts the app, and waits until it can be stopped.
fn start_app(init: &Path, options: &[&str], app: &[&str]) -> Run {
    let mut run = Run::start(init, &[options, &["06-app"], app].concat());
    assert_eq!(run.line(), "ready");
    run
}

#[test]
fn waits_for_the_group() {
    let run = start_app(&ours(), &["--wait", "60"], &[]);
    run.send(libc::SIGTERM);
    let end = run.end();
    assert_eq!(
        (end.code, end.output),
        (0, vec!["server: done".into(), "worker: done".into()])
    );
    assert_eq!(end.errors, "");
}

/// The negative control: without the option the worker is not waited for, by nobody.
#[test]
fn others_do_not_wait() {
    let inits: [(&str, &[&str]); 3] = [
        ("dumb-init", &[]),
        ("tini", &["-s", "-g", "--"]),
        ("06-init", &[]),
    ];
    for (name, options) in inits {
        let Some(init) = (if name == "06-init" {
            Some(ours())
        } else {
            installed(name)
        }) else {
            continue;
        };
        let mut run = start_app(&init, options, &["60"]);
        run.send(libc::SIGTERM);
        assert_eq!(run.line(), "server: done", "{name}");
        assert_eq!(run.wait(), 0, "{name}");
        assert!(run.end().output.is_empty(), "{name}");
    }
}

#[test]
fn waits_for_a_daemon_too() {
    let run = start_app(&ours(), &["--wait", "60"], &["detached"]);
    run.send(libc::SIGTERM);
    assert_eq!(run.end().output, ["server: done", "worker: done"]);
}

#[test]
fn waits_for_what_a_command_leaves_behind() {
    let mut run = start(&["-w", "60", "sh", "-c", "06-app & read line; exit 3"]);
    assert_eq!(run.line(), "ready");
    run.say("go");
    let end = run.end();
    assert_eq!(end.code, 3);
    assert_eq!(end.output, ["server: done", "worker: done"]);
}

#[test]
fn kills_at_the_deadline() {
    let start = Instant::now();
    let run = start_app(&ours(), &["--wait", "0.5"], &["60"]);
    run.send(libc::SIGTERM);
    let end = run.end();
    assert_eq!((end.code, end.output), (0, vec!["server: done".into()]));
    assert!(end.errors.contains("SIGKILL"), "{}", end.errors);
    assert!(start.elapsed() >= Duration::from_millis(500));
}

#[test]
fn kills_a_command_that_does_not_listen() {
    let mut run = start(&["--wait", "0.1", "06-probe"]);
    assert_eq!(run.line(), "ready");
    run.send(libc::SIGTERM);
    assert_eq!(run.line(), "15 SIGTERM");
    assert_eq!(run.end().code, 128 + libc::SIGKILL);
}

#[test]
fn kills_a_daemon_that_does_not_listen() {
    let mut run = start(&["--wait", "0.1", "sh", "-c", "setsid 06-probe & read line"]);
    assert_eq!(run.line(), "ready");
    let probe = run.find("06-probe").expect("the probe").pid;
    run.say("go");
    assert_eq!(run.line(), "15 SIGTERM");
    assert_eq!(run.wait(), 0);
    assert!(processes::find(probe.as_raw()).is_none());
}

#[test]
fn tells_everybody_once() {
    // The shell leaves, the probe stays, and has had its SIGTERM.
    let script = "trap 'exit 0' TERM; 06-probe & while :; do wait; done";
    let mut run = start(&["--wait", "inf", "sh", "-c", script]);
    assert_eq!(run.line(), "ready");
    let probe = run.find("06-probe").expect("the probe").pid;
    run.send(libc::SIGTERM);
    assert_eq!(run.line(), "15 SIGTERM");
    until(|| run.find("sh").is_none());
    run.send(libc::SIGPWR);
    assert_eq!(run.line(), "30 SIGPWR");
    send(probe, libc::SIGKILL);
    assert_eq!(run.end().code, 0);
}

#[test]
fn delays_the_stop_signal() {
    let mut run = start(&["--delay", "0.5", "06-probe"]);
    assert_eq!(run.line(), "ready");
    let start = Instant::now();
    run.send(libc::SIGTERM);
    run.send(libc::SIGPWR);
    assert_eq!([run.line(), run.line()], ["30 SIGPWR", "15 SIGTERM"]);
    assert!(start.elapsed() >= Duration::from_millis(500));
}

#[test]
fn a_second_stop_signal_is_not_delayed() {
    let mut run = start(&["--delay", "3600", "06-probe"]);
    assert_eq!(run.line(), "ready");
    let mut press = || {
        run.send(libc::SIGTERM);
        run.send(libc::SIGPWR);
        run.line()
    };
    assert_eq!([press(), press()], ["30 SIGPWR", "15 SIGTERM"]);
}

#[test]
fn repeats_the_stop_signal() {
    let mut run = start(&["--repeat", "0.05", "06-probe"]);
    assert_eq!(run.line(), "ready");
    run.send(libc::SIGTERM);
    assert_eq!([run.line(), run.line(), run.line()], ["15 SIGTERM"; 3]);
}

#[test]
fn the_stop_signal_can_be_another_one() {
    // As images with systemd in them do: STOPSIGNAL SIGRTMIN+3.
    let mut run = start(&[
        "-t",
        "RTMIN+3",
        "-r",
        "RTMIN+3:TERM",
        "--repeat",
        "0.05",
        "06-probe",
    ]);
    assert_eq!(run.line(), "ready");
    run.send(37);
    assert_eq!([run.line(), run.line()], ["15 SIGTERM"; 2]);
}

#[test]
fn maps_exit_codes() {
    let rows: [(&[&str], &str, i32); 6] = [
        (&["-e", "143"], "kill -s TERM $$", 0),
        (&["-e", "143:0"], "kill -s TERM $$", 0),
        (&["--exit-code=143:7", "-e", "3"], "kill -s TERM $$", 7),
        (&["-e", "143:0", "-e", "3:4"], "exit 3", 4),
        (&["-e", "3:4", "-e", "4:5"], "exit 3", 4),
        (&["-e", "143"], "exit 3", 3),
    ];
    for (options, script, code) in rows {
        assert_eq!(
            start(&[options, &["sh", "-c", script]].concat()).end().code,
            code,
            "{options:?}"
        );
    }
}

#[test]
fn rejects_what_makes_no_sense() {
    let rows: [&[&str]; 9] = [
        &["-e", "256"],
        &["-e", "1:256"],
        &["-e", "x"],
        &["--wait", "-1"],
        &["--wait", "soon"],
        &["--delay", "nan"],
        &["--repeat", "inf"],
        &["--repeat", "0"],
        &["--stop-signal", "KILLER"],
    ];
    for words in rows {
        let end = start(&[words, &["true"]].concat()).end();
        assert_eq!(end.code, 1, "{words:?}");
        assert!(end.errors.contains("--help"), "{words:?}: {}", end.errors);
    }
}

/// SIGCHLD does not queue: one stands for ten orphans here, and the command goes on.
#[test]
fn one_sigchld_for_many() {
    let mut run = start(&[
        "-s",
        "sh",
        "-c",
        "echo up; read line; 06-orphans 10; read line",
    ]);
    assert_eq!(run.line(), "up");
    run.send(libc::SIGSTOP);
    run.until_state('T');
    run.say("go");
    let [adopted, zombies] = [run.line(), run.line()];
    assert!(adopted.contains("(06-init)"), "{adopted}");
    assert_eq!(zombies, "zombies: 10");
    run.send(libc::SIGCONT);
    until(|| {
        descendants(run.pid())
            .iter()
            .all(|process| process.state != 'Z')
    });
    run.say("go");
    assert_eq!(run.end().code, 0);
}

/// A signal that is pending before the init starts, let alone its command. dumb-init sends it to a
/// group that is not there yet.
#[test]
fn a_signal_that_comes_early() {
    for options in [&["-c"][..], &[]] {
        for _ in 0..50 {
            let script = r#"kill -s TERM $$; exec "$@""#;
            let mut env = Command::new("env");
            env.args(["--block-signal=TERM", "sh", "-c", script, "sh"])
                .arg(ours());
            let end = Run::start_with(env.args(options).args(["sh", "-c", "read line"])).end();
            assert_eq!(end.code, 128 + libc::SIGTERM);
        }
    }
}

#[test]
fn ten_thousand_orphans() {
    let end = start(&["--subreaper", "06-orphans", "10000"]).end();
    assert_eq!(end.code, 0);
    assert!(end.output[0].contains("(06-init)"), "{:?}", end.output);
    assert_eq!(end.output[1], "zombies: 0");
}

/// The negative control: whoever is no subreaper adopts nobody.
#[test]
fn no_subreaper_no_orphans() {
    let end = start(&["06-orphans", "1"]).end();
    assert!(!end.output[0].contains("(06-init)"), "{:?}", end.output);
}

/// Nobody reads stderr: no panic, and no SIGPIPE that would be forwarded to the command.
#[test]
fn survives_a_broken_stderr() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let script = "read line; exit 5";
    let mut child = Command::new(ours())
        .args(["-v", "sh", "-c", script])
        .stdin(Stdio::piped())
        .stderr(writer)
        .spawn()
        .expect("starts");
    for signal in [libc::SIGWINCH, libc::SIGURG] {
        send(nix::unistd::Pid::from_raw(child.id().cast_signed()), signal);
    }
    drop(child.stdin.take());
    assert_eq!(child.wait().expect("ends").code(), Some(5));
}

/// As PID 1 of a namespace of its own, where this machine lets us make one.
#[test]
fn as_pid_1() {
    let Some(unshare) = installed("unshare") else {
        return;
    };
    let namespace = [
        "--user",
        "--map-root-user",
        "--pid",
        "--fork",
        "--mount-proc",
    ];
    let allowed = Command::new(&unshare)
        .args(namespace)
        .arg("true")
        .output()
        .expect("starts");
    if !allowed.status.success() {
        let denied = std::env::var_os("TRAPPING_SIGNALS_DENY_SKIP").is_some_and(|it| it == "1");
        assert!(
            !denied,
            "unshare: {}",
            String::from_utf8_lossy(&allowed.stderr)
        );
        eprintln!("skipped: {}", String::from_utf8_lossy(&allowed.stderr));
        return;
    }
    let start_in = |words: &[&str]| {
        Run::start_with(
            Command::new(&unshare)
                .args(namespace)
                .arg(ours())
                .args(words),
        )
    };
    let run = |words: &[&str]| start_in(words).end();
    assert_eq!(run(&["sh", "-c", "exit 3"]).code, 3);
    assert_eq!(run(&["sh", "-c", "kill -s TERM $$"]).code, 143);
    assert_eq!(run(&["sh", "-c", "kill -s TERM 1; read line"]).code, 143);
    assert_eq!(run(&["no-such-command"]).code, 127);
    let end = run(&["06-orphans", "10"]);
    assert_eq!(
        end.output,
        ["orphans: 10, adopted by PID 1 (06-init)", "zombies: 0"]
    );
    let mut run = start_in(&[
        "-w",
        "60",
        "sh",
        "-c",
        "06-app detached & read line; exit 4",
    ]);
    assert_eq!(run.line(), "ready");
    run.say("go");
    let end = run.end();
    assert_eq!(
        (end.code, end.output),
        (4, vec!["server: done".into(), "worker: done".into()])
    );
}
