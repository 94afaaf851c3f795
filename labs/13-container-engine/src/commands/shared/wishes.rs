//! `--publish`, `--restart`, `--pid`, `--cap-add`: what their texts mean.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use crate::error::{Result, client, daemon};
use crate::pid1::credentials::capability;
use crate::store::config::{Port, Restart};
use crate::store::container::Container;
use crate::store::disk::Store;

/// `[[IP:]HOST:]CONTAINER[/tcp]`.
pub(crate) fn port(text: &str) -> Result<Port> {
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

/// `on-failure:3`.
pub(crate) fn restart(text: &str) -> Result<Restart> {
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

/// `--pid`: the id of the container whose pid namespace is to be joined.
pub(crate) fn pid_mode(store: &Store, text: &str) -> Result<Option<String>> {
    match text.split_once(':') {
        None if text.is_empty() => Ok(None),
        None if text == "host" => Err(client!(
            "pocket does not have --pid=host: a container has a PID namespace of its own, or with --pid=container:NAME another's"
        )),
        Some(("container", name)) if !name.is_empty() => {
            Ok(Some(Container::find(store, name)?.config.id))
        }
        _ => Err(client!("--pid: invalid PID mode")),
    }
}

/// `--cap-add`: `SYS_PTRACE`, with or without `CAP_`, in any case.
pub(crate) fn capabilities(list: &[String]) -> Result<Vec<String>> {
    let known = |text: &String| {
        let upper = text.to_uppercase();
        let name = match upper.as_str() {
            "ALL" => upper,
            name if name.starts_with("CAP_") => upper,
            name => format!("CAP_{name}"),
        };
        match capability(&name) {
            Some(_) => Ok(name),
            None => Err(daemon!("invalid CapAdd: unknown capability: \"{name}\"")),
        }
    };
    // Docker sorts them, and ALL stands for all.
    let names: BTreeSet<_> = list.iter().map(known).collect::<Result<_>>()?;
    let all = names.contains("ALL");
    let wanted = names.into_iter().filter(|name| !all || name == "ALL");
    Ok(wanted.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

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
