//! Isolation: what a container has of its own, and whose it is.

use std::fs;

use crate::common::{Done, NOBODY, Pocket, skip};

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
