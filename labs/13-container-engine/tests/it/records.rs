//! What is written down: logs and events.

use std::process::Stdio;

use crate::common::{Done, Pocket};

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
fn events_go_on_in_a_new_file() {
    Pocket::each_user(|pocket| {
        let done = pocket.bash(
            r#"since=$(date +%s)
            coproc docker events --filter type=container --since "$since" --format '{{.Actor.Attributes.name}}'
            next() { docker create --name "$1" probe >/dev/null; read -r -t 20 line <&"${COPROC[0]}"; echo "$line"; }
            next one; yes "$(seq -s " " 300)" | head -n 1200 >>"$POCKET_ROOT/events"; next two; next three
            kill "$COPROC_PID"; ls "$POCKET_ROOT" | grep events; docker events --filter event=create --filter type=container --since "$since" --until "$(date +%s.%N)" --format '{{.Actor.Attributes.name}}'
            docker rm one two three"#,
        );
        // Who asks later is told of what stands in the full one, too.
        let names = "one\ntwo\nthree\n";
        let expected = format!("{names}events\nevents.old\n{names}{names}");
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
fn a_full_disk_changes_no_exit_code_and_keeps_no_file() {
    Pocket::each_user(|pocket| {
        // Only root can mount a small disk: in a mount namespace of the script's own, which takes it along.
        if !pocket.is_root() {
            return;
        }
        let script = r#"mkdir disk && mount -t tmpfs -o size=64m none disk && cp -a "$POCKET_ROOT"/. disk/
            export POCKET_ROOT=$PWD/disk
            docker run -d --name kept probe on 7 >/dev/null; docker run -d --rm --name brief probe on 8 >/dev/null
            for name in kept brief; do until docker logs $name | grep -q ready; do :; done; done
            docker wait brief >waited &
            cat /dev/zero >disk/zeros 2>/dev/null; echo more 2>/dev/null >disk/more || echo "the disk is full"
            docker stop kept brief; wait; cat waited; docker wait kept
            docker inspect -f '{{.State.Status}} {{.State.ExitCode}}' kept
            docker rm kept; ls disk/containers disk/names; rm disk/zeros; docker run --rm probe exit 9; echo $?"#;
        let mut inside = pocket.program("unshare");
        let output = inside.args(["--mount", "bash", "-c", script]).output();
        let done = Done::from(output.expect("unshare"));
        let expected = "the disk is full\nkept\nbrief\n8\n7\nexited 7\nkept\ndisk/containers:\n\ndisk/names:\n9\n";
        assert_eq!(done.out, expected, "{done:?}");
    });
}
