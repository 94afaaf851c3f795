//! `build`: carries out the steps of a Dockerfile and puts files where a container will see them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::build::context::Context;
use crate::build::copy::copy;
use crate::build::ignore::clean;
use crate::build::step::{Plan, Step, Words};
use crate::error::{Context as _, Result};
use crate::store::disk::{Store, write_json};
use crate::store::files::Folder;
use crate::store::image::{Config, Image, PATH, delete, set_env};
use crate::store::view::make_folder;

/// Carries out a plan: makes the image `id` from what is in the folder `context`. `progress` hears
/// each step as it begins.
pub(crate) fn build(
    store: &Store,
    id: &str,
    plan: &Plan,
    context: &Path,
    labels: &BTreeMap<String, String>,
    mut progress: impl FnMut(usize, &str),
) -> Result<Image> {
    let context = Context::open(context)?;
    let folder = store.images().join(id);
    let files = folder.join("files");
    fs::create_dir_all(&files).at("create", &files)?;
    let made = (|| {
        let mut config = Config {
            env: vec![format!("PATH={PATH}")],
            ..Config::default()
        };
        if let Some(base) = Image::find(store, &plan.base).filter(|_| plan.base != "scratch") {
            config = base.config;
            let below = Image::files(store, &base.id);
            Folder::open(&below)
                .and_then(|below| below.copy_all(&Folder::open(&files)?))
                .at("copy", &below)?;
        }
        let mut made = Made {
            config,
            has_cmd: false,
            files: &files,
            context: &context,
        };
        for (number, (text, step)) in plan.steps.iter().enumerate() {
            progress(number + 1, text);
            made.apply(step)?;
        }
        let mut config = made.config;
        config.labels.extend(labels.clone());
        let image = Image {
            id: id.to_owned(),
            created: crate::time::now(),
            config,
        };
        write_json(&folder.join("image.json"), &image).at("write", &folder)?;
        Ok(image)
    })();
    if made.is_err() {
        delete(store, id)?;
    }
    made
}

/// The image so far.
struct Made<'a> {
    config: Config,
    /// A CMD of this Dockerfile; ENTRYPOINT resets only the one that came with the base image.
    has_cmd: bool,
    files: &'a Path,
    context: &'a Context,
}

impl Made<'_> {
    fn apply(&mut self, step: &Step) -> Result<()> {
        let config = &mut self.config;
        match step {
            Step::Nothing => {}
            Step::Env(pairs) => {
                for (name, value) in pairs {
                    set_env(&mut config.env, name, value);
                }
            }
            Step::Label(pairs) => config.labels.extend(pairs.iter().cloned()),
            Step::Workdir(folder) => {
                // An absolute path stays as it was written.
                config.workdir = if folder.starts_with('/') {
                    folder.clone()
                } else {
                    clean(&format!("/{}/{folder}", config.workdir))
                };
                make_folder(self.files, Path::new(&config.workdir))?;
            }
            Step::User(user) => config.user.clone_from(user),
            Step::Shell(words) => config.shell = Some(words.clone()),
            Step::Entrypoint(words) => {
                // `ENTRYPOINT []` takes the base image's away.
                config.entrypoint = Some(words)
                    .filter(|words| !words.is_empty())
                    .map(|words| in_shell(config, words));
                if !self.has_cmd {
                    config.cmd = None;
                }
            }
            Step::Cmd(words) => {
                config.cmd = Some(in_shell(config, words));
                // Docker does not count an empty one, and does not forget one before it.
                self.has_cmd |= !words.is_empty();
            }
            Step::StopSignal(signal) => config.stop_signal = Some(signal.clone()),
            Step::Expose(ports) => {
                config.exposed.extend(ports.iter().cloned());
                config.exposed.sort();
                config.exposed.dedup();
            }
            Step::Copy(step) => copy(step, &config.workdir, self.files, self.context)?,
        }
        Ok(())
    }
}

/// The command line: the shell form begins with the shell.
fn in_shell(config: &Config, words: &Words) -> Vec<String> {
    match words {
        Words::Exec(words) => words.clone(),
        Words::Shell(text) => {
            let shell = config.shell.clone();
            let mut line = shell.unwrap_or_else(|| vec!["/bin/sh".into(), "-c".into()]);
            line.extend((!text.is_empty()).then(|| text.clone()));
            line
        }
    }
}
