//! What the commands with a client share: `run`, `start`, `attach`, `exec`.

use crate::cli::flag::{Flag, choice, text};
use crate::client::relay::{End, Signals};
use crate::client::terminal::DetachKeys;
use crate::error::{Error, Result, client, daemon};
use crate::store::container::Container;

/// `--detach-keys`.
pub(crate) fn detach_keys_flag<C>(field: fn(&mut C) -> &mut Option<String>) -> Flag<C> {
    let about = "Override the key sequence for detaching a container";
    text(None, "detach-keys", about, field)
}

/// `--sig-proxy`.
pub(crate) fn sig_proxy_flag<C>(field: fn(&mut C) -> &mut Option<bool>) -> Flag<C> {
    let about = "Proxy received signals to the process (default true)";
    choice(None, "sig-proxy", about, field)
}

/// What `--sig-proxy` asks for.
pub(crate) fn signals(sig_proxy: Option<bool>) -> Signals {
    if sig_proxy == Some(false) {
        Signals::Keep
    } else {
        Signals::Proxy
    }
}

/// What `--detach-keys` asks for.
pub(crate) fn detach_keys(given: Option<&str>) -> Result<DetachKeys> {
    let Some(text) = given else {
        return Ok(DetachKeys::default());
    };
    DetachKeys::parse(text)
        .map_err(|key| daemon!("Invalid escape keys ({text}) provided: unknown key '{key}'"))
}

/// It has ended between two looks.
pub(crate) fn gone(container: &Container) -> Error {
    daemon!("Container {} is not running", container.config.id)
}

/// `attach` and `exec` say that they were left, and end with 1; `run` and `start` end with 0.
pub(crate) fn left_by_keys(end: End) -> Result<u8> {
    match end {
        End::Keys => Err(client!("read escape sequence")),
        end => Ok(end.code()),
    }
}
