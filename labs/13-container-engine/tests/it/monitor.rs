//! Monitors: they outlive their clients, and leave nothing behind.

use std::fs::{self, File};
use std::process::Stdio;

use crate::common::{Done, NOBODY, Pocket, until};
use crate::processes::{gone, monitors, signal};
use nix::sys::signal::Signal;

#[test]
fn a_container_outlives_its_client_and_is_removed_all_the_same() {
    Pocket::each_user(|pocket| {
        let mut client = pocket.command(&["run", "--rm", "--name", "lone", "probe", "on", "5"]);
        // `setpriv` execs, so the child is the client itself.
        let mut client = client.stdout(Stdio::null()).spawn().expect("a client");
        pocket.await_line("lone", "ready");
        client.kill().expect("alive");
        client.wait().expect("a child");
        assert_eq!(pocket.field("lone", "State.Status"), "running");
        let waiter = pocket
            .command(&["wait", "lone"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("wait");
        // It hears the end from the monitor, by the one socket that it has; the file that holds the code afterwards was
        // opened before that.
        let files = format!("/proc/{}/fd", waiter.id());
        until("wait has begun", || {
            let mut files = fs::read_dir(&files).into_iter().flatten().flatten();
            files.any(|file| {
                fs::read_link(file.path())
                    .is_ok_and(|to| to.to_string_lossy().starts_with("socket:"))
            })
        });
        pocket.ok(&["stop", "lone"]);
        let waited = Done::from(waiter.wait_with_output().expect("wait"));
        // Whoever waited before the end learns the code, though the container is gone.
        assert_eq!((waited.code, waited.out.as_str()), (0, "5\n"), "{waited:?}");
        // The control: one who comes too late hears that there is none.
        until("there is none", || {
            pocket
                .run(&["wait", "lone"])
                .err
                .contains("No such container")
        });
        until("the container is removed", || {
            pocket.ok(&["ps", "-aq"]).is_empty()
        });
    });
}

#[test]
fn a_killed_monitor_takes_its_container_along() {
    Pocket::each_user(|pocket| {
        let name = format!("mo{}", std::process::id() % 100_000);
        pocket.ok(&["run", "-d", "--name", &name, "probe", "wait"]);
        pocket.await_line(&name, "ready");
        let pid = pocket.field(&name, "State.Pid");
        let mut follower = pocket
            .command(&["logs", "-f", &name])
            .stdout(Stdio::null())
            .spawn()
            .expect("logs");
        let waiter = pocket
            .command(&["wait", &name])
            .stdout(Stdio::piped())
            .spawn()
            .expect("wait");
        let found = monitors(&name);
        assert_eq!(found.len(), 1);
        signal(found[0], Signal::SIGKILL);
        until("PID 1 is dead", || gone(&pid));
        let waited = Done::from(waiter.wait_with_output().expect("wait"));
        assert_eq!(waited.out, "137\n");
        follower.wait().expect("logs -f ends, too");
        assert_eq!(
            pocket.ok(&[
                "inspect",
                "-f",
                "{{.State.Status}} {{.State.ExitCode}} {{.State.Pid}}",
                &name
            ]),
            "exited 137 0"
        );
        pocket.ok(&["rm", &name]);
        // The control: a monitor that is not killed keeps its container alive.
        pocket.ok(&["run", "-d", "--name", &name, "probe", "wait"]);
        pocket.await_line(&name, "ready");
        assert!(!gone(&pocket.field(&name, "State.Pid")));
    });
}

#[test]
fn a_program_that_changed_its_user_ends_when_somebody_looks() {
    Pocket::each_user(|pocket| {
        // In an ordinary user's container there is no other user to become.
        if !pocket.is_root() {
            return;
        }
        let name = format!("mu{}", std::process::id() % 100_000);
        let line = format!("run -d --name {name} --entrypoint setpriv probe");
        let user = format!("--reuid={NOBODY}");
        let words = line.split(' ');
        let words: Vec<&str> = words
            .chain([user.as_str(), "--clear-groups", "/13-probe", "wait"])
            .collect();
        pocket.ok(&words);
        pocket.await_line(&name, "ready");
        let pid = pocket.field(&name, "State.Pid");
        let found = monitors(&name);
        assert_eq!(found.len(), 1);
        signal(found[0], Signal::SIGKILL);
        until("the monitor is dead", || monitors(&name).is_empty());
        // The control: the kernel has forgotten that it should go with its parent.
        assert!(!gone(&pid));
        let state = ["inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}"];
        assert_eq!(pocket.ok(&[&state[..], &[&name]].concat()), "exited 137");
        until("PID 1 is dead", || gone(&pid));
    });
}

#[test]
fn nothing_is_left_behind() {
    Pocket::each_user(|pocket| {
        let mounts = || fs::read_to_string("/proc/self/mountinfo").expect("mounts");
        let mine = |text: &str| {
            text.lines()
                .filter(|line| line.contains("pocket-test-"))
                .count()
        };
        let name = format!("no{}", std::process::id() % 100_000);
        pocket.ok(&["run", "-d", "--rm", "--name", &name, "probe", "wait"]);
        assert_eq!(mine(&mounts()), 0, "mounts are seen outside");
        assert_eq!(monitors(&name).len(), 1);
        pocket.ok(&["rm", "-f", &name]);
        until("the monitor has ended", || monitors(&name).is_empty());
        let state = pocket.path().join("state");
        for folder in ["containers", "names"] {
            let left: Vec<_> = fs::read_dir(state.join(folder))
                .expect("a folder")
                .flatten()
                .collect();
            assert!(left.is_empty(), "{left:?}");
        }
    });
}

#[test]
fn a_monitor_holds_nothing_of_its_callers() {
    Pocket::each_user(|pocket| {
        // Reading to the end of both pipes would hang if the monitor held one of them, also one
        // that came along as descriptor 9.
        let done = pocket.bash("exec 9>&1; docker run -d --name holder probe wait; echo done");
        assert!(done.out.ends_with("done\n"), "{done:?}");
        assert_eq!(pocket.field("holder", "State.Status"), "running");
    });
}

#[test]
fn many_at_once() {
    Pocket::each_user(|pocket| {
        let clients: Vec<_> = (0..12)
            .map(|code: i32| {
                pocket
                    .command(&["run", "--rm", "probe", "exit", &code.to_string()])
                    .spawn()
                    .expect("a client")
            })
            .collect();
        for (code, client) in (0..).zip(clients) {
            assert_eq!(
                client.wait_with_output().expect("a child").status.code(),
                Some(code)
            );
        }
        assert!(pocket.ok(&["ps", "-aq"]).is_empty());
    });
}

#[test]
fn a_second_start_changes_nothing() {
    Pocket::each_user(|pocket| {
        pocket.ok(&["run", "-d", "--name", "again", "probe", "on", "0"]);
        pocket.ok(&["stop", "again"]);
        let done = pocket.bash(
            "docker start again; timeout 20 docker start again; echo $?
             timeout 20 docker stop -t 9223372036854775807 again; docker rm again",
        );
        assert_eq!(done.out, "again\nagain\n0\nagain\nagain\n", "{done:?}");
    });
}

#[test]
fn a_restart_does_not_outrun_a_stop_nor_a_removal() {
    Pocket::each_user(|pocket| {
        // It ends at once and is started at once, so that stop and rm meet it in every state.
        for round in 0..10 {
            let name = format!("ever{round}");
            pocket.ok(&[
                "run",
                "-d",
                "--restart",
                "always",
                "--name",
                &name,
                "probe",
                "exit",
                "0",
            ]);
            let done = pocket.bash(&format!(
                "timeout 20 docker {} {name}; echo $?",
                if round % 2 == 0 { "stop" } else { "rm -f" }
            ));
            assert_eq!(done.out, format!("{name}\n0\n"), "{done:?}");
            pocket.run(&["rm", &name]);
        }
        assert_eq!(pocket.ok(&["ps", "-aq"]), "");
        until("no monitor is left", || monitors("ever0").is_empty());
    });
}

#[test]
fn only_one_gets_a_name() {
    Pocket::each_user(|pocket| {
        let clients: Vec<_> = (0..8)
            .map(|_| {
                let mut command =
                    pocket.command(&["run", "-d", "--name", "wanted", "probe", "wait"]);
                command
                    .stdout(Stdio::null())
                    .stderr(Stdio::piped())
                    .spawn()
                    .expect("a client")
            })
            .collect();
        let codes: Vec<_> = clients
            .into_iter()
            .map(|client| client.wait_with_output().expect("a child").status.code())
            .collect();
        assert_eq!(
            codes.iter().filter(|code| **code == Some(0)).count(),
            1,
            "{codes:?}"
        );
        assert_eq!(
            codes.iter().filter(|code| **code == Some(125)).count(),
            7,
            "{codes:?}"
        );
        pocket.ok(&["rm", "-f", "wanted"]);
        assert!(
            pocket.ok(&["ps", "-aq"]).is_empty(),
            "a loser left something"
        );
    });
}

#[test]
fn the_name_of_a_client_that_was_killed_is_free_again() {
    Pocket::each_user(|pocket| {
        let id = pocket.ok(&["create", "--name", "web", "probe"]);
        // What a client leaves that is killed between the name and the container.
        let containers = pocket.path().join("state/containers");
        let draft = containers.join(format!("{id}.draft"));
        fs::rename(containers.join(format!("{id}.json")), &draft).expect("a draft");
        // While its maker lives, the name is taken.
        let maker = File::open(&draft).expect("a draft");
        maker.lock().expect("a lock");
        let refused = pocket.run(&["create", "--name", "web", "probe"]);
        assert_eq!(refused.code, 1);
        assert!(refused.err.contains("already in use"), "{refused:?}");
        drop(maker);
        let next = pocket.ok(&["create", "--name", "web", "probe"]);
        assert_eq!(pocket.field("web", "Id"), next);
        assert!(!draft.exists(), "the draft stays");
        pocket.ok(&["rm", "web"]);
    });
}
