//! What PID 1 finds around itself.

use super::Group;

pub const GROUPS: &[Group] = &[
    (
        "pid namespaces",
        &[
            "docker create --pid=container:no-such-container $I exit 0",
            "docker run --rm --pid=container:no-such-container $I exit 0",
            "docker run --rm --pid=private $I exit 0",
            "docker run --rm --pid=container: $I exit 0",
            "docker run --rm --pid= $I exit 3",
            "docker create --name c1 $I wait",
            "docker run --name c2 --pid=container:c1 $I exit 0",
            "docker rm c2; docker start c1; until docker logs c1 | grep ready; do :; done",
            "docker run -d --name c2 --pid=container:c1 $I wait; until docker logs c2 | grep ready; do :; done",
            "docker inspect -f '{{.HostConfig.PidMode}}' c1 c2",
            "docker rm -f c1; docker wait c2",
            "docker inspect -f '{{.State.Status}} {{.State.ExitCode}}' c2",
            "docker start c2",
        ],
    ),
    (
        "capabilities",
        &[
            "docker create --cap-add NO_SUCH $I exit 0",
            "docker create --cap-add '' $I exit 0",
            "docker create --name c1 --cap-add sys_ptrace --cap-add CAP_CHOWN $I exit 0",
            "docker inspect -f '{{.HostConfig.CapAdd}}' c1",
        ],
    ),
    (
        "names in /etc",
        &["docker run --rm -h my.host $I files /etc/hostname"],
    ),
];
