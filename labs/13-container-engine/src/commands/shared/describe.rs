//! Containers and images as Docker's API describes them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::store::config::{Config, Port, Restart};
use crate::store::container::{Container, State, Status};
use crate::store::disk::Store;
use crate::store::image::{self, Image};
use crate::time::short;

/// What `inspect` says of a container.
pub(crate) fn container(container: &Container) -> Value {
    let (config, state) = (&container.config, container.state());
    let mut argv = config.argv();
    let args = if argv.is_empty() {
        Vec::new()
    } else {
        argv.split_off(1)
    };
    let (policy, most) = match config.restart {
        Restart::No => ("no", 0),
        Restart::OnFailure(most) => ("on-failure", most),
        Restart::Always => ("always", 0),
        Restart::UnlessStopped => ("unless-stopped", 0),
    };
    json!({
        "Id": config.id,
        "Created": short(config.created),
        "Path": argv.first(),
        "Args": args,
        "State": state_json(&state),
        "Image": image::full_id(&config.image_id),
        "LogPath": container.file("log"),
        "Name": format!("/{}", config.name),
        "RestartCount": state.restarts,
        "Driver": "overlay",
        "Platform": "linux",
        "HostConfig": {
            "NetworkMode": "default",
            "PortBindings": ports(config, &config.ports, false),
            "RestartPolicy": { "Name": policy, "MaximumRetryCount": most },
            "PidMode": config.pid.as_ref().map_or_else(String::new, |id| format!("container:{id}")),
            "CapAdd": config.cap_add,
            "AutoRemove": config.auto_remove,
            "Init": config.init,
        },
        "Mounts": [],
        "Config": {
            "Hostname": config.hostname,
            "User": config.user,
            "AttachStdin": config.attached && config.open_stdin,
            "AttachStdout": config.attached,
            "AttachStderr": config.attached,
            "ExposedPorts": exposed(config),
            "Tty": config.tty,
            "OpenStdin": config.open_stdin,
            "StdinOnce": config.attached && config.open_stdin,
            "Env": config.env,
            "Cmd": config.cmd,
            "Image": config.image,
            "WorkingDir": config.workdir,
            "Entrypoint": config.entrypoint,
            "Labels": config.labels,
            "StopSignal": config.stop_signal.clone().unwrap_or_default(),
            "StopTimeout": config.stop_timeout,
        },
        "NetworkSettings": {
            "Ports": if state.status == Status::Running { ports(config, &state.ports, true) } else { json!({}) },
        },
    })
}

fn state_json(state: &State) -> Value {
    json!({
        "Status": state.status.name(),
        "Running": matches!(state.status, Status::Running | Status::Restarting),
        "Paused": false,
        "Restarting": state.status == Status::Restarting,
        "OOMKilled": false,
        "Dead": false,
        "Pid": state.pid,
        "ExitCode": state.exit_code,
        "Error": state.error,
        "StartedAt": short(state.started),
        "FinishedAt": short(state.finished),
    })
}

fn exposed(config: &Config) -> Value {
    let published = config
        .ports
        .iter()
        .map(|port| format!("{}/tcp", port.container));
    config
        .exposed
        .iter()
        .cloned()
        .chain(published)
        .map(|port| (port, json!({})))
        .collect::<Map<_, _>>()
        .into()
}

fn ports(config: &Config, published: &[Port], with_exposed: bool) -> Value {
    let mut map: BTreeMap<String, Value> = BTreeMap::new();
    if with_exposed {
        map.extend(
            config
                .exposed
                .iter()
                .map(|port| (port.clone(), Value::Null)),
        );
    }
    for port in published {
        let ip = if port.ip.is_unspecified() && !with_exposed {
            String::new()
        } else {
            port.ip.to_string()
        };
        let one = json!({ "HostIp": ip, "HostPort": port.host.to_string() });
        match map
            .entry(format!("{}/tcp", port.container))
            .or_insert(Value::Null)
        {
            Value::Array(list) => list.push(one),
            other => *other = json!([one]),
        }
    }
    json!(map)
}

/// What `inspect` says of an image.
pub(crate) fn image(store: &Store, image: &Image) -> Value {
    let config = &image.config;
    let exposed: Map<_, _> = config
        .exposed
        .iter()
        .map(|port| (port.clone(), json!({})))
        .collect();
    json!({
        "Id": image::full_id(&image.id),
        "RepoTags": image.tags(store),
        "RepoDigests": [],
        "Created": short(image.created),
        "Config": {
            "User": config.user,
            "ExposedPorts": exposed,
            "Env": config.env,
            "Cmd": config.cmd,
            "WorkingDir": config.workdir,
            "Entrypoint": config.entrypoint,
            "Labels": config.labels,
            "StopSignal": config.stop_signal.clone().unwrap_or_default(),
            "Shell": config.shell,
        },
        "Architecture": crate::commands::shared::machine::architecture(),
        "Os": "linux",
        "Size": image.size(store),
    })
}
