//! States and clients: every command that takes a container, in every state that lasts.
//!
//! Two states do not last. "Restarting" is the pause before a restart policy's next start: tests/it/lifecycle.rs holds a
//! container in it and knows what docker answers. "Removing" is over, for docker and for pocket, before a second command
//! could be typed; whoever comes then finds nothing, and that is a state here.

use super::Group;

/// Makes a container, gives a command, and looks at what it left. Clients that stay are killed: how long they would
/// have stayed is no answer. What starts a container is waited for: whether it has ended a moment later is no answer
/// either.
macro_rules! cells {
    ($make:literal: $($command:literal)*) => {
        &[$(concat!(
            $make, " >/dev/null; ", $command, "; echo \"status ${PIPESTATUS[*]}\"; ",
            "docker inspect -f '{{.State.Status}} {{.State.Running}} {{.State.ExitCode}} {{.State.Error}}' c1; ",
            "docker rm -f c1",
        )),*]
    };
}

/// Every command, in the state that this line makes.
macro_rules! every_command {
    ($make:literal) => {
        cells!($make:
            "docker start c1 && timeout 2 docker wait c1"
            "timeout -s KILL 2 docker start -a c1 | cat"
            "docker stop -t 0 c1"
            "docker kill c1"
            "docker kill -s USR2 c1"
            "docker kill -s 0 c1"
            "timeout 2 docker wait c1"
            "docker restart -t 0 c1 && timeout 2 docker wait c1"
            "docker rm c1"
            "docker rm -f c1"
            "docker rm -f c1 nosuch"
            "timeout -s KILL 2 docker attach c1 | cat"
            "docker exec c1 /13-probe exit 5"
            "docker exec -d c1 /13-probe exit 5"
            "docker exec -d c1 nosuch"
            "docker logs c1"
            "timeout -s KILL 2 docker logs -f c1 | cat"
            "docker port c1"
            "docker port c1 80"
            "docker top c1 | wc -l"
            "docker inspect -f '{{.State.Pid}} {{.State.StartedAt}} {{.State.FinishedAt}} {{.RestartCount}}' c1 | sed 's/^[1-9][0-9]*/<pid>/'"
            "docker ps -a --filter name=c1 --format '{{.Names}} {{.State}} {{.Status}}' | cut -d')' -f1 | sed 's/Up .*/Up/'"
            "docker ps --filter name=c1 --format '{{.Names}}'"
            "docker start c1 nosuch; timeout 2 docker wait c1"
            "docker stop -t 0 nosuch c1"
            "docker kill nosuch c1"
            "docker wait nosuch"
            "docker restart -t 0 nosuch c1 && timeout 2 docker wait c1"
            "docker kill -s BOGUS c1"
            "docker kill -s 65 c1"
        )
    };
}

pub const GROUPS: &[Group] = &[
    (
        "state: created",
        every_command!("docker create --name c1 $I exit 3"),
    ),
    (
        "state: running",
        every_command!("docker run -d --name c1 $I wait"),
    ),
    (
        "state: exited",
        every_command!("docker run --name c1 $I exit 3"),
    ),
    ("state: none", every_command!(":")),
];
