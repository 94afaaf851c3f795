//! The commands that have a client: `run`, `start` and `attach`.

use std::os::unix::net::UnixStream;

use crate::cli::parse::Parsed;
use crate::client::relay::{self, End, Options, Signals};
use crate::client::terminal::DetachKeys;
use crate::commands::create::{make, or_125};
use crate::commands::lifecycle;
use crate::error::{Error, Result, client, daemon};
use crate::monitor::channel::Decoder;
use crate::monitor::watch::{self, Tell};
use crate::output::{print, warn};
use crate::store::container::Container;
use crate::store::disk::Store;
use crate::store::events;

/// `docker run`.
pub(crate) fn run(parsed: &Parsed) -> Result<u8> {
    or_125("run", run_image(parsed))
}

fn run_image(parsed: &Parsed) -> Result<u8> {
    let detached = parsed.is("detach");
    let options = Options {
        stdin: parsed.is("interactive") && !detached,
        tty: parsed.is("tty"),
        signals: signals(parsed),
        detach_keys: detach_keys(parsed)?,
    };
    if !detached && let Err(error) = relay::check_terminal(options.stdin, options.tty) {
        warn(&format!("{error}\n"));
        return Err(Error::Exit(1));
    }
    let store = Store::open()?;
    let container = make(&store, parsed, !detached)?;
    if detached {
        let started = watch::start(&store, &container, None);
        print(&format!("{}\n", container.config.id));
        return started.map(|_| 0);
    }
    let signals = relay::hold_signals(&options)?;
    events::record(&store, &container.config, "attach", &[]);
    let (socket, _) = watch::launch(&store, &container, Tell::Output, None)?;
    relay::run(&socket, Decoder::default(), &signals, options).map(End::code)
}

fn signals(parsed: &Parsed) -> Signals {
    if parsed.get("sig-proxy") == Some("false") {
        Signals::Keep
    } else {
        Signals::Proxy
    }
}

/// `--detach-keys`.
pub(crate) fn detach_keys(parsed: &Parsed) -> Result<DetachKeys> {
    let Some(text) = parsed.get("detach-keys") else {
        return Ok(DetachKeys::default());
    };
    DetachKeys::parse(text)
        .map_err(|key| daemon!("Invalid escape keys ({text}) provided: unknown key '{key}'"))
}

/// `docker start`.
pub(crate) fn start(parsed: &Parsed) -> Result<u8> {
    let store = Store::open()?;
    if !parsed.is("attach") {
        return lifecycle::each_reporting(
            &parsed.args,
            "Error: failed to start containers",
            |name| {
                let container = Container::find(&store, name)?;
                begin(&store, &container).map(drop)
            },
        );
    }
    if parsed.args.len() > 1 {
        return Err(client!(
            "you cannot start and attach multiple containers at once"
        ));
    }
    let container = Container::find(&store, &parsed.args[0])?;
    let options = Options {
        stdin: parsed.is("interactive") && container.config.open_stdin,
        tty: container.config.tty,
        signals: if parsed.get("sig-proxy") == Some("false") {
            Signals::Keep
        } else {
            Signals::Leave
        },
        detach_keys: detach_keys(parsed)?,
    };
    relay::check_terminal(options.stdin, options.tty)?;
    let signals = relay::hold_signals(&options)?;
    events::record(&store, &container.config, "attach", &[]);
    let (socket, decoder) = match begin(&store, &container)? {
        Some(connection) => connection,
        None => (
            watch::connect(&container).map_err(|_| gone(&container))?,
            Default::default(),
        ),
    };
    relay::run(&socket, decoder, &signals, options).map(End::code)
}

fn gone(container: &Container) -> Error {
    daemon!("Container {} is not running", container.config.id)
}

/// Starts it unless it runs.
pub(crate) fn begin(store: &Store, container: &Container) -> Result<Option<(UnixStream, Decoder)>> {
    let changes = container.lock_changes()?;
    if container.running().is_ok() {
        return Ok(None);
    }
    watch::start(store, container, Some(changes)).map(Some)
}

/// `docker attach`.
pub(crate) fn attach(parsed: &Parsed) -> Result<u8> {
    let store = Store::open()?;
    let container = Container::find(&store, &parsed.args[0])?;
    if container.running().is_err() {
        return Err(client!(
            "You cannot attach to a stopped container, start it first"
        ));
    }
    let config = &container.config;
    let options = Options {
        stdin: config.open_stdin && !parsed.is("no-stdin"),
        tty: config.tty,
        signals: signals(parsed),
        detach_keys: detach_keys(parsed)?,
    };
    relay::check_terminal(options.stdin, options.tty)?;
    let signals = relay::hold_signals(&options)?;
    let socket = watch::connect(&container).map_err(|_| gone(&container))?;
    events::record(&store, config, "attach", &[]);
    left_by_keys(relay::run(&socket, Decoder::default(), &signals, options)?)
}

/// `attach` and `exec` say that they were left, and end with 1; `run` and `start` end with 0.
pub(crate) fn left_by_keys(end: End) -> Result<u8> {
    match end {
        End::Keys => Err(client!("read escape sequence")),
        end => Ok(end.code()),
    }
}
