//! States and clients. The table: every command that takes a container, in every state that a container has.
//!
//! Docker's fifth state, "removing", is a race by nature: it lasts as long as the daemon deletes files, and nothing
//! holds it there. pocket has no such state: a container is one until its description is deleted, and then none.

use super::{Group, Lines};

pub const GROUPS: &[Group] = &[
    (
        "several names",
        &[
            "docker create --name c1 $I on 3 >/dev/null; docker create --name c2 $I on 4 >/dev/null",
            "docker start c1 nosuch c2 nosuch2",
            "docker inspect -f '{{.State.Status}}' c1 c2",
            "docker restart -t 1 c1 nosuch c2 nosuch2",
            "docker stop c1 nosuch c2 nosuch2",
            "docker kill c1 nosuch c2 nosuch2",
            "docker wait c1 nosuch c2",
            "docker rm -f c1 nosuch c2 nosuch2",
            "docker rm -f nosuch nosuch",
            "docker create --name c1 $I wait >/dev/null; docker rm c1 c1",
            // One grace period after the other.
            "docker run -d --name c1 $I wait >/dev/null; docker run -d --name c2 $I wait >/dev/null
            SECONDS=0; docker restart -t 2 c1 c2; [ $SECONDS -ge 4 ]",
        ],
    ),
    (
        "clients and the ends that they see",
        &[
            // The log is followed to the end of this PID 1, whatever comes after it.
            "docker run -d --name c1 --restart on-failure:5 $I on 3 >/dev/null
            until docker logs c1 | grep -q ready; do :; done
            : >c1.out; docker logs -f c1 >c1.out & P=$!; until grep -q ready c1.out; do :; done
            docker exec c1 /13-probe files /proc/1/comm
            kill -INT $(docker inspect -f '{{.State.Pid}}' c1); timeout 20 tail --pid=$P -f /dev/null; wait $P; echo $?
            cat c1.out; docker inspect -f '{{.State.Running}}' c1; docker rm -f c1",
            // And so it is by a restart that somebody asks for.
            "docker run -d --name c1 $I on 3 >/dev/null
            until docker logs c1 | grep -q ready; do :; done
            : >c1.out; docker logs -f c1 >c1.out & P=$!; until grep -q ready c1.out; do :; done
            docker restart c1; timeout 20 tail --pid=$P -f /dev/null; wait $P; echo $?; cat c1.out; docker rm -f c1",
        ],
    ),
];

/// A state, and how `c1` comes to it. `cat` runs until its input ends; SIGTERM and SIGUSR1 are nothing to a PID 1
/// without a handler.
const STATES: [(&str, &str); 5] = [
    ("none", ":"),
    ("created", "docker create -i --name c1 $I cat >/dev/null"),
    (
        "running",
        "docker create -i --name c1 $I cat >/dev/null; docker start c1",
    ),
    (
        // After six starts the seventh is more than three seconds away, on both.
        "restarting",
        "docker run -d --name c1 --restart always $I exit 3 >/dev/null
        until [ \"$(docker inspect -f '{{.State.Status}} {{.RestartCount}}' c1)\" = 'restarting 6' ]; do sleep 0.1; done",
    ),
    (
        "exited",
        "docker create -i --name c1 $I cat >/dev/null; docker start c1; docker kill c1",
    ),
];

/// The commands, as far as they end by themselves in every state.
const COMMANDS: [&str; 20] = [
    "docker start c1",
    "docker start c1 c1",
    // Of a restarting one, docker's client says "unable to upgrade to tcp, received 409"; pocket says why.
    "echo typed | timeout 20 docker start -ai c1 2>/dev/null",
    "docker stop -t 1 c1",
    "docker kill c1",
    "docker kill -s USR1 c1",
    "docker kill -s TERM c1",
    "docker rm c1",
    "docker rm -f c1",
    "docker rm -f c1 c1",
    "echo typed | timeout 20 docker attach c1",
    "docker exec c1 /13-probe exit 7",
    "docker exec c1 nosuch",
    "docker exec -d c1 /13-probe exit 7",
    "docker exec -d c1 nosuch",
    "docker logs c1",
    "docker port c1",
    "docker port c1 80",
    // The processes' numbers and times are their own.
    "docker top c1 2>c1.err | sed 's/.*:[0-9][0-9] //'; cat c1.err",
    // What comes of nothing: only the fields below.
    "true",
];

/// Refusals, and several names: what they say of a state, the others have said of a restarting one already.
const MORE: [&str; 11] = [
    "docker kill -s 0 c1",
    "docker kill -s BOGUS c1",
    "docker kill -s 65 c1",
    "docker ps --filter name=^/c1$ --format '{{.Names}}'",
    "docker restart -t 0 nosuch c1",
    "docker rm -f c1 nosuch",
    "docker start c1 nosuch",
    "docker stop -t 0 c1",
    "docker stop -t 0 nosuch c1",
    "docker kill nosuch c1",
    "docker wait nosuch",
];

/// Those that wait for an end: where a container runs, somebody else brings it.
const WAITING: [&str; 2] = ["docker wait c1", "docker logs -f c1"];

/// Those that leave a restarting container to start again at once, so that what comes of it is a race by nature.
const RESTART: &str = "docker restart -t 1 c1";

/// What became of the container: its fields, zero or not where the value is the moment's; and how `ps` says it.
const AFTER: &str = "docker inspect -f '{{.State.Status}} {{.State.Running}} {{.State.Paused}} {{.State.Restarting}} \
    {{.State.OOMKilled}} {{.State.Dead}} {{.State.ExitCode}} [{{.State.Error}}] pid={{.State.Pid}} \
    began={{.State.StartedAt}} ended={{.State.FinishedAt}} {{.RestartCount}}' c1 \
    | sed -E 's/(pid)=[1-9][0-9]*/\\1=some/; s/(began|ended)=[^0][^ ]*/\\1=some/g'
    docker ps -a --filter name=^/c1$ --format '{{.State}} {{.Status}}' | sed -E 's/(Up|\\)) .*/\\1/'";

/// The table, a group for each cell: nothing is left of the one before. A cell is one script, since a restarting
/// container does not wait for the other engine.
pub fn table() -> Vec<Lines> {
    let mut cells = Vec::new();
    for (state, made) in STATES {
        let mut cell = |command: &str, act: &str, after: &str| {
            let script = format!("{{ {made}; }} >/dev/null\n{act}\necho \"status $?\"\n{after}");
            cells.push((format!("state {state}: {command}"), vec![script]));
        };
        let more = if state == "restarting" {
            &[][..]
        } else {
            &MORE
        };
        for command in COMMANDS.iter().chain(more) {
            cell(command, command, AFTER);
        }
        for command in WAITING {
            match state {
                "running" => {
                    let act =
                        format!("{command} >c1.out & docker kill c1; wait $!; echo $?; cat c1.out");
                    cell(command, &act, AFTER);
                }
                _ => cell(command, &format!("timeout 20 {command}"), AFTER),
            }
        }
        cell(
            RESTART,
            RESTART,
            if state == "restarting" { "" } else { AFTER },
        );
    }
    cells
}
