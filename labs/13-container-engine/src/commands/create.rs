//! `create` and `run`: from flags and image to a container.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use crate::cli::parse::Parsed;
use crate::error::{Error, Result, client, daemon};
use crate::output::{print, warn};
use crate::signal;
use crate::store::config::{Config, Port, Restart};
use crate::store::container::Container;
use crate::store::disk::Store;
use crate::store::events;
use crate::store::image::{Image, set_env, with_tag};
use crate::time;

/// `docker create`.
pub(crate) fn create(parsed: &Parsed) -> Result<u8> {
    or_125(
        "create",
        (|| {
            let store = Store::open()?;
            let container = make(&store, parsed, false)?;
            print(&format!("{}\n", container.config.id));
            Ok(0)
        })(),
    )
}

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
pub(crate) fn make(store: &Store, parsed: &Parsed, attached: bool) -> Result<Container> {
    let name = &parsed.args[0];
    // Checked before anything is made.
    let ports = parsed
        .all("publish")
        .iter()
        .map(|text| port(text))
        .collect::<Result<Vec<_>>>()?;
    let restart = restart(parsed.get("restart").unwrap_or("no"))?;
    if parsed.is("rm") && restart != Restart::No {
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
    if let Some(text) = parsed.get("entrypoint") {
        entrypoint = Some(vec![text.to_owned()]).filter(|_| !text.is_empty());
        cmd = None;
    }
    if parsed.args.len() > 1 {
        cmd = Some(parsed.args[1..].to_vec());
    }
    if entrypoint.iter().chain(&cmd).flatten().next().is_none() {
        return Err(daemon!("No command specified"));
    }
    let stop_signal = parsed
        .get("stop-signal")
        .map(str::to_owned)
        .or(from.stop_signal);
    if let Some(name) = &stop_signal {
        signal::parse(name)?;
    }
    let mut labels = from.labels;
    labels.extend(pairs(parsed.all("label")));
    let mut config = Config {
        name: parsed.get("name").unwrap_or_default().to_owned(),
        created: time::now(),
        image: name.clone(),
        image_id: image.id,
        entrypoint,
        cmd,
        workdir: parsed.get("workdir").map_or(from.workdir, str::to_owned),
        user: parsed.get("user").map_or(from.user, str::to_owned),
        hostname: parsed.get("hostname").unwrap_or_default().to_owned(),
        stop_signal,
        stop_timeout: parsed.number("stop-timeout"),
        labels,
        exposed: from.exposed,
        ports,
        tty: parsed.is("tty"),
        open_stdin: parsed.is("interactive"),
        attached,
        auto_remove: parsed.is("rm"),
        init: parsed.get("init").map(|text| text == "true"),
        restart,
        ..Config::default()
    };
    if !config.workdir.is_empty() && !config.workdir.starts_with('/') {
        return Err(daemon!(
            "the working directory '{}' is invalid, it needs to be an absolute path",
            config.workdir
        ));
    }
    for text in parsed.all("env") {
        match text.split_once('=') {
            Some(("", _)) => return Err(client!("invalid environment variable: {text}")),
            Some((name, value)) => set_env(&mut config.env, name, value),
            // A bare name hands on our own variable, if there is one.
            None => {
                if let Ok(value) = std::env::var(text) {
                    set_env(&mut config.env, text, &value);
                }
            }
        }
    }
    for text in from.env {
        let name = text.split('=').next();
        if !config
            .env
            .iter()
            .any(|other| other.split('=').next() == name)
        {
            config.env.push(text);
        }
    }
    let container = Container::create(store, config)?;
    events::record(store, &container.config, "create", &[]);
    Ok(container)
}

/// `KEY=VALUE`, or a key alone.
pub(crate) fn pairs(list: &[String]) -> BTreeMap<String, String> {
    let pair = |text: &String| {
        let (key, value) = text.split_once('=').unwrap_or((text, ""));
        (key.to_owned(), value.to_owned())
    };
    list.iter().map(pair).collect()
}

/// `[[IP:]HOST:]CONTAINER[/tcp]`.
fn port(text: &str) -> Result<Port> {
    let (numbers, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    if protocol != "tcp" {
        return Err(client!("pocket publishes tcp only: {text}"));
    }
    let (rest, container) = numbers.rsplit_once(':').unwrap_or(("", numbers));
    let (ip, host) = rest.rsplit_once(':').unwrap_or(("", rest));
    let container: u16 = match container.parse() {
        Ok(0) | Err(_) if container.is_empty() => {
            return Err(client!("no port specified: {text}<empty>"));
        }
        Ok(0) | Err(_) => return Err(client!("invalid containerPort: {container}")),
        Ok(number) => number,
    };
    let host = match host {
        "" => 0,
        host => host
            .parse()
            .map_err(|_| client!("invalid hostPort: {host}"))?,
    };
    let ip = match ip {
        "" => Ipv4Addr::UNSPECIFIED,
        "localhost" => Ipv4Addr::LOCALHOST,
        ip => ip
            .parse()
            .map_err(|_| client!("invalid IP address: {ip}"))?,
    };
    Ok(Port {
        ip,
        host,
        container,
    })
}

fn restart(text: &str) -> Result<Restart> {
    let (name, most) = text
        .split_once(':')
        .map_or((text, None), |(name, most)| (name, Some(most)));
    match (name, most) {
        ("no" | "", None) => Ok(Restart::No),
        ("always", None) => Ok(Restart::Always),
        ("unless-stopped", None) => Ok(Restart::UnlessStopped),
        ("on-failure", None) => Ok(Restart::OnFailure(0)),
        ("on-failure", Some(most)) => most
            .parse()
            .map(Restart::OnFailure)
            .map_err(|_| client!("maximum retry count must be an integer")),
        ("no" | "always" | "unless-stopped", Some(_)) => Err(daemon!(
            "maximum retry count cannot be used with restart policy '{name}'"
        )),
        _ => Err(daemon!("invalid restart policy '{name}'")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports() {
        let any = Ipv4Addr::UNSPECIFIED;
        assert_eq!(
            port("8080:80"),
            Ok(Port {
                ip: any,
                host: 8080,
                container: 80
            })
        );
        assert_eq!(
            port("127.0.0.1:1:2/tcp"),
            Ok(Port {
                ip: Ipv4Addr::LOCALHOST,
                host: 1,
                container: 2
            })
        );
        assert_eq!(
            port("80"),
            Ok(Port {
                ip: any,
                host: 0,
                container: 80
            })
        );
        for (text, message) in [
            ("abc:1", "invalid hostPort: abc"),
            ("1:2:3:4", "invalid IP address: 1:2"),
            ("1:x", "invalid containerPort: x"),
            ("70000:1", "invalid hostPort: 70000"),
            ("1:1/udp", "pocket publishes tcp only: 1:1/udp"),
        ] {
            assert_eq!(port(text), Err(Error::Client(message.into())), "{text}");
        }
    }

    #[test]
    fn restart_policies() {
        assert_eq!(restart("on-failure:3"), Ok(Restart::OnFailure(3)));
        assert_eq!(restart("no"), Ok(Restart::No));
        assert!(restart("sometimes").is_err());
        assert!(restart("always:3").is_err());
        assert!(restart("on-failure:x").is_err());
    }
}
