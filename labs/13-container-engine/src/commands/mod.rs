//! One file a command: its flags, typed, and what it does. What several do alike lies in `shared`.
//! This is where a command line becomes actions.
//! It may call: every room below.

pub(crate) mod attach;
pub(crate) mod build;
pub(crate) mod create;
pub(crate) mod events;
pub(crate) mod exec;
pub(crate) mod images;
pub(crate) mod info;
pub(crate) mod inspect;
pub(crate) mod kill;
pub(crate) mod logs;
pub(crate) mod port;
pub(crate) mod ps;
pub(crate) mod restart;
pub(crate) mod rm;
pub(crate) mod rmi;
pub(crate) mod run;
pub(crate) mod shared;
pub(crate) mod start;
pub(crate) mod stop;
pub(crate) mod top;
pub(crate) mod version;
pub(crate) mod wait;

use crate::cli::entry::Entry;

/// All commands.
pub(crate) static COMMANDS: [Entry; 21] = [
    Entry::of::<run::Run>(),
    Entry::of::<create::Create>(),
    Entry::of::<start::Start>(),
    Entry::of::<attach::Attach>(),
    Entry::of::<exec::Exec>(),
    Entry::of::<stop::Stop>(),
    Entry::of::<restart::Restart>(),
    Entry::of::<kill::Kill>(),
    Entry::of::<wait::Wait>(),
    Entry::of::<rm::Rm>(),
    Entry::of::<logs::Logs>(),
    Entry::of::<ps::Ps>(),
    Entry::of::<top::Top>(),
    Entry::of::<inspect::Inspect>(),
    Entry::of::<port::PortOf>(),
    Entry::of::<events::Events>(),
    Entry::of::<build::Build>(),
    Entry::of::<images::Images>(),
    Entry::of::<rmi::Rmi>(),
    Entry::of::<version::Version>(),
    Entry::of::<info::Info>(),
];

/// What Docker's client can do, and pocket cannot.
pub(crate) const LACKING: [&str; 40] = [
    "builder",
    "buildx",
    "checkpoint",
    "commit",
    "compose",
    "config",
    "context",
    "cp",
    "diff",
    "export",
    "history",
    "import",
    "load",
    "login",
    "logout",
    "manifest",
    "network",
    "node",
    "pause",
    "plugin",
    "pull",
    "push",
    "rename",
    "save",
    "scout",
    "search",
    "secret",
    "service",
    "stack",
    "stats",
    "swarm",
    "system",
    "tag",
    "trust",
    "unpause",
    "update",
    "volume",
    "prune",
    "init",
    "model",
];
