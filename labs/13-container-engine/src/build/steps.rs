//! `build`: carries out the steps of a Dockerfile and puts files where a container will see them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown, symlink};
use std::path::{Component, Path, PathBuf};

use nix::unistd::geteuid;

use crate::build::dockerfile::{Plan, Step, Words};
use crate::error::{Context, Result, client, daemon};
use crate::store::disk::{Store, write_json};
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

/// Where a path of the container lies in the image's own files.
fn in_files(files: &Path, path: &Path) -> PathBuf {
    files.join(path.strip_prefix("/").unwrap_or(path))
}

/// Makes a folder in the image's files; its parents get the permissions that they have below.
pub(crate) fn make_folder(files: &Path, path: &Path) -> Result<PathBuf> {
    let path = resolve(files, path);
    let mut inside = PathBuf::from("/");
    for part in path.components().skip(1) {
        inside.push(part);
        let place = in_files(files, &inside);
        let below = fs::symlink_metadata(&inside).is_ok_and(|data| !data.is_dir());
        if below && fs::symlink_metadata(&place).is_err() {
            return Err(daemon!(
                "Cannot mkdir: {} is not a directory",
                inside.display()
            ));
        }
        match fs::create_dir(&place) {
            Ok(()) => {
                let mode = fs::metadata(&inside).map_or(0o755, |data| data.mode() & 0o7777);
                fs::set_permissions(&place, Permissions::from_mode(mode)).at("create", &place)?;
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && place.is_dir() => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(daemon!(
                    "Cannot mkdir: {} is not a directory",
                    inside.display()
                ));
            }
            Err(error) => return Err(error).at("create", &place),
        }
    }
    Ok(in_files(files, &path))
}

/// Follows symbolic links of the parents as a container would see them: `/bin/app` is
/// `/usr/bin/app` where /bin is a link. A real folder `bin` in the image would hide the link, and
/// with it /bin/sh.
fn resolve(files: &Path, path: &Path) -> PathBuf {
    let mut done = PathBuf::from("/");
    let mut todo = names_backwards(&tidy(path));
    let mut links = 0;
    while let Some(part) = todo.pop() {
        let next = done.join(&part);
        let own = in_files(files, &next);
        let seen = if fs::symlink_metadata(&own).is_ok() {
            own
        } else {
            next.clone()
        };
        match fs::read_link(seen) {
            // The kernel gives up after 40 links in a row: path_resolution(7).
            Ok(target) if links < 40 => {
                links += 1;
                todo.extend(names_backwards(&tidy(&done.join(target))));
                done = PathBuf::from("/");
            }
            _ => done = next,
        }
    }
    done
}

/// The names of a path, the last one first.
fn names_backwards(path: &Path) -> Vec<OsString> {
    let names = path
        .components()
        .filter(|part| matches!(part, Component::Normal(_)));
    names
        .rev()
        .map(|name| name.as_os_str().to_owned())
        .collect()
}

/// An absolute path without `.` and `..`.
fn tidy(path: &Path) -> PathBuf {
    let mut out = PathBuf::from("/");
    for part in path.components() {
        match part {
            Component::ParentDir => {
                out.pop();
            }
            Component::Normal(name) => out.push(name),
            _ => {}
        }
    }
    out
}

/// Copies a file, a link, or a folder with what is in it. All belongs to the container's root.
pub(crate) fn copy(from: &Path, to: &Path, mode: Option<u32>) -> io::Result<()> {
    let data = fs::symlink_metadata(from)?;
    if data.is_dir() {
        match fs::create_dir(to) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => fs::set_permissions(
                to,
                Permissions::from_mode(mode.unwrap_or(data.mode() & 0o7777)),
            )?,
        }
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()), mode)?;
        }
        return Ok(());
    }
    if fs::symlink_metadata(to).is_ok() {
        fs::remove_file(to)?;
    }
    if data.is_symlink() {
        symlink(fs::read_link(from)?, to)?;
    } else if data.is_file() {
        // The library uses copy_file_range(2): the kernel copies, or shares the blocks.
        fs::copy(from, to)?;
        if let Some(mode) = mode {
            fs::set_permissions(to, Permissions::from_mode(mode))?;
        }
    } else {
        return Err(io::Error::other("not a file, a folder or a symbolic link"));
    }
    if geteuid().is_root() {
        lchown(to, Some(0), Some(0))?;
    }
    Ok(())
}
