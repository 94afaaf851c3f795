//! From what was asked for, and an image, to a container: for `run` and `create`.

use crate::commands::shared::asked::Asked;
use crate::commands::shared::environment::{self, pairs};
use crate::commands::shared::wishes::{capabilities, pid_mode, port, restart};
use crate::error::{Error, Result, client, daemon};
use crate::output::warn;
use crate::signal;
use crate::store::config::{Config, Restart};
use crate::store::container::Container;
use crate::store::disk::Store;
use crate::store::events;
use crate::store::image::{Image, with_tag};
use crate::time;

/// Docker's client puts its name before an error of `run` and `create`, a hint behind, and keeps the
/// codes below 125 for the container's own.
pub(crate) fn or_125(command: &str, result: Result<u8>) -> Result<u8> {
    let error = match result {
        Ok(code) => return Ok(code),
        Err(error @ (Error::Usage { .. } | Error::Exit(_))) => return Err(error),
        Err(error) => error,
    };
    let (code, name) = match &error {
        Error::Start(start) => (start.code, "docker: "),
        // `create` has no code to keep free, and no name to say.
        _ if command == "create" => (1, ""),
        _ => (125, "docker: "),
    };
    let hint = if command == "run" {
        "\n\nRun 'docker run --help' for more information"
    } else {
        ""
    };
    warn(&format!("{name}{error}{hint}\n"));
    Err(Error::Exit(code))
}

/// Makes the container; it does not run yet.
pub(crate) fn make(
    store: &Store,
    asked: Asked,
    args: &[String],
    attached: bool,
) -> Result<Container> {
    let name = &args[0];
    // Checked before anything is made.
    let ports = asked
        .publish
        .iter()
        .map(|text| port(text))
        .collect::<Result<Vec<_>>>()?;
    let restart = restart(asked.restart.as_deref().unwrap_or("no"))?;
    if asked.rm && restart != Restart::No {
        return Err(client!(
            "conflicting options: cannot specify both --restart and --rm"
        ));
    }
    let _lock = store.lock_images(false)?;
    let Some(image) = Image::find(store, name) else {
        warn(&format!(
            "Unable to find image '{}' locally\n",
            with_tag(name)
        ));
        return Err(daemon!(
            "pocket has no registry to pull from: build the image {} first",
            with_tag(name)
        ));
    };
    let from = image.config;
    let mut entrypoint = from.entrypoint;
    let mut cmd = from.cmd;
    if let Some(text) = asked.entrypoint {
        entrypoint = Some(vec![text]).filter(|words| !words[0].is_empty());
        cmd = None;
    }
    if args.len() > 1 {
        cmd = Some(args[1..].to_vec());
    }
    if entrypoint.iter().chain(&cmd).flatten().next().is_none() {
        return Err(daemon!("No command specified"));
    }
    let stop_signal = asked.stop_signal.or(from.stop_signal);
    if let Some(name) = &stop_signal {
        signal::parse(name)?;
    }
    let mut labels = from.labels;
    labels.extend(pairs(&asked.labels));
    let mut config = Config {
        name: named(asked.name),
        created: time::now(),
        image: name.clone(),
        image_id: image.id,
        entrypoint,
        cmd,
        workdir: asked.workdir.unwrap_or(from.workdir),
        user: asked.user.unwrap_or(from.user),
        hostname: asked.hostname.unwrap_or_default(),
        stop_signal,
        stop_timeout: asked.stop_timeout,
        labels,
        exposed: from.exposed,
        ports,
        tty: asked.tty,
        open_stdin: asked.interactive,
        attached,
        pid: pid_mode(store, asked.pid.as_deref().unwrap_or_default())?,
        cap_add: capabilities(&asked.cap_add)?,
        auto_remove: asked.rm,
        init: asked.init,
        restart,
        ..Config::default()
    };
    if !config.workdir.is_empty() && !config.workdir.starts_with('/') {
        return Err(daemon!(
            "the working directory '{}' is invalid, it needs to be an absolute path",
            config.workdir
        ));
    }
    // What the user says stands first, then what only the image says. A bare name stays, and takes the variable away
    // when the environment is made.
    for text in &asked.env {
        environment::put(&mut config.env, text);
    }
    for text in from.env {
        let name = text.split('=').next();
        let mut others = config.env.iter();
        if !others.any(|other| other.split('=').next() == name) {
            config.env.push(text);
        }
    }
    let container = Container::create(store, config)?;
    events::record(store, &container.config, "create", &[]);
    Ok(container)
}

/// Docker takes `/web` for `web`: that is how `inspect` prints it. What is no name with that neither stays as it was
/// given, for the message.
fn named(given: Option<String>) -> String {
    let name = given.unwrap_or_default();
    let inside = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    match name.strip_prefix('/') {
        Some(rest) if !rest.is_empty() && rest.chars().all(inside) => rest.to_owned(),
        _ => name,
    }
}
