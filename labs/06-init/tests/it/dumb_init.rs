//! Tables of what dumb-init 1.2.5 does. The same is played on both, and compared.

use std::fs;
use std::iter;
use std::path::Path;
use std::process::Command;

use nix::libc;
use nix::unistd::Pid;

use crate::run::{Run, installed, ours, send, until};

/// Name, environment, words after the program's name: run to its end.
type Row = (
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static [&'static str],
);

/// Which of its group and of its session the command leads.
const SHOW_SESSION: &str = r#"
    read -r pid name state parent group session rest < /proc/$$/stat
    echo group $((group == pid)) session $((session == pid))"#;

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("ends with 0", &[], &["true"]),
    ("ends with the command's code", &[], &["sh", "-c", "exit 3"]),
    ("127 is a code like any other", &[], &["sh", "-c", "exit 127"]),
    ("128 + N for a signal", &[], &["sh", "-c", "kill -s TERM $$"]),
    ("128 + 9", &[], &["sh", "-c", "kill -s KILL $$"]),
    ("128 + 11, core or not", &[], &["sh", "-c", "ulimit -c 0; kill -s SEGV $$"]),
    ("128 + 37, real-time", &[], &["bash", "-c", "kill -37 $$"]),
    ("the command's words stay its own", &[], &["printf", "%s.", "-v", "--help", "--", "-c", "a b", ""]),
    ("--", &[], &["--", "printf", "%s.", "--", "x"]),
    ("the environment is handed on", &[("X", "y")], &["sh", "-c", "echo $X"]),
    ("the directory stays", &[], &["pwd"]),
    ("the init's own is /", &[], &["sh", "-c", "until [ $(readlink /proc/$PPID/cwd) = / ]; do :; done"]),
    // The command line.
    ("no command", &[], &[]),
    ("no command after an option", &[], &["-v"]),
    ("unknown option", &[], &["-x", "true"]),
    ("unknown long option", &[], &["--nonsense", "true"]),
    ("-h", &[], &["-h"]),
    ("--help", &[], &["--help"]),
    ("-V", &[], &["-V"]),
    ("--version", &[], &["--version"]),
    ("-h wins over what follows", &[], &["-h", "-x"]),
    ("-v", &[], &["-v", "true"]),
    ("--verbose", &[], &["--verbose", "true"]),
    ("cut short", &[], &["--verb", "true"]),
    ("cut short, ambiguous", &[], &["--ver", "true"]),
    ("cut short, with a value", &[], &["--rew=15:2", "true"]),
    ("a value for an option without one", &[], &["--verbose=1", "true"]),
    ("-r without a value", &[], &["-r"]),
    ("-r: no pair", &[], &["-r", "15", "true"]),
    ("-r: no number", &[], &["-r", "x:y", "true"]),
    ("-r: too small", &[], &["-r", "0:15", "true"]),
    ("-r: negative", &[], &["-r", "15:-1", "true"]),
    ("-r: too great", &[], &["-r", "99:15", "true"]),
    ("-r takes the next word", &[], &["-r", "--", "true"]),
    ("-r in one word", &[], &["-r15:2", "true"]),
    ("--rewrite=", &[], &["--rewrite=15:2", "true"]),
    ("--rewrite", &[], &["--rewrite", "15:2", "true"]),
    ("several letters", &[], &["-vcr15:2", "true"]),
    // The environment.
    ("DUMB_INIT_DEBUG=1", &[("DUMB_INIT_DEBUG", "1")], &["true"]),
    ("DUMB_INIT_DEBUG=0", &[("DUMB_INIT_DEBUG", "0")], &["true"]),
    ("DUMB_INIT_DEBUG=true", &[("DUMB_INIT_DEBUG", "true")], &["true"]),
    ("a session", &[], &["sh", "-c", SHOW_SESSION]),
    ("no session", &[], &["-c", "sh", "-c", SHOW_SESSION]),
    ("--single-child", &[], &["--single-child", "sh", "-c", SHOW_SESSION]),
    ("DUMB_INIT_SETSID=0", &[("DUMB_INIT_SETSID", "0")], &["sh", "-c", SHOW_SESSION]),
    ("DUMB_INIT_SETSID=1", &[("DUMB_INIT_SETSID", "1")], &["sh", "-c", SHOW_SESSION]),
    ("DUMB_INIT_SETSID=1 does not undo -c", &[("DUMB_INIT_SETSID", "1")], &["-c", "sh", "-c", SHOW_SESSION]),
];

/// Name, words before the probe, signals sent to the init one after the other.
type Signals = (&'static str, &'static [&'static str], &'static [i32]);

const ALL: &[i32] = &[
    1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 18, 21, 20, 22, 23, 24, 25, 26, 27, 28, 29,
    31,
];

/// The kernel hands out what is pending by number, lowest first, faults (SIGSYS among them) before
/// all others: when this one has come, so has what was sent before it.
const LAST: i32 = libc::SIGPWR;

/// These stop the init as well.
const STOPPING: [i32; 3] = [libc::SIGTSTP, libc::SIGTTIN, libc::SIGTTOU];

#[rustfmt::skip]
const SIGNALS: &[Signals] = &[
    ("all", &[], ALL),
    ("all, to the child", &["-c"], ALL),
    ("real-time", &[], &[34, 37, 63]),
    ("SIGCHLD is not forwarded", &[], &[libc::SIGCHLD]),
    ("not even rewritten", &["-r", "17:10"], &[libc::SIGCHLD]),
    ("to SIGCHLD, though", &["-r", "10:17"], &[libc::SIGUSR1]),
    ("rewritten", &["-r", "15:2"], &[15, 3, 2]),
    ("swapped", &["-r", "15:2", "-r", "2:15", "-r", "3:3"], &[15, 3, 2]),
    ("the last one counts", &["-r", "15:2", "-r", "15:3"], &[15]),
    ("lowest and highest", &["-r", "1:31", "-r", "31:1"], &[1, 31]),
    ("0 drops", &["-r", "15:3", "-r", "2:0", "-r", "28:0"], &[15, 2, 28, 1]),
    ("0 drops, for the child", &["-c", "-r", "2:0"], &[2, 1]),
    ("a stop signal rewritten still suspends the init", &["-r", "20:15", "-r", "21:2", "-r", "22:1"], &[20, 21, 22]),
    ("a stop signal dropped still suspends the init", &["-r", "20:0"], &[20]),
];

/// Runs a row to its end: what one can see of it from outside. Wording is each program's own.
fn run(init: &Path, (_, environment, words): &Row) -> Vec<String> {
    let end = Run::start_with(
        Command::new(init)
            .args(*words)
            .envs(environment.iter().copied()),
    )
    .end();
    let said = if end.errors.is_empty() {
        "nothing"
    } else {
        "something"
    };
    [
        vec![format!("code {}, stderr: {said}", end.code)],
        end.output,
    ]
    .concat()
}

/// What the probe sees.
fn play(init: &Path, (_, options, signals): &Signals) -> Vec<String> {
    let mut run = Run::start(init, &[options, &["06-probe"][..]].concat());
    let mut seen = vec![run.line()];
    for &signal in *signals {
        run.send(signal);
        if STOPPING.contains(&signal) {
            run.until_state('T');
            seen.push("the init has stopped".to_owned());
            // SIGCONT takes back what was sent to stop a process and is still pending.
            until(|| {
                run.find("06-probe")
                    .is_some_and(|probe| pending(probe.pid) == 0)
            });
            run.send(libc::SIGCONT);
        }
        if signal <= libc::SIGSYS {
            run.send(LAST);
            seen.extend(
                iter::from_fn(|| Some(run.line())).take_while(|line| !line.starts_with("30 ")),
            );
        } else {
            seen.push(run.line());
        }
    }
    seen
}

/// The signals that are pending for a process, as a mask.
fn pending(pid: Pid) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
    let masks = status
        .lines()
        .filter_map(|it| it.strip_prefix("SigPnd:").or(it.strip_prefix("ShdPnd:")));
    masks
        .map(|mask| u64::from_str_radix(mask.trim(), 16).expect("a mask"))
        .fold(0, |a, b| a | b)
}

/// Plays every row on both, and says which ones differ.
fn compare<T>(rows: &[T], name: impl Fn(&T) -> &str, play: impl Fn(&Path, &T) -> Vec<String>) {
    let Some(dumb_init) = installed("dumb-init") else {
        return;
    };
    let mut faults = Vec::new();
    for row in rows {
        eprintln!("{}", name(row)); // shown if a step of it fails
        let (theirs, ours) = (play(&dumb_init, row), play(&ours(), row));
        if theirs != ours {
            faults.push(format!(
                "{}\n  dumb-init: {theirs:?}\n  ours:      {ours:?}",
                name(row)
            ));
        }
    }
    assert!(
        faults.is_empty(),
        "{} of {} differ:\n{}",
        faults.len(),
        rows.len(),
        faults.join("\n")
    );
}

#[test]
fn runs_alike() {
    compare(ROWS, |row| row.0, run);
}

#[test]
fn forwards_alike() {
    compare(SIGNALS, |row| row.0, play);
}

#[test]
fn every_exit_code() {
    let codes: Vec<u8> = (0..=255).collect();
    compare(
        &codes,
        |_| "exit code",
        |init, code| {
            let end = Run::start(init, &["sh", "-c", &format!("exit {code}")]).end();
            assert_eq!(end.code, i32::from(*code));
            vec![end.code.to_string()]
        },
    );
}

#[test]
fn whatever_the_parent_ignores_or_blocks() {
    let masks = ["grep", "-E", "^Sig(Blk|Ign|Cgt)", "/proc/self/status"];
    compare(
        &["HUP,TERM,CHLD,PIPE"],
        |row| row,
        |init, signals| {
            let mut env = Command::new("env");
            env.args([
                format!("--ignore-signal={signals}"),
                "--block-signal=USR1,TERM,CHLD".to_owned(),
            ]);
            Run::start_with(env.arg(init).args(masks)).end().output
        },
    );
}

#[test]
fn the_group_or_the_child_alone() {
    let script = "trap 'echo shell' USR1; 06-probe & while :; do wait; done";
    let rows: [&[&str]; 2] = [&[], &["-c"]];
    compare(
        &rows,
        |_| "group",
        |init, options| {
            let mut run = Run::start(init, &[options, &["sh", "-c", script][..]].concat());
            let ready = run.line();
            run.send(libc::SIGUSR1);
            // One call signals the whole group: when the shell has it, so has the probe.
            let mut seen = vec![ready, run.line()];
            send(run.find("06-probe").expect("the probe").pid, LAST);
            seen.extend(
                iter::from_fn(|| Some(run.line())).take_while(|line| !line.starts_with("30 ")),
            );
            seen.sort();
            seen
        },
    );
}

#[test]
fn what_the_command_leaves_behind() {
    let rows: [&[&str]; 5] = [
        &[],
        &["-c"],
        &["-r", "15:10"],
        &["-r", "15:0"],
        &["-c", "-r", "15:10"],
    ];
    compare(
        &rows,
        |row| row.last().unwrap_or(&"-"),
        |init, options| {
            let mut run = Run::start(
                init,
                &[options, &["sh", "-c", "06-probe & read line; exit 3"][..]].concat(),
            );
            let ready = run.line();
            let probe = run.find("06-probe").expect("the probe").pid;
            run.say("go");
            let code = run.wait();
            send(probe, LAST);
            let rest =
                iter::from_fn(|| Some(run.line())).take_while(|line| !line.starts_with("30 "));
            [vec![ready, code.to_string()], rest.collect()].concat()
        },
    );
}

#[test]
fn suspends_all() {
    compare(
        &STOPPING,
        |_| "stop",
        |init, &signal| {
            let mut run = Run::start(init, &["06-probe"]);
            let ready = run.line();
            run.send(signal);
            run.until_state('T');
            until(|| run.find("06-probe").is_some_and(|probe| probe.state == 'T'));
            run.send(libc::SIGCONT);
            vec![ready, run.line()]
        },
    );
}

/// Where we differ on purpose: words, dumb-init's exit code, ours.
const DIFFERENT: &[(&[&str], i32, i32)] = &[
    // As a shell, docker and tini have it.
    (&["no-such-command"], 2, 127),
    (&["/etc"], 2, 126),
    (&["/etc/passwd"], 2, 126),
    // Names and real-time signals.
    (&["-r", "TERM:sigint", "true"], 1, 0),
    (&["-r", "RTMIN+3:15", "true"], 1, 0),
    (&["-r", "37:15", "true"], 1, 0),
    // A typing error is an error.
    (&["-r", "15:2x", "true"], 0, 1),
];

#[test]
fn differs_where_it_says_so() {
    let dumb_init = installed("dumb-init");
    for (words, theirs, our) in DIFFERENT {
        assert_eq!(Run::start(&ours(), words).end().code, *our, "{words:?}");
        if let Some(dumb_init) = &dumb_init {
            assert_eq!(
                Run::start(dumb_init, words).end().code,
                *theirs,
                "{words:?}"
            );
        }
    }
}
