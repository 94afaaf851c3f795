//! Clients: signals, input, output, and readers that go away.

use std::fs;
use std::process::{Child, Stdio};

use crate::common::{Done, Pocket, until};
use crate::processes::signal;
use nix::sys::signal::Signal;

#[test]
fn a_signal_to_the_client_reaches_pid_1() {
    Pocket::each_user(|pocket| {
        let mut client = pocket.command(&["run", "--rm", "--name", "px", "probe", "on", "6"]);
        let client = client.stdout(Stdio::piped()).spawn().expect("a client");
        pocket.await_line("px", "ready");
        let pid = i32::try_from(client.id()).expect("a pid");
        signal(pid, Signal::SIGUSR1);
        pocket.await_line("px", "got SIGUSR1");
        signal(pid, Signal::SIGTERM);
        let done = Done::from(client.wait_with_output().expect("a child"));
        assert_eq!(
            (done.code, done.out.as_str()),
            (6, "ready\ngot SIGUSR1\ngot SIGTERM\n")
        );
    });
}

#[test]
fn a_reader_that_goes_away_ends_the_client_only() {
    Pocket::each_user(|pocket| {
        let line = "docker run --name yes --entrypoint sh probe -c 'while :; do echo y; done' | head -1; echo ${PIPESTATUS[0]}";
        let done = pocket.bash(line);
        assert_eq!(
            (done.out.as_str(), done.err.as_str()),
            ("y\n1\n", "write /dev/stdout: broken pipe\n")
        );
        assert_eq!(pocket.field("yes", "State.Status"), "running");
        pocket.ok(&["rm", "-f", "yes"]);
    });
}

#[test]
fn a_signal_leaves_the_input_open() {
    Pocket::each_user(|pocket| {
        let done = pocket.bash(
            r#"coproc docker run -i --name open --entrypoint /bin/sh probe -c 'trap "" USR1; echo ready; cat'
            read -r -t 20 line <&"${COPROC[0]}"; echo "$line"
            docker kill -s USR1 open
            echo more >&"${COPROC[1]}"; read -r -t 20 line <&"${COPROC[0]}"; echo "$line"
            docker rm -f open"#,
        );
        assert_eq!(done.out, "ready\nopen\nmore\nopen\n", "{done:?}");
    });
}

/// Waits until a process has read and written nothing for a while: it waits for somebody.
fn await_stuck(pid: i32) {
    let (mut before, mut looks) = (String::new(), 0);
    until("the client is stuck", || {
        let now = fs::read_to_string(format!("/proc/{pid}/io")).expect("a process");
        looks = if now == before { looks + 1 } else { 0 };
        before = now;
        looks == 20
    });
}

/// Starts a client of a container that runs a line of sh; returns its process number, too.
fn run_script(pocket: &Pocket, run: &str, script: &str, stdin: Stdio) -> (Child, i32) {
    let image = ["--entrypoint", "/bin/sh", "probe", "-c", script];
    let args: Vec<_> = run.split(' ').chain(image).collect();
    let mut client = pocket.command(&args);
    let client = client.stdin(stdin).stdout(Stdio::piped()).spawn();
    let client = client.expect("a client");
    let pid = i32::try_from(client.id()).expect("a pid");
    (client, pid)
}

#[test]
fn a_signal_passes_by_input_that_nobody_reads() {
    Pocket::each_user(|pocket| {
        let script = "trap 'exit 6' TERM; echo ready; while :; do sleep 0.05; done";
        let zeros = fs::File::open("/dev/zero").expect("zeros");
        let (mut client, pid) = run_script(pocket, "run -i --name full", script, zeros.into());
        pocket.await_line("full", "ready");
        await_stuck(pid);
        signal(pid, Signal::SIGTERM);
        until("the client has ended", || {
            client.try_wait().expect("a child").is_some()
        });
        let done = Done::from(client.wait_with_output().expect("a child"));
        assert_eq!((done.code, done.out.as_str()), (6, "ready\n"));
    });
}

#[test]
fn a_signal_passes_by_output_that_nobody_reads() {
    Pocket::each_user(|pocket| {
        let script = "trap 'exit 6' TERM; yes & wait";
        let (client, pid) = run_script(pocket, "run --name flood", script, Stdio::null());
        until("there is output", || {
            !pocket.run(&["logs", "flood"]).out.is_empty()
        });
        await_stuck(pid);
        signal(pid, Signal::SIGTERM);
        until("PID 1 has got the signal", || {
            pocket.field("flood", "State.Status") == "exited"
        });
        // What was written before is not lost for that.
        let done = Done::from(client.wait_with_output().expect("a child"));
        assert_eq!(done.code, 6, "{}", done.err);
        assert!(done.out.lines().all(|line| line == "y"), "not only y");
        assert_eq!(done.out, pocket.ok(&["logs", "flood"]) + "\n");
    });
}
