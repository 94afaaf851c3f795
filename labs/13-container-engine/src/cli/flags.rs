//! The flags that more than one command takes, with what `--help` says about them.

use crate::cli::parse::{Flag, Takes};

pub(crate) const fn flag(
    short: Option<char>,
    long: &'static str,
    takes: Takes,
    about: &'static str,
) -> Flag {
    Flag {
        short,
        long,
        takes,
        about,
    }
}

pub(crate) const CREATE_FLAGS: [Flag; 18] = [
    flag(Some('e'), "env", Takes::List, "Set environment variables"),
    flag(
        None,
        "entrypoint",
        Takes::Text,
        "Overwrite the default ENTRYPOINT of the image",
    ),
    flag(Some('h'), "hostname", Takes::Text, "Container host name"),
    flag(
        None,
        "init",
        Takes::Nothing,
        "Run an init inside the container that forwards signals and reaps processes",
    ),
    flag(
        Some('i'),
        "interactive",
        Takes::Nothing,
        "Keep STDIN open even if not attached",
    ),
    flag(
        Some('l'),
        "label",
        Takes::List,
        "Set meta data on a container",
    ),
    flag(None, "name", Takes::Text, "Assign a name to the container"),
    flag(
        Some('p'),
        "publish",
        Takes::List,
        "Publish a container's port(s) to the host",
    ),
    flag(
        None,
        "restart",
        Takes::Text,
        "Restart policy to apply when a container exits (default \"no\")",
    ),
    flag(
        None,
        "rm",
        Takes::Nothing,
        "Automatically remove the container when it exits",
    ),
    flag(
        None,
        "stop-signal",
        Takes::Text,
        "Signal to stop the container",
    ),
    flag(
        None,
        "stop-timeout",
        Takes::Number,
        "Timeout (in seconds) to stop a container",
    ),
    flag(Some('t'), "tty", Takes::Nothing, "Allocate a pseudo-TTY"),
    flag(
        Some('u'),
        "user",
        Takes::Text,
        "Username or UID (format: <name|uid>[:<group|gid>])",
    ),
    flag(
        Some('w'),
        "workdir",
        Takes::Text,
        "Working directory inside the container",
    ),
    flag(
        Some('d'),
        "detach",
        Takes::Nothing,
        "Run container in background and print container ID",
    ),
    flag(
        None,
        "sig-proxy",
        Takes::Nothing,
        "Proxy received signals to the process (default true)",
    ),
    DETACH_KEYS,
];

pub(crate) const DETACH_KEYS: Flag = flag(
    None,
    "detach-keys",
    Takes::Text,
    "Override the key sequence for detaching a container",
);

pub(crate) const STOP_FLAGS: [Flag; 3] = [
    flag(
        Some('s'),
        "signal",
        Takes::Text,
        "Signal to send to the container",
    ),
    flag(
        Some('t'),
        "timeout",
        Takes::Number,
        "Seconds to wait before killing the container",
    ),
    flag(None, "time", Takes::Number, "The same as --timeout"),
];

pub(crate) const FORMAT: Flag = flag(
    None,
    "format",
    Takes::Text,
    "Format output using a template",
);
pub(crate) const MANY: usize = usize::MAX;
