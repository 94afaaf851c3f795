//! Images: what they say of their start and their stop, and how they are built.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::command::{Engine, Output};
use super::{cleanup, names};
use crate::trace::set::Sig;

/// What an image says of itself, as far as it matters to a stop.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Config {
    /// ENTRYPOINT.
    #[serde(deserialize_with = "nullable")]
    pub entrypoint: Vec<String>,
    /// CMD.
    #[serde(deserialize_with = "nullable")]
    pub cmd: Vec<String>,
    /// STOPSIGNAL.
    #[serde(deserialize_with = "nullable")]
    pub stop_signal: String,
    /// EXPOSE: `3000/tcp` and so on.
    #[serde(deserialize_with = "nullable")]
    pub exposed_ports: std::collections::BTreeMap<String, serde_json::Value>,
}

/// Engines write `null` for what is not there.
fn nullable<'de, D: serde::Deserializer<'de>, T: Deserialize<'de> + Default>(
    from: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

impl Config {
    /// ENTRYPOINT and CMD together: what is executed.
    pub fn command(&self) -> Vec<String> {
        [&self.entrypoint[..], &self.cmd[..]].concat()
    }

    /// The signal that `docker stop` sends.
    pub fn signal(&self) -> Sig {
        Sig::parse(&self.stop_signal).unwrap_or(Sig::TERM)
    }

    /// The TCP ports that it names.
    pub fn ports(&self) -> Vec<u16> {
        let ports = self.exposed_ports.keys().filter_map(|port| {
            let (number, protocol) = port.split_once('/').unwrap_or((port, "tcp"));
            (protocol == "tcp").then(|| number.parse().ok())?
        });
        ports.collect()
    }
}

/// Asks the engine for an image's configuration.
pub fn inspect(engine: &Engine, image: &str) -> Result<Config> {
    let text = engine
        .done([
            "inspect",
            "--type",
            "image",
            "--format",
            "{{json .Config}}",
            image,
        ])
        .with_context(|| {
            format!(
                "there is no image {image:?} here; pull it (`{} pull {image}`) or build it first",
                engine.name
            )
        })?;
    serde_json::from_str(text.trim())
        .with_context(|| format!("cannot read the configuration of {image}"))
}

/// Building may take long.
const BUILD: Duration = Duration::from_secs(1800);

/// Builds a folder into an image of ours, and returns its name.
pub fn build(engine: &Engine, folder: &Path, dockerfile: Option<&Path>) -> Result<String> {
    let name = format!("{}:latest", names::name("image"));
    let _permit = cleanup::permit()?;
    cleanup::image(&name);
    let mut command = vec![
        "build".into(),
        "-q".into(),
        "-t".into(),
        std::ffi::OsString::from(&name),
    ];
    if let Some(dockerfile) = dockerfile {
        command.extend(["-f".into(), dockerfile.as_os_str().to_owned()]);
    }
    command.push(folder.as_os_str().to_owned());
    let mut output = engine.call_interruptibly(&command, BUILD)?;
    for _ in 0..DISTURBED {
        if !disturbed(&output) {
            break;
        }
        output = engine.call_interruptibly(&command, BUILD)?;
    }
    match output.code {
        Some(0) => Ok(name),
        _ => bail!(
            "{} cannot build {}:\n{}",
            engine.name,
            folder.display(),
            output.complaint()
        ),
    }
}

/// More images are hardly removed while one is built.
const DISTURBED: usize = 20;

/// Did somebody remove an image while Docker's classic builder, or podman's, looked whether it may use that one again? It
/// gives up then, though nothing of the build is missing; to build again is all that can be done, and each time there is
/// one image less to stumble over. Or while it gave its new image, which was the same as that one, its name (`Get` in
/// image/store.go in github.com/moby/moby; getLocalCachedImage, image/cache/cache.go in github.com/moby/moby;
/// intermediateImageExists, imagebuildah/stage_executor.go in github.com/containers/buildah).
fn disturbed(output: &Output) -> bool {
    let said = [
        "unable to find image \"sha256:",
        "failed to get digest sha256:",
        "getting top layer info: layer not known",
    ];
    output.code != Some(0) && said.iter().any(|said| output.stderr.contains(said))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_removed_image_is_a_disturbance() {
        let said = |code, stderr: &str| Output {
            code,
            stdout: String::new(),
            stderr: stderr.into(),
        };
        let removed = "Step 4/4 : ENTRYPOINT [\"/app\"]\nunable to find image \"sha256:26316e98471e11d92a8227d6834bdd26\"\n";
        assert!(disturbed(&said(Some(1), removed)));
        assert!(!disturbed(&said(Some(0), removed)));
        let same = "failed to get digest sha256:e216f515ba14: open /var/lib/docker/image/overlay2/imagedb/content/sha256/e216f515ba14: no such file or directory";
        assert!(disturbed(&said(Some(1), same)));
        let podman = "Error: checking if cached image exists from a previous build: getting top layer info: layer not known";
        assert!(disturbed(&said(Some(125), podman)));
        assert!(!disturbed(&said(
            Some(1),
            "pull access denied for nosuch, repository does not exist"
        )));
        assert!(!disturbed(&said(
            Some(1),
            "unable to find image 'nosuch' locally"
        )));
    }

    #[test]
    fn a_configuration_is_read_as_every_engine_writes_it() {
        let text = r#"{"Entrypoint":null,"Cmd":["/bin/sh","-c","/app"],"StopSignal":"SIGRTMIN+3","Hostname":"x",
                       "ExposedPorts":{"3000/tcp":{},"53/udp":{}}}"#;
        let config: Config = serde_json::from_str(text).unwrap();
        assert_eq!(config.command(), ["/bin/sh", "-c", "/app"]);
        assert_eq!((config.signal(), config.ports()), (Sig(37), vec![3000]));
        let bare: Config = serde_json::from_str("{}").unwrap();
        assert_eq!(
            (bare.signal(), bare.ports(), bare.command()),
            (Sig::TERM, vec![], vec![])
        );
    }
}
