//! A lab's sandbox on an engine: the `docker` shim, the images, and the clean-up by label.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::chapter::course::{Course, Lab};
use crate::engine::base;
use crate::engine::cargo::output_folder;
use crate::engine::choice::{Engine, Kind};
use crate::engine::images;
use crate::engine::overlay;
use crate::engine::podman;
use crate::engine::programs::{Which, mutant_program};
use crate::engine::shim::{self, LABEL};
use crate::system::interrupt;
use crate::system::process::{self, Output};
use crate::system::sweep::{MARK, ask, sweep};

/// How long an engine may take over one image or one removal.
const DEADLINE: Duration = Duration::from_secs(120);

/// How long a podman that is asked to end may finish what it is at.
const PATIENCE: Duration = Duration::from_secs(5);

/// The image of the tracer: one static program.
const TRACER: &str =
    "FROM scratch\nCOPY stoppable /stoppable\nENTRYPOINT [\"/stoppable\", \"__trace\"]\n";

/// What one lab needs of one engine.
#[derive(Debug, Clone)]
pub struct Sandbox {
    engine: Engine,
    /// The base image's name; pocket has but one, without a name.
    base: String,
    number: String,
    /// The lab's folder, where its commands run.
    pub folder: PathBuf,
    scratch: PathBuf,
    session: String,
}

impl Sandbox {
    /// Sets the sandbox up: the shim and, for docker and podman, the local base image.
    ///
    /// Whatever an earlier run of this lab left on this engine (it was killed, or told to keep) is removed
    /// first. The caller holds the lab's lock.
    pub fn set_up(course: &Course, lab: &Lab, engine: &Engine) -> Result<Sandbox> {
        let kind = engine.kind.name();
        let base = match engine.kind {
            Kind::Pocket => String::new(),
            Kind::Docker | Kind::Podman => base::provide(course, engine)?,
        };
        let sandbox = Sandbox {
            engine: engine.clone(),
            base,
            number: lab.number.clone(),
            folder: course.folder(lab),
            scratch: course.scratch().join(kind).join(&lab.slug),
            session: format!("{kind}/{}", lab.slug),
        };
        let bin = sandbox.scratch.join("bin");
        // Before the clean-up: podman does nothing at all where TMPDIR is not there.
        for folder in [&bin, &sandbox.temporary()] {
            fs::create_dir_all(folder)
                .with_context(|| format!("cannot make {}", folder.display()))?;
        }
        shim::write(&bin.join("docker"), engine, &sandbox.base, &sandbox.session)?;
        sandbox.clean_up();
        Ok(sandbox)
    }

    /// What a session on this sandbox has in its environment.
    pub fn environment(&self) -> Vec<(OsString, OsString)> {
        let mut path = self.scratch.join("bin").into_os_string();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        let mut environment = vec![
            ("PATH".into(), path),
            (MARK.into(), OsString::from(&self.session)),
            ("LC_ALL".into(), "C.UTF-8".into()),
            ("TZ".into(), "UTC".into()),
            // What the commands put there goes with the session, however it ends.
            ("TMPDIR".into(), self.temporary().into_os_string()),
        ];
        environment.extend(self.engine_environment());
        environment
    }

    fn engine_environment(&self) -> Vec<(OsString, OsString)> {
        match self.engine.kind {
            Kind::Docker => vec![("DOCKER_CLI_HINTS".into(), "false".into())],
            Kind::Podman => podman::environment(&self.scratch),
            Kind::Pocket => vec![(
                "POCKET_ROOT".into(),
                self.scratch.join("state").into_os_string(),
            )],
        }
    }

    /// The session's `/tmp`.
    fn temporary(&self) -> PathBuf {
        self.scratch.join("tmp")
    }

    /// The session's own folder: the shim, and what an engine keeps for it.
    pub fn scratch(&self) -> &Path {
        &self.scratch
    }

    /// Builds the images of [`images::list`], but for those that would be the same again.
    pub fn build_images(&self, which: &Which) -> Result<()> {
        let wanted = images::list(&self.folder, &self.number, which, &self.base)?;
        let names: Vec<&str> = wanted.iter().map(|image| image.name.as_str()).collect();
        // Somebody else's base may have changed under its name.
        let built_from = match base::is_overridden() {
            true => Vec::new(),
            false => self.built_from(&names)?,
        };
        for (index, image) in wanted.iter().enumerate() {
            if built_from.get(index) == Some(&image.inputs) {
                continue;
            }
            let label = format!("{}={}", images::LABEL, image.inputs);
            let (name, file) = (&image.name, image.file.to_string_lossy());
            let folder = self.folder.to_string_lossy();
            let build = [
                "build", "-q", "-t", name, "--label", &label, "-f", &file, &folder,
            ];
            let before = self.id(name)?;
            let built = self.built(&build)?;
            let now = built.success(&format!("building {name} from {file}"))?;
            // Nobody would find it again, and each build looks at all images. One that a container is made from stays.
            if !before.is_empty() && before != plain(&now) {
                self.docker(&["rmi", &before])?;
            }
        }
        Ok(())
    }

    /// The image of this name; empty if there is none.
    fn id(&self, name: &str) -> Result<String> {
        let listed = self.docker(&["images", "-q", "--no-trunc", name])?;
        Ok(plain(&listed.stdout).to_owned())
    }

    /// This sandbox with another folder: a copy of the lab's, in which a wrong answer stands where the right one was.
    pub fn with_mutant(&self, course: &Course, lab: &Lab, mutant: &str) -> Result<Sandbox> {
        let program = mutant_program(lab, mutant);
        let has_one = launch::programs(&self.folder)?.contains(&program);
        let built = has_one.then(|| output_folder(&course.root).join(&program));
        let replaced = format!("{}-solution", lab.number);
        let own = built.as_deref().map(|built| (built, replaced.as_str()));
        let folder = self.scratch.join("mutant");
        overlay::lay(&self.folder, mutant, own, &folder)?;
        Ok(Sandbox {
            folder,
            ..self.clone()
        })
    }

    /// What each image says that it was built from; nothing at all if one of them is missing.
    fn built_from(&self, names: &[&str]) -> Result<Vec<String>> {
        let format = format!("{{{{index .Config.Labels \"{}\"}}}}", images::LABEL);
        let inspect = ["inspect", "--type", "image", "-f", &format];
        let output = self.docker(&[&inspect, names].concat())?;
        Ok(if output.status.success() {
            output.stdout.lines().map(str::to_owned).collect()
        } else {
            Vec::new()
        })
    }

    /// Builds the image of `stoppable`'s tracer, and returns its name.
    pub fn build_tracer(&self, stoppable: &Path) -> Result<String> {
        let (folder, name) = (
            self.scratch.join("tracer"),
            format!("lab{}:picture", self.number),
        );
        fs::create_dir_all(&folder)
            .and_then(|()| fs::copy(stoppable, folder.join("stoppable")))
            .and_then(|_| fs::write(folder.join("Dockerfile"), TRACER))
            .with_context(|| format!("cannot write in {}", folder.display()))?;
        let build = ["build", "-q", "-t", &name, &folder.to_string_lossy()];
        let built = self.built(&build)?;
        built.success("building the tracer's image")?;
        Ok(name)
    }

    /// The session's containers that have not ended.
    pub fn alive(&self) -> Result<Vec<Alive>> {
        let filter = format!("label={LABEL}={}", self.session);
        let (running, any) = (
            "{{.ID}} {{.Names}} {{.Image}}",
            "{{.ID}} {{.Names}} {{.Image}} {{.State}}",
        );
        let list: &[&str] = match self.engine.kind {
            Kind::Pocket => &["ps", "--format", running],
            Kind::Docker => &["ps", "--format", running, "--filter", &filter],
            // Its ps leaves out one that is being stopped, though its processes are there until they have ended.
            Kind::Podman => &["ps", "-a", "--format", any, "--filter", &filter],
        };
        let found = self.docker(list)?.success("listing containers")?;
        Ok(found.lines().filter_map(Alive::read).collect())
    }

    /// A program that works on the session's containers, as the session's commands do.
    pub fn tool(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.envs(self.environment());
        command
    }

    /// Removes every container and process of the session: of this run, or of an earlier one that was killed.
    /// Returns what the engine said where it failed.
    pub fn clean_up(&self) -> Option<String> {
        match self.engine.kind {
            // Its daemon does the work, and goes on with it.
            Kind::Docker => {}
            // Killed while it starts a container, podman forgets the processes that it has started already; asked,
            // it finishes that first. A client with a container in the foreground stays, and goes with it.
            Kind::Podman => ask(&self.session, "podman", PATIENCE),
            // Its clients and monitors bear the mark, too. One that is just starting a container must not go on
            // to write about it when we have removed it.
            Kind::Pocket => {
                sweep(&self.session);
            }
        }
        loop {
            let trouble = self.remove_containers().err();
            // Whoever was still there may have been about to make one more: look again.
            if !sweep(&self.session) || trouble.is_some() {
                let _ = fs::remove_dir_all(self.temporary());
                let _ = fs::create_dir_all(self.temporary());
                return trouble.map(|error| format!("{error:#}"));
            }
        }
    }

    fn remove_containers(&self) -> Result<()> {
        let filter = format!("label={LABEL}={}", self.session);
        if self.engine.kind == Kind::Podman {
            // A pod has a container of podman's own, which bears no label: it goes with its pod.
            let pods = self
                .docker_after_all(&["pod", "ps", "-q", "--filter", &filter])?
                .success("listing pods")?;
            let pods: Vec<&str> = pods.split_whitespace().collect();
            if !pods.is_empty() {
                let _ = self.docker_after_all(&[&["pod", "kill"], &pods[..]].concat())?;
                self.docker_after_all(&[&["pod", "rm", "-f", "-t", "0"], &pods[..]].concat())?
                    .success("removing pods")?;
            }
        }
        let list: &[&str] = match self.engine.kind {
            Kind::Pocket => &["ps", "-aq"],
            Kind::Docker | Kind::Podman => &["ps", "-aq", "--filter", &filter],
        };
        let found = self.docker_after_all(list)?.success("listing containers")?;
        let ids: Vec<&str> = found.split_whitespace().collect();
        if !ids.is_empty() {
            let rm: &[&str] = match self.engine.kind {
                Kind::Docker | Kind::Pocket => &["rm", "-f"],
                Kind::Podman => {
                    // podman's rm forgets a container that an interrupted stop left "stopping", and leaves its
                    // processes. kill does not. (It fails for what has ended, which is as good.)
                    let _ = self.docker_after_all(&[&["kill"], &ids[..]].concat())?;
                    // podman alone would wait a whole grace period for each.
                    &["rm", "-f", "-t", "0"]
                }
            };
            self.docker_after_all(&[rm, &ids[..]].concat())?
                .success("removing containers")?;
        }
        Ok(())
    }

    /// Removes the session's images and folder too.
    pub fn remove(&self) -> Result<()> {
        if let Some(trouble) = self.clean_up() {
            bail!("{trouble}");
        }
        let images = self
            .docker(&["images", "-q", &format!("lab{}", self.number)])?
            .success("listing images")?;
        // An image has a line for each of its names.
        let ids: BTreeSet<&str> = images.split_whitespace().collect();
        if !ids.is_empty() {
            let ids: Vec<&str> = ids.into_iter().collect();
            self.docker(&[&["rmi", "-f"], &ids[..]].concat())?
                .success("removing images")?;
        }
        Ok(())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.scratch.join("bin/docker"));
        command.args(arguments).envs(self.environment());
        command
    }

    fn docker(&self, arguments: &[&str]) -> Result<Output> {
        process::run(&mut self.command(arguments), DEADLINE)
    }

    /// Runs a build to its end, or to an interrupt.
    fn built(&self, build: &[&str]) -> Result<Output> {
        let built = match self.engine.kind {
            // Interrupted, podman leaves the container that it works in, mounted. It is not interrupted, then: we are
            // when it is done.
            Kind::Podman => undisturbed(|| self.docker_after_all(build))?,
            Kind::Docker => undisturbed(|| self.docker(build))?,
            Kind::Pocket => self.docker(build)?,
        };
        interrupt::check()?;
        Ok(built)
    }

    /// Like [`Self::docker`], but an interrupt does not stop it: this is what an interrupt asks for.
    fn docker_after_all(&self, arguments: &[&str]) -> Result<Output> {
        process::run_to_end(&mut self.command(arguments), DEADLINE)
    }
}

/// A container that has not ended.
pub struct Alive {
    /// Its id.
    pub id: String,
    /// Its name with its image, for people.
    pub title: String,
    /// Somebody stops it.
    pub stopping: bool,
}

impl Alive {
    /// From a line of `ps`: id, name, image, and, of all that are there, the state.
    fn read(line: &str) -> Option<Alive> {
        let mut words = line.split_whitespace();
        let (id, name, image) = (words.next()?, words.next()?, words.next()?);
        let state = words.next().unwrap_or("running").to_lowercase();
        // podman writes both out, docker neither.
        let image = image
            .trim_start_matches("localhost/")
            .trim_end_matches(":latest");
        // podman 4 says "Up 2 seconds ago".
        ["running", "up", "paused", "stopping"]
            .contains(&state.as_str())
            .then(|| Alive {
                id: id.to_owned(),
                title: format!("{name} ({image})"),
                stopping: state == "stopping",
            })
    }
}

/// What Docker's classic builder and podman's say when somebody removes an image just while they look whether they may use
/// that one again. They give up then, though nothing of the build is missing (getLocalCachedImage in image/cache/cache.go of
/// moby, intermediateImageExists in imagebuildah/stage_executor.go of buildah).
const DISTURBED: [&str; 3] = [
    "unable to find image \"sha256:",
    // When the new image is the same as the one that is removed, and is to have its name (image/store.go of moby).
    "failed to get digest sha256:",
    "getting top layer info: layer not known",
];

/// Builds again when that happened: each time there is one image less to stumble over.
fn undisturbed(build: impl Fn() -> Result<Output>) -> Result<Output> {
    let mut output = build()?;
    for _ in 0..20 {
        let disturbed = DISTURBED.iter().any(|said| output.stderr.contains(said));
        if output.status.success() || !disturbed {
            break;
        }
        output = build()?;
    }
    Ok(output)
}

/// An image's id as every engine prints it: podman's build leaves out what kind of sum it is.
fn plain(id: &str) -> &str {
    let id = id.trim();
    id.strip_prefix("sha256:").unwrap_or(id)
}

/// The lock of a lab on an engine: who holds it may have its sandbox.
pub fn lock_key(kind: Kind, lab: &Lab) -> String {
    format!("{}/lab {}", kind.name(), lab.slug)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_is_being_stopped_has_not_ended() {
        let read = |line: &str| Alive::read(line).map(|found| (found.title, found.stopping));
        assert_eq!(read("a b c"), Some(("b (c)".into(), false)));
        let image = "localhost/lab05:latest";
        let podman = |state: &str| read(&format!("a b {image} {state}"));
        let found = |stopping| Some(("b (lab05)".to_owned(), stopping));
        assert_eq!(podman("Up 2 seconds ago"), found(false));
        assert_eq!(podman("Stopping"), found(true));
        assert_eq!(podman("Exited (2) 2 seconds ago"), None);
        assert_eq!(podman("Created"), None);
    }
}
