//! `build`: carries out the steps of a Dockerfile and puts files where a container will see them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::build::dockerfile::{Plan, Step, Words};
use crate::error::{Context, Result, client};
use crate::store::disk::{Store, write_json};
use crate::store::files::{copy, in_files, make_folder, resolve, tidy};
use crate::store::image::{Config, Image, PATH, delete, set_env};

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
            copy(&below, &files, None).at("copy", &below)?;
        }
        for (number, (text, step)) in plan.steps.iter().enumerate() {
            progress(number + 1, text);
            apply(step, &mut config, &files, context)?;
        }
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

fn apply(step: &Step, config: &mut Config, files: &Path, context: &Path) -> Result<()> {
    let in_shell = |config: &Config, text: &str| {
        let shell = config
            .shell
            .clone()
            .unwrap_or_else(|| vec!["/bin/sh".into(), "-c".into()]);
        shell.into_iter().chain([text.to_owned()]).collect()
    };
    match step {
        Step::Env(pairs) => {
            for (name, value) in pairs {
                set_env(&mut config.env, name, value);
            }
        }
        Step::Label(pairs) => config.labels.extend(pairs.iter().cloned()),
        Step::Workdir(dir) => {
            let joined = Path::new("/").join(&config.workdir).join(dir);
            config.workdir = tidy(&joined).to_string_lossy().into_owned();
            make_folder(files, &joined)?;
        }
        Step::User(user) => config.user.clone_from(user),
        Step::Shell(words) => config.shell = Some(words.clone()),
        Step::Entrypoint(Words::Exec(words)) => {
            config.entrypoint = Some(words.clone()).filter(|words| !words.is_empty());
            config.cmd = None;
        }
        Step::Entrypoint(Words::Shell(text)) => {
            config.entrypoint = Some(in_shell(config, text));
            config.cmd = None;
        }
        Step::Cmd(Words::Exec(words)) => config.cmd = Some(words.clone()),
        Step::Cmd(Words::Shell(text)) => config.cmd = Some(in_shell(config, text)),
        Step::StopSignal(signal) => config.stop_signal = Some(signal.clone()),
        Step::Expose(ports) => config.exposed.extend(ports.iter().map(|port| {
            if port.contains('/') {
                port.clone()
            } else {
                format!("{port}/tcp")
            }
        })),
        Step::Copy { from, to, mode } => copy_step(from, to, *mode, config, files, context)?,
    }
    Ok(())
}

fn copy_step(
    from: &[String],
    to: &str,
    mode: Option<u32>,
    config: &Config,
    files: &Path,
    context: &Path,
) -> Result<()> {
    let mut sources = Vec::new();
    for source in from {
        let inside = tidy(&Path::new("/").join(source));
        let path = context.join(inside.strip_prefix("/").unwrap_or(&inside));
        if source.contains(['*', '?', '[']) {
            return Err(client!(
                "COPY failed: pocket does not support wildcards: {source}"
            ));
        }
        let data = fs::symlink_metadata(&path).map_err(|_| {
            client!(
                "COPY failed: file not found in build context or excluded by .dockerignore: stat {}: file does not exist",
                inside.strip_prefix("/").unwrap_or(&inside).display()
            )
        })?;
        sources.push((path, data.is_dir()));
    }
    if sources.len() > 1 && !to.ends_with('/') {
        return Err(client!(
            "When using COPY with more than one source file, the destination must be a directory and end with a /"
        ));
    }
    let target = Path::new("/").join(&config.workdir).join(to);
    let is_folder = to.ends_with('/') || to.ends_with("/.") || to == "." || {
        let place = resolve(files, &target);
        let seen =
            fs::symlink_metadata(in_files(files, &place)).or_else(|_| fs::symlink_metadata(&place));
        seen.is_ok_and(|data| data.is_dir())
    };
    for (source, source_is_folder) in sources {
        // The contents of a folder are copied, not the folder itself.
        let place = match source.file_name() {
            Some(name) if !source_is_folder && is_folder => target.join(name),
            _ => target.clone(),
        };
        let parent = if source_is_folder {
            Some(place.as_path())
        } else {
            place.parent()
        };
        let folder = make_folder(files, parent.unwrap_or(Path::new("/")))?;
        let place = match place.file_name() {
            Some(name) if !source_is_folder => folder.join(name),
            _ => folder,
        };
        copy(&source, &place, mode).at("copy", &source)?;
    }
    Ok(())
}
