//! States and clients: each command in each state, where docker's answer needs a moment that only pocket's tests can
//! hold; what a client hears, and when.

use std::process::Stdio;

use crate::common::{Done, Pocket, until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A container that waits for its next start, for three seconds at least.
fn restarting(pocket: &Pocket, name: &str) {
    pocket.ok(&[
        "run",
        "-d",
        "--name",
        name,
        "--restart",
        "always",
        "probe",
        "exit",
        "3",
    ]);
    let state = "{{.State.Status}} {{.RestartCount}}";
    until("it waits", || {
        pocket.ok(&["inspect", "-f", state, name]) == "restarting 6"
    });
}

#[test]
fn every_command_is_answered_while_a_container_waits_for_its_restart() {
    Pocket::each_user(|pocket| {
        let refused = "Error response from daemon: Container ID is restarting, wait until the container is running\n";
        // Docker's client says "unable to upgrade to tcp, received 409" to `start -a`; the reason is the daemon's.
        for (command, code, out, err, after) in [
            ("start cc", 0, "cc\n", "", "restarting"),
            ("start -a cc", 1, "", refused, "restarting"),
            (
                "attach cc",
                1,
                "",
                "You cannot attach to a restarting container, wait until it is running\n",
                "restarting",
            ),
            ("exec cc true", 1, "", refused, "restarting"),
            ("exec -d cc true", 1, "", refused, "restarting"),
            ("top cc", 1, "", refused, "restarting"),
            ("logs cc", 0, "", "", "restarting"),
            ("port cc", 0, "", "", "restarting"),
            (
                "rm cc",
                1,
                "",
                "Error response from daemon: You cannot remove a restarting container ID. Stop the container before attempting removal or force remove\n",
                "restarting",
            ),
            ("wait cc", 0, "3\n", "", "restarting"),
            ("kill -s USR1 cc", 0, "cc\n", "", "exited"),
            ("kill cc", 0, "cc\n", "", "exited"),
            ("stop cc", 0, "cc\n", "", "exited"),
            ("rm -f cc", 0, "cc\n", "", ""),
        ] {
            if pocket.run(&["inspect", "cc"]).code != 0 {
                restarting(pocket, "cc");
            }
            let id = pocket.field("cc", "Id");
            let done = pocket.bash(&format!("timeout -s KILL 20 docker {command}"));
            let expected = Done {
                code,
                out: out.into(),
                err: err.replace("ID", &id),
            };
            assert_eq!(done, expected, "{command}");
            let state = pocket.run(&[
                "inspect",
                "-f",
                "{{.State.Status}} {{.State.ExitCode}}",
                "cc",
            ]);
            match after {
                "" => assert_eq!(state.code, 1, "{command}"),
                _ => assert_eq!(state.out, format!("{after} 3\n"), "{command}"),
            }
            if after == "exited" {
                pocket.ok(&["rm", "cc"]);
            }
        }
    });
}

#[test]
fn several_are_stopped_side_by_side() {
    Pocket::each_user(|pocket| {
        let names = ["s1", "s2", "s3", "s4"];
        for name in names {
            pocket.ok(&["run", "-d", "--name", name, "probe", "wait"]);
        }
        let begun = std::time::Instant::now();
        let out = pocket.ok(&["stop", "-t", "2", "s1", "s2", "s3", "s4"]);
        let took = begun.elapsed();
        assert_eq!(out, names.join("\n"));
        // One after the other would be eight seconds at least; and none may be cut short.
        assert!((2..7).contains(&took.as_secs()), "{took:?}");
        let done = pocket.run(&["rm", "s1", "nosuch", "s2"]);
        assert_eq!(
            (done.code, done.out.as_str(), done.err.as_str()),
            (
                1,
                "s1\ns2\n",
                "Error response from daemon: No such container: nosuch\n"
            )
        );
    });
}

#[test]
fn a_client_ends_with_the_pid_1_that_it_has_seen() {
    Pocket::each_user(|pocket| {
        let run = "run --name twice --restart on-failure:1 --entrypoint sh probe -c";
        let mut args: Vec<_> = run.split(' ').collect();
        args.push("echo once; exit 3");
        let done = pocket.run(&args);
        assert_eq!((done.code, done.out.as_str()), (3, "once\n"), "{done:?}");
        until("it has ended for good", || {
            pocket.field("twice", "State.Status") == "exited"
        });
        assert_eq!(pocket.ok(&["logs", "twice"]), "once\nonce");
        // And wait hears the next end, whatever comes after it.
        let line = "docker run -d --name next --restart always --entrypoint sh probe -c 'sleep 0.5; exit 4' >/dev/null
            timeout -s KILL 20 docker wait next; docker rm -f next";
        assert_eq!(pocket.bash(line).out, "4\nnext\n");
    });
}

#[test]
fn start_attached_hands_signals_on() {
    Pocket::each_user(|pocket| {
        pocket.ok(&["create", "--name", "sa", "probe", "on", "6"]);
        let mut client = pocket.command(&["start", "-a", "sa"]);
        let client = client.stdout(Stdio::piped()).spawn().expect("a client");
        pocket.await_line("sa", "ready");
        let pid = Pid::from_raw(i32::try_from(client.id()).expect("a pid"));
        for (signal, line) in [
            (Signal::SIGUSR1, "got SIGUSR1"),
            (Signal::SIGHUP, "got SIGHUP"),
        ] {
            kill(pid, signal).expect("it is there");
            pocket.await_line("sa", line);
        }
        kill(pid, Signal::SIGQUIT).expect("it is there");
        let done = Done::from(client.wait_with_output().expect("a child"));
        let all = "ready\ngot SIGUSR1\ngot SIGHUP\ngot SIGQUIT\n";
        assert_eq!((done.code, done.out.as_str()), (6, all));
    });
}

#[test]
fn input_that_is_attached_once_ends_with_its_client_and_with_no_other() {
    Pocket::each_user(|pocket| {
        let line = "docker create -i --name in --entrypoint cat probe >/dev/null
            echo piped | timeout -s KILL 20 docker start -ai in; echo $?
            docker start in; docker inspect -f '{{.State.Status}} {{.Config.StdinOnce}}' in
            echo later | timeout -s KILL 20 docker attach in; echo $?";
        let done = pocket.bash(line);
        assert_eq!(
            done.out, "piped\n0\nin\nrunning true\nlater\n0\n",
            "{done:?}"
        );
    });
}

#[test]
fn exec_waits_for_late_output_for_a_while() {
    Pocket::each_user(|pocket| {
        pocket.ok(&["run", "-d", "--name", "late", "probe", "wait"]);
        let script = "(sleep 1; echo late) & exit 5";
        let done = pocket.run(&["exec", "late", "sh", "-c", script]);
        assert_eq!((done.code, done.out.as_str()), (5, "late\n"), "{done:?}");
        // One that stays quiet, and one that never does, keep it for two seconds; and it can still write after that.
        let script =
            "(until [ -e /tmp/go ]; do sleep 0.1; done; echo on && touch /tmp/written) & exit 6";
        for script in [script, "yes & exit 6"] {
            let line = format!(
                "timeout -s KILL 20 docker exec late sh -c '{}' >/dev/null",
                script.replace('\'', "'\\''")
            );
            let begun = std::time::Instant::now();
            assert_eq!(pocket.bash(&line).code, 6);
            assert!(begun.elapsed().as_secs() >= 2, "{:?}", begun.elapsed());
        }
        pocket.ok(&["exec", "late", "touch", "/tmp/go"]);
        until("it has written", || {
            pocket
                .run(&["exec", "late", "test", "-e", "/tmp/written"])
                .code
                == 0
        });
    });
}

#[test]
fn exec_detached_of_nothing_is_the_daemons_error() {
    Pocket::each_user(|pocket| {
        pocket.ok(&["run", "-d", "--name", "no", "probe", "wait"]);
        let done = pocket.run(&["exec", "-d", "no", "nosuch"]);
        let err = "Error response from daemon: OCI runtime exec failed: exec failed: unable to start container process: exec: \"nosuch\": executable file not found in $PATH: unknown\n";
        assert_eq!(
            (done.code, done.out.as_str(), done.err.as_str()),
            (1, "", err)
        );
    });
}
