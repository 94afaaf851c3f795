//! What pocket does beyond printing what Docker prints: isolation, signals, monitors that die, and
//! nothing left behind. As root, and as an ordinary user.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Stdio};

use crate::common::{Done, NOBODY, Pocket, skip, until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The processes that belong to a container's monitor: they are called `pocket: NAME`.
fn monitors(name: &str) -> Vec<i32> {
    let comm = format!("pocket: {name}")
        .chars()
        .take(15)
        .collect::<String>();
    let entries = fs::read_dir("/proc").expect("/proc").flatten();
    let found = entries.filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let status = fs::read_to_string(entry.path().join("status")).ok()?;
        let alive = !status
            .lines()
            .any(|line| line.starts_with("State:") && line.contains('Z'));
        (alive && status.starts_with(&format!("Name:\t{comm}\n"))).then_some(pid)
    });
    found.collect()
}

fn gone(pid: &str) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    !status.contains("State:") || status.contains("State:\tZ")
}

fn signal(pid: i32, signal: Signal) {
    kill(Pid::from_raw(pid), signal).expect("the process is there");
}

#[test]
fn pid_1_starts_with_a_clean_slate() {
    Pocket::each_user(|pocket| {
        // Read by the shell itself: while dash starts a program, it blocks every signal.
        let line = "trap '' TERM INT; docker run --rm --entrypoint sh probe -c 'while read -r line; do echo $line; done < /proc/1/status' & wait $!";
        let done = pocket.bash(line);
        for field in ["SigBlk", "SigIgn", "SigPnd"] {
            let zero = format!("{field}: 0000000000000000");
            assert!(
                done.out.replace('\t', " ").contains(&zero),
                "{field}: {done:?}"
            );
        }
        let blocked = pocket
            .bash("env --block-signal=TERM --ignore-signal=HUP docker run --rm probe signals");
        assert!(
            blocked.out.contains("SigBlk:\t0000000000000000"),
            "{blocked:?}"
        );
        // The control: without a container, they are inherited.
        let control = pocket.bash(
            "env --block-signal=TERM --ignore-signal=HUP grep -E 'SigBlk|SigIgn' /proc/self/status",
        );
        assert!(
            !control.out.contains("SigBlk:\t0000000000000000"),
            "{control:?}"
        );
        assert!(
            !control.out.contains("SigIgn:\t0000000000000000"),
            "{control:?}"
        );
    });
}

#[test]
fn a_container_is_alone() {
    Pocket::each_user(|pocket| {
        let names = ["pid", "mnt", "net", "ipc", "uts"];
        for name in names {
            let link = format!("/proc/self/ns/{name}");
            let inside = pocket.ok(&["run", "--rm", "--entrypoint", "readlink", "probe", &link]);
            let outside = fs::read_link(&link).expect("a namespace");
            assert_ne!(inside, outside.to_string_lossy(), "{name}");
        }
        let line =
            "echo $$; ls /proc | grep -c '^[0-9]'; ls /sys/class/net; hostname; ls /tmp | wc -l";
        let out = pocket.ok(&[
            "run",
            "--rm",
            "--hostname",
            "box",
            "--entrypoint",
            "sh",
            "probe",
            "-c",
            line,
        ]);
        let lines: Vec<_> = out.lines().collect();
        // Itself, and of the pipe ls and grep.
        assert!(["1", "2", "3"].contains(&lines[1]), "{out}");
        assert_eq!((lines[0], &lines[2..]), ("1", &["lo", "box", "0"][..]));
        // The control: outside, the same folder holds this test's own.
        let outside = pocket.path().join("tmp-is-seen");
        fs::create_dir(&outside).expect("a folder");
        let looks = format!("test -d {}; echo $?", outside.display());
        assert_eq!(pocket.bash(&looks).out, "0\n");
        let sh = ["run", "--rm", "--entrypoint", "sh", "probe", "-c"];
        assert_eq!(pocket.ok(&[&sh[..], &[looks.as_str()]].concat()), "1");
    });
}

#[test]
fn the_root_can_be_written_to_and_the_machine_stays_as_it_is() {
    Pocket::each_user(|pocket| {
        let name = format!("pocket-was-here-{}", std::process::id());
        let line = format!(
            "for d in / /etc /usr/local/bin /var /tmp /root; do echo x > $d/{name} && cat $d/{name}; done; ls -d /*/{name} /{name}"
        );
        let out = pocket.ok(&["run", "--rm", "--entrypoint", "sh", "probe", "-c", &line]);
        assert_eq!(out.lines().filter(|line| *line == "x").count(), 6, "{out}");
        for folder in ["/", "/etc", "/usr/local/bin", "/var", "/tmp", "/root"] {
            assert!(
                !std::path::Path::new(folder).join(&name).exists(),
                "{folder}"
            );
        }
        // And the next container sees nothing of it.
        let again = pocket.run(&[
            "run",
            "--rm",
            "--entrypoint",
            "ls",
            "probe",
            &format!("/etc/{name}"),
        ]);
        assert_eq!(again.code, 2, "{again:?}");
    });
}

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
fn published_ports_carry_both_directions() {
    Pocket::each_user(|pocket| {
        pocket.ok(&[
            "run",
            "-d",
            "--name",
            "srv",
            "-p",
            "127.0.0.1:0:80",
            "probe",
            "serve",
            "80",
        ]);
        pocket.await_line("srv", "listening");
        let port = pocket.ok(&["port", "srv", "80"]);
        let mut stream = TcpStream::connect(&port).expect("a connection");
        stream.write_all(b"hello").expect("written");
        // The end of our half must get through, and the other half stay open.
        stream.shutdown(Shutdown::Write).expect("shut down");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert_eq!(answer, "olleh");
        // The port is taken now.
        let number = port.rsplit(':').next().expect("a port");
        let taken = pocket.run(&[
            "run",
            "--rm",
            "-p",
            &format!("127.0.0.1:{number}:80"),
            "probe",
            "exit",
            "0",
        ]);
        assert_eq!(taken.code, 125);
        assert!(
            taken.err.contains("bind: address already in use"),
            "{taken:?}"
        );
        pocket.ok(&["rm", "-f", "srv"]);
        // And free again.
        let free = TcpListener::bind(&port);
        assert!(free.is_ok(), "{free:?}");
    });
}

#[test]
fn a_port_that_nobody_serves_is_reset() {
    Pocket::each_user(|pocket| {
        pocket.ok(&[
            "run",
            "-d",
            "--name",
            "mute",
            "-p",
            "127.0.0.1:0:80",
            "probe",
            "wait",
        ]);
        let port = pocket.ok(&["port", "mute", "80"]);
        let mut stream = TcpStream::connect(port).expect("a connection");
        let error = stream.read(&mut [0]).expect_err("a reset");
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
        pocket.ok(&["rm", "-f", "mute"]);
    });
}

#[test]
fn exec_joins_and_dies_with_the_container() {
    Pocket::each_user(|pocket| {
        pocket.ok(&["run", "-d", "--name", "host1", "probe", "wait"]);
        let inside = |args: &[&str]| pocket.ok(&[&["exec", "host1"], args].concat());
        for name in ["pid", "mnt", "net", "ipc", "uts"] {
            let ours = inside(&["readlink", &format!("/proc/self/ns/{name}")]);
            assert_eq!(
                ours,
                inside(&["readlink", &format!("/proc/1/ns/{name}")]),
                "{name}"
            );
        }
        let signals = inside(&["/13-probe", "signals"]);
        assert!(
            signals.contains("SigIgn:\t0000000000001000"),
            "Rust's own runtime ignores SIGPIPE: {signals}"
        );
        let shell = inside(&["sh", "-c", "cat /proc/self/status"]);
        assert!(
            shell.contains("SigIgn:\t0000000000000000")
                && shell.contains("SigBlk:\t0000000000000000"),
            "{shell}"
        );
        let client = pocket
            .command(&["exec", "host1", "/13-probe", "wait"])
            .stdout(Stdio::piped())
            .spawn();
        let mut client = client.expect("exec");
        let mut first = [0; 6];
        client
            .stdout
            .as_mut()
            .expect("a pipe")
            .read_exact(&mut first)
            .expect("it is ready");
        pocket.ok(&["kill", "host1"]);
        assert_eq!(client.wait().expect("exec ends").code(), Some(137));
        pocket.ok(&["rm", "host1"]);
    });
}

#[test]
fn a_killed_exec_client_leaves_its_process() {
    Pocket::each_user(|pocket| {
        pocket.ok(&["run", "-d", "--name", "host2", "probe", "wait"]);
        let client = pocket
            .command(&["exec", "host2", "/13-probe", "wait"])
            .stdout(Stdio::piped())
            .spawn();
        let mut client = client.expect("exec");
        client
            .stdout
            .as_mut()
            .expect("a pipe")
            .read_exact(&mut [0; 6])
            .expect("it is ready");
        client.kill().expect("alive");
        client.wait().expect("a child");
        let count = pocket
            .ok(&["top", "host2"])
            .lines()
            .filter(|line| line.contains("13-probe wait"))
            .count();
        assert_eq!(count, 2);
        pocket.ok(&["rm", "-f", "host2"]);
    });
}

#[test]
fn an_init_collects_orphans_and_its_absence_does_not() {
    Pocket::each_user(|pocket| {
        assert_eq!(
            pocket.ok(&["run", "--rm", "--init", "probe", "orphans", "50"]),
            "0 zombies"
        );
        assert_eq!(
            pocket.ok(&["run", "--rm", "probe", "orphans", "5"]),
            "5 zombies"
        );
        let comm = pocket.ok(&[
            "run",
            "--rm",
            "--init",
            "--entrypoint",
            "cat",
            "probe",
            "/proc/1/comm",
        ]);
        assert_eq!(comm, "docker-init");
    });
}

#[test]
fn an_init_hands_on_signals_and_statuses() {
    Pocket::each_user(|pocket| {
        pocket.ok(&["run", "-d", "--name", "ini", "--init", "probe", "on", "7"]);
        pocket.await_line("ini", "ready");
        pocket.ok(&["kill", "-s", "USR2", "ini"]);
        pocket.await_line("ini", "got SIGUSR2");
        pocket.ok(&["stop", "ini"]);
        assert_eq!(pocket.ok(&["wait", "ini"]), "7");
        pocket.ok(&["rm", "ini"]);
        for (args, code) in [
            (["exit", "0"], 0),
            (["exit", "255"], 255),
            (["raise", "15"], 143),
            (["raise", "9"], 137),
        ] {
            let done = pocket.run(&[&["run", "--rm", "--init", "probe"][..], &args].concat());
            assert_eq!(done.code, code, "{args:?}");
        }
    });
}

#[test]
fn every_exit_code_comes_through() {
    let pocket = Pocket::new(None);
    for code in (0..=255)
        .step_by(15)
        .chain([1, 125, 126, 127, 128, 143, 254])
    {
        assert_eq!(
            pocket
                .run(&["run", "--rm", "probe", "exit", &code.to_string()])
                .code,
            code
        );
    }
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
fn users_by_name_and_number() {
    Pocket::each_user(|pocket| {
        let id = |user: &str| {
            pocket.ok(&[
                "run",
                "--rm",
                "-u",
                user,
                "--entrypoint",
                "id",
                "probe",
                "-u",
            ])
        };
        assert_eq!(id("0"), "0");
        assert_eq!(id("1234"), "1234");
        assert_eq!(id("1234:56"), "1234");
        // Standard error can be opened again by whoever we became.
        let line = "echo again > /dev/stderr; touch /tmp/x; cat /proc/self/status | grep CapEff";
        let done = pocket.run(&[
            "run",
            "--rm",
            "-u",
            "1234",
            "--entrypoint",
            "sh",
            "probe",
            "-c",
            line,
        ]);
        assert_eq!(
            (done.code, done.err.as_str(), done.out.trim()),
            (0, "again\n", "CapEff:\t0000000000000000")
        );
    });
}

#[test]
fn capabilities_are_those_that_docker_leaves() {
    Pocket::each_user(|pocket| {
        let caps = pocket.ok(&[
            "run",
            "--rm",
            "--entrypoint",
            "grep",
            "probe",
            "CapEff",
            "/proc/self/status",
        ]);
        assert_eq!(caps, "CapEff:\t00000000a80425fb");
    });
}

#[test]
fn dockerfiles() {
    Pocket::each_user(|pocket| {
        let text = "ARG WHO=nobody\nFROM anything:${WHO}\nARG GREETING=hi\nENV A=${GREETING} B=\"two words\"\nWORKDIR /srv/app\nCOPY 13-probe ./tool\nCOPY 13-probe /bin/other\nSHELL [\"/bin/bash\", \"-c\"]\nENTRYPOINT [\"./tool\"]\nCMD [\"env\", \"A\", \"B\", \"PWD\"]\nSTOPSIGNAL SIGRTMIN+3\nEXPOSE 80\nLABEL x=y\nHEALTHCHECK NONE\n";
        pocket.build("full", text);
        assert_eq!(
            pocket.ok(&["run", "--rm", "full"]),
            "A=Some(\"hi\")\nB=Some(\"two words\")\nPWD=None"
        );
        assert_eq!(
            pocket.ok(&["run", "--rm", "--entrypoint", "pwd", "full"]),
            "/srv/app"
        );
        assert_eq!(
            pocket.ok(&[
                "run",
                "--rm",
                "--entrypoint",
                "/bin/other",
                "full",
                "exit",
                "0"
            ]),
            ""
        );
        let fields = "{{.Config.StopSignal}} {{.Config.ExposedPorts}} {{.Config.Labels}} {{.Config.WorkingDir}}";
        assert_eq!(
            pocket.ok(&["inspect", "-f", fields, "full"]),
            "SIGRTMIN+3 map[80/tcp:map[]] map[x:y] /srv/app"
        );
        // FROM what was built here goes on from there; shell form uses the shell of before.
        pocket.build(
            "child",
            "FROM full\nENTRYPOINT echo ${BASH_VERSION:+bash} $A\n",
        );
        assert_eq!(pocket.ok(&["run", "--rm", "child"]), "bash hi");
        // A build argument, and /bin/sh without SHELL.
        fs::write(
            pocket.path().join("D"),
            "FROM scratch\nARG X=1\nENV Y=$X\nCMD echo $Y ${BASH_VERSION:-dash}\n",
        )
        .expect("written");
        pocket.ok(&[
            "build",
            "-q",
            "-t",
            "arg",
            "--build-arg",
            "X=2",
            "-f",
            "D",
            "context",
        ]);
        assert!(pocket.ok(&["run", "--rm", "arg"]).starts_with("2 "));
    });
}

#[test]
fn dockerfiles_that_are_refused() {
    let pocket = Pocket::new(None);
    for (text, want) in [
        ("FROM x\nRUN true\n", ":2: pocket does not have RUN"),
        (
            "FROM x AS y\nFROM y\n",
            ":2: pocket does not have a second FROM",
        ),
        (
            "FROM x\nCOPY nosuch /\n",
            "COPY failed: file not found in build context",
        ),
        (
            "FROM x\nCOPY ../context/../../etc/passwd /\n",
            "COPY failed: file not found in build context",
        ),
        ("", "dockerfile parse error"),
        ("COPY a b\n", "dockerfile parse error"),
    ] {
        let done = pocket.try_build("bad", text);
        assert_eq!(done.code, 1, "{text:?}: {done:?}");
        assert!(done.err.contains(want), "{text:?}: {done:?}");
    }
    assert_eq!(pocket.ok(&["images", "-q", "bad"]), "");
    let images = fs::read_dir(pocket.path().join("state/images"))
        .expect("a folder")
        .count();
    assert_eq!(images, 1, "a failed build left an image");
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

#[test]
fn following_a_log_ends_with_the_container() {
    Pocket::each_user(|pocket| {
        // One that prints nothing, one that does, one that is removed; ended by itself and by force.
        for (name, extra, program) in [
            ("mute", "-d", "pause"),
            ("loud", "-d", "wait"),
            ("once", "--rm", "wait"),
        ] {
            pocket.ok(&["run", "-d", extra, "--name", name, "probe", program]);
            let mut command = pocket.command(&["logs", "-f", name]);
            let follower = command.stdout(Stdio::piped()).spawn().expect("logs");
            pocket.ok(&["kill", name]);
            let done = Done::from(follower.wait_with_output().expect("logs ends"));
            // With --rm it may be gone before the client looks.
            assert!(done.code == 0 || extra == "--rm", "{name}: {done:?}");
            pocket.run(&["rm", name]);
        }
        // And with its reader, though the container goes on.
        pocket.ok(&["run", "-d", "--name", "on", "probe", "wait"]);
        let done = pocket.bash("docker logs -f on | head -1; echo ${PIPESTATUS[0]}");
        assert!(done.out.starts_with("ready\n"), "{done:?}");
        assert_eq!(pocket.field("on", "State.Status"), "running");
        pocket.ok(&["rm", "-f", "on"]);
    });
}

#[test]
fn a_terminal_is_given_and_put_back() {
    Pocket::each_user(|pocket| {
        let pty = nix::pty::openpty(None, None).expect("a terminal");
        let before = nix::sys::termios::tcgetattr(&pty.slave).expect("its settings");
        let end = || Stdio::from(pty.slave.as_fd().try_clone_to_owned().expect("a copy"));
        let mut command = pocket.command(&[
            "run",
            "--rm",
            "-it",
            "--name",
            "term",
            "--entrypoint",
            "sh",
            "probe",
        ]);
        command.stdin(end()).stdout(end()).stderr(end());
        let mut client = command.process_group(0).spawn().expect("a client");
        let mut master = fs::File::from(pty.master);
        master
            .write_all(b"tty; echo $((6*7)); exit 3\n")
            .expect("typed");
        assert_eq!(client.wait().expect("a child").code(), Some(3));
        let after = nix::sys::termios::tcgetattr(&pty.slave).expect("its settings");
        assert_eq!(before, after, "the terminal is not as it was");
        drop(command);
        drop(pty.slave);
        let mut text = Vec::new();
        // The end of a terminal is an error: EIO.
        let _ = master.read_to_end(&mut text);
        let text = String::from_utf8_lossy(&text);
        assert!(text.contains("/dev/pts/0\r\n42\r\n"), "{text:?}");
    });
}

/// Waits until a client has taken the terminal over: what is typed before is not typed to it.
fn await_raw(terminal: &impl AsFd) {
    use nix::sys::termios::{LocalFlags, tcgetattr};
    until("the terminal is raw", || {
        tcgetattr(terminal).is_ok_and(|now| !now.local_flags.contains(LocalFlags::ICANON))
    });
}

#[test]
fn the_detach_keys_leave_the_container_running() {
    detach(&["attach", "keys"], b"\x10\x11");
    detach(&["attach", "--detach-keys", "a,ctrl-x", "keys"], b"a\x18");
    detach(&["exec", "-it", "keys", "cat"], b"\x10\x11");
}

fn detach(by: &[&str], keys: &[u8]) {
    Pocket::each_user(|pocket| {
        pocket.ok(&[
            "run",
            "-dit",
            "--name",
            "keys",
            "--entrypoint",
            "cat",
            "probe",
        ]);
        let pty = nix::pty::openpty(None, None).expect("a terminal");
        let end = || Stdio::from(pty.slave.as_fd().try_clone_to_owned().expect("a copy"));
        let mut command = pocket.command(by);
        let mut client = command
            .stdin(end())
            .stdout(end())
            .stderr(Stdio::piped())
            .spawn()
            .expect("attach");
        let mut master = fs::File::from(pty.master);
        await_raw(&pty.slave);
        master.write_all(keys).expect("typed");
        let mut said = String::new();
        let mut stderr = client.stderr.take().expect("piped");
        stderr.read_to_string(&mut said).expect("text");
        assert_eq!(said, "read escape sequence\n");
        assert_eq!(client.wait().expect("a child").code(), Some(1));
        assert_eq!(pocket.field("keys", "State.Status"), "running");
        pocket.ok(&["rm", "-f", "keys"]);
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
fn a_user_cannot_reach_another_users_container() {
    if !nix::unistd::geteuid().is_root() {
        return skip("becoming two users takes root");
    }
    let (mine, theirs) = (Pocket::new(None), Pocket::new(Some(NOBODY)));
    mine.ok(&["run", "-d", "--name", "mine", "probe", "wait"]);
    let state = mine.path().join("state");
    let intrude = |args: &[&str]| {
        let mut intruder = theirs.command(args);
        Done::from(intruder.env("POCKET_ROOT", &state).output().expect("runs"))
    };
    assert_eq!(intrude(&["ps", "-aq"]).out, "");
    for args in [
        &["inspect", "mine"][..],
        &["logs", "mine"],
        &["exec", "mine", "true"],
        &["kill", "mine"],
        &["rm", "-f", "mine"],
    ] {
        let done = intrude(args);
        assert!(!done.err.is_empty(), "{args:?}: {done:?}");
        assert!(!done.out.contains("ready"), "{args:?}: {done:?}");
    }
    assert_eq!(mine.field("mine", "State.Status"), "running");
    // The control: it is the folders' modes that keep them out.
    let opened = mine.bash("chmod -R o+rX \"$POCKET_ROOT\"");
    assert_eq!(opened.code, 0, "{opened:?}");
    assert_eq!(
        intrude(&["ps", "-aq"]).out.trim(),
        &mine.field("mine", "Id")[..12]
    );
    mine.ok(&["rm", "-f", "mine"]);
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

#[test]
fn events_go_on_in_a_new_file() {
    Pocket::each_user(|pocket| {
        let done = pocket.bash(
            r#"since=$(date +%s)
            coproc docker events --filter type=container --since "$since" --format '{{.Actor.Attributes.name}}'
            next() { docker create --name "$1" probe >/dev/null; read -r -t 20 line <&"${COPROC[0]}"; echo "$line"; }
            next one; yes "$(seq -s " " 300)" | head -n 1200 >>"$POCKET_ROOT/events"; next two; next three
            kill "$COPROC_PID"; ls "$POCKET_ROOT" | grep events; docker rm one two three"#,
        );
        let expected = "one\ntwo\nthree\nevents\nevents.old\none\ntwo\nthree\n";
        assert_eq!(done.out, expected, "{done:?}");
    });
}

#[test]
fn a_line_cut_off_is_all_that_is_lost_of_a_log() {
    Pocket::each_user(|pocket| {
        pocket.ok(&[
            "run",
            "--name",
            "cut",
            "--entrypoint",
            "echo",
            "probe",
            "before",
        ]);
        let done = pocket.bash(
            r#"printf '{"log":"half\n' >>"$(echo "$POCKET_ROOT"/containers/*.log)"
            docker start -a cut; docker logs cut; echo $?; docker rm cut"#,
        );
        assert_eq!(done.out, "before\nbefore\nbefore\n0\ncut\n", "{done:?}");
    });
}

#[test]
fn a_link_in_an_image_is_not_followed_out_of_it() {
    Pocket::each_user(|pocket| {
        let done = pocket.bash(
            r#"cd "$(mktemp -d -p "$POCKET_ROOT")"; mkdir context target; chmod 700 target
            ln -s "$PWD/target" context/tmp; printf 'FROM scratch\nCOPY . /\n' >context/Dockerfile
            docker build -q -t link context >/dev/null; docker run --rm link /bin/true 2>/dev/null; echo $?
            stat -c %a target"#,
        );
        assert_eq!(done.out, "0\n700\n", "{done:?}");
    });
}

#[test]
fn an_images_own_devices_are_not_used() {
    Pocket::each_user(|pocket| {
        let done = pocket.bash(
            r#"cd "$(mktemp -d -p "$POCKET_ROOT")"; mkdir -p context/dev; echo kept >file
            ln -s "$PWD/file" context/dev/null; printf 'FROM scratch\nCOPY . /\n' >context/Dockerfile
            docker build -q -t devices context >/dev/null
            docker run --rm devices sh -c 'echo lost >/dev/null; test -c /dev/null'; echo $?; cat file"#,
        );
        assert_eq!(done.out, "0\nkept\n", "{done:?}");
    });
}
