//! The flags that `run` and `create` share.

use crate::cli::flag::{Flag, choice, list, number_flag, read, switch, text};
use crate::commands::shared::environment::read_env;

/// What was asked for.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    pub(crate) cap_add: Vec<String>,
    pub(crate) env: Vec<String>,
    pub(crate) entrypoint: Option<String>,
    pub(crate) hostname: Option<String>,
    pub(crate) init: Option<bool>,
    pub(crate) interactive: bool,
    pub(crate) labels: Vec<String>,
    pub(crate) name: Option<String>,
    pub(crate) pid: Option<String>,
    pub(crate) publish: Vec<String>,
    pub(crate) restart: Option<String>,
    pub(crate) rm: bool,
    pub(crate) stop_signal: Option<String>,
    pub(crate) stop_timeout: Option<i64>,
    pub(crate) tty: bool,
    pub(crate) user: Option<String>,
    pub(crate) workdir: Option<String>,
}

/// What Docker's `run` and `create` have, and pocket's have not.
pub(crate) const LACKS: &[&str] = &[
    "add-host",
    "annotation",
    "attach",
    "-a",
    "blkio-weight",
    "blkio-weight-device",
    "cap-drop",
    "cgroup-parent",
    "cgroupns",
    "cidfile",
    "cpu-count",
    "cpu-percent",
    "cpu-period",
    "cpu-quota",
    "cpu-rt-period",
    "cpu-rt-runtime",
    "cpu-shares",
    "-c",
    "cpus",
    "cpuset-cpus",
    "cpuset-mems",
    "device",
    "device-cgroup-rule",
    "device-read-bps",
    "device-read-iops",
    "device-write-bps",
    "device-write-iops",
    "disable-content-trust",
    "dns",
    "dns-opt",
    "dns-option",
    "dns-search",
    "domainname",
    "env-file",
    "expose",
    "gpus",
    "group-add",
    "health-cmd",
    "health-interval",
    "health-retries",
    "health-start-interval",
    "health-start-period",
    "health-timeout",
    "io-maxbandwidth",
    "io-maxiops",
    "ip",
    "ip6",
    "ipc",
    "isolation",
    "kernel-memory",
    "label-file",
    "link",
    "link-local-ip",
    "log-driver",
    "log-opt",
    "mac-address",
    "memory",
    "-m",
    "memory-reservation",
    "memory-swap",
    "memory-swappiness",
    "mount",
    "net",
    "net-alias",
    "network",
    "network-alias",
    "no-healthcheck",
    "oom-kill-disable",
    "oom-score-adj",
    "pids-limit",
    "platform",
    "privileged",
    "publish-all",
    "-P",
    "pull",
    "quiet",
    "-q",
    "read-only",
    "runtime",
    "security-opt",
    "shm-size",
    "storage-opt",
    "sysctl",
    "tmpfs",
    "ulimit",
    "use-api-socket",
    "userns",
    "uts",
    "volume",
    "-v",
    "volume-driver",
    "volumes-from",
];

impl Asked {
    /// The flags that fill it, for the commands that have one.
    pub(crate) fn flags<C: AsMut<Self>>() -> Vec<Flag<C>> {
        vec![
            list(
                None,
                "cap-add",
                "Add Linux capabilities",
                |flags: &mut C| &mut flags.as_mut().cap_add,
            ),
            read(
                Some('e'),
                "env",
                "Set environment variables",
                |flags: &mut C, text| read_env(&mut flags.as_mut().env, text),
            ),
            text(
                None,
                "entrypoint",
                "Overwrite the default ENTRYPOINT of the image",
                |flags: &mut C| &mut flags.as_mut().entrypoint,
            ),
            text(
                Some('h'),
                "hostname",
                "Container host name",
                |flags: &mut C| &mut flags.as_mut().hostname,
            ),
            choice(
                None,
                "init",
                "Run an init inside the container that forwards signals and reaps processes",
                |flags: &mut C| &mut flags.as_mut().init,
            ),
            switch(
                Some('i'),
                "interactive",
                "Keep STDIN open even if not attached",
                |flags: &mut C| &mut flags.as_mut().interactive,
            ),
            list(
                Some('l'),
                "label",
                "Set meta data on a container",
                |flags: &mut C| &mut flags.as_mut().labels,
            ),
            text(
                None,
                "name",
                "Assign a name to the container",
                |flags: &mut C| &mut flags.as_mut().name,
            ),
            text(None, "pid", "PID namespace to use", |flags: &mut C| {
                &mut flags.as_mut().pid
            }),
            list(
                Some('p'),
                "publish",
                "Publish a container's port(s) to the host",
                |flags: &mut C| &mut flags.as_mut().publish,
            ),
            text(
                None,
                "restart",
                "Restart policy to apply when a container exits (default \"no\")",
                |flags: &mut C| &mut flags.as_mut().restart,
            ),
            switch(
                None,
                "rm",
                "Automatically remove the container when it exits",
                |flags: &mut C| &mut flags.as_mut().rm,
            ),
            text(
                None,
                "stop-signal",
                "Signal to stop the container",
                |flags: &mut C| &mut flags.as_mut().stop_signal,
            ),
            number_flag(
                None,
                "stop-timeout",
                "Timeout (in seconds) to stop a container",
                |flags: &mut C| &mut flags.as_mut().stop_timeout,
            ),
            switch(
                Some('t'),
                "tty",
                "Allocate a pseudo-TTY",
                |flags: &mut C| &mut flags.as_mut().tty,
            ),
            text(
                Some('u'),
                "user",
                "Username or UID (format: <name|uid>[:<group|gid>])",
                |flags: &mut C| &mut flags.as_mut().user,
            ),
            text(
                Some('w'),
                "workdir",
                "Working directory inside the container",
                |flags: &mut C| &mut flags.as_mut().workdir,
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl AsMut<Self> for Asked {
        fn as_mut(&mut self) -> &mut Self {
            self
        }
    }

    #[test]
    fn what_there_is_is_not_said_to_be_missing() {
        for flag in Asked::flags::<Asked>() {
            assert!(!LACKS.contains(&flag.long), "{}", flag.long);
            if let Some(short) = flag.short {
                assert!(!LACKS.contains(&format!("-{short}").as_str()), "-{short}");
            }
        }
    }
}
