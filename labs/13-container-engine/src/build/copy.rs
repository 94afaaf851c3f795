//! COPY: from the context into an image's files, as the classic builder does it
//! (`performCopyForInfo` in moby's builder/dockerfile/copy.go).

use std::path::{Path, PathBuf};

use nix::unistd::geteuid;

use crate::build::context::{Context, NotFound, Source};
use crate::error::{Context as _, Result, client, daemon, plain};
use crate::store::files::{Folder, Owner};
use crate::store::view::{Found, View};

/// What a COPY says, all variables filled in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Copy {
    pub(crate) from: Vec<String>,
    pub(crate) to: String,
    /// `--chown`.
    pub(crate) owner: Option<String>,
}

/// Carries out a COPY. `files` is the folder of the image's own files, `workdir` what a relative path starts at.
pub(crate) fn copy(step: &Copy, workdir: &str, files: &Path, context: &Context) -> Result<()> {
    let mut sources = Vec::new();
    for word in &step.from {
        sources.extend(context.find(word).map_err(|NotFound(path)| {
            client!(
                "COPY failed: file not found in build context or excluded by .dockerignore: stat {path}: file does not exist"
            )
        })?);
    }
    if sources.is_empty() {
        return Err(client!("COPY failed: no source files were specified"));
    }
    if sources.len() > 1 && !step.to.ends_with('/') {
        return Err(client!(
            "When using COPY with more than one source file, the destination must be a directory and end with a /"
        ));
    }
    let view = View::open(files).at("open", files)?;
    let owner = match &step.owner {
        Some(text) => find_owner(text, &view)?,
        None => Owner { uid: 0, gid: 0 },
    };
    let to = Path::new("/").join(workdir).join(&step.to);
    for source in &sources {
        put(source, &to, owner, &view, context)
            .map_err(|error| daemon!("failed to copy files to {}: {}", step.to, plain(error)))?;
    }
    Ok(())
}

fn put(
    source: &Source,
    to: &Path,
    owner: Owner,
    view: &View,
    context: &Context,
) -> std::io::Result<()> {
    let place = view.resolve(to)?;
    if source.is_folder {
        // The contents of a folder are copied, not the folder itself.
        return context.copy_folder(source, &view.make_folder(&place, owner)?, owner);
    }
    let ends_in_slash = to.as_os_str().as_encoded_bytes().ends_with(b"/");
    let (folder, name): (Folder, PathBuf) = match view.find(&place)? {
        Found::Folder(_) => (view.make_folder(&place, owner)?, (&source.name).into()),
        _ if ends_in_slash => (view.make_folder(&place, owner)?, (&source.name).into()),
        _ => {
            let parent = place.parent().unwrap_or(Path::new("/"));
            let name = place.file_name().unwrap_or_default();
            (view.make_folder(parent, owner)?, name.into())
        }
    };
    context.copy_file(source, &folder, name.as_os_str(), owner)
}

/// `user`, `user:group`, by name or number. Without a group, the group has the user's name or number.
fn find_owner(text: &str, view: &View) -> Result<Owner> {
    let words: Vec<_> = text.split(':').collect();
    let (user, group) = match words[..] {
        [user] => (user, user),
        [user, group] => (user, group),
        _ => return Err(daemon!("invalid chown string format: {text}")),
    };
    let missing = |kind: &str, name: &str| {
        daemon!("unable to convert uid/gid chown string to host mapping: no such {kind}: {name}")
    };
    let uid = id(user, "/etc/passwd", view).ok_or_else(|| missing("user", user))?;
    let gid = id(group, "/etc/group", view).ok_or_else(|| missing("group", group))?;
    if !geteuid().is_root() && (uid, gid) != (0, 0) {
        return Err(daemon!(
            "COPY --chown={text}: pocket does not have that for an ordinary user, who cannot give files away: build as root"
        ));
    }
    Ok(Owner { uid, gid })
}

/// A number as it is, a name by the table of the image or the machine: passwd(5), group(5).
fn id(word: &str, table: &str, view: &View) -> Option<u32> {
    if let Ok(number) = word.parse() {
        return Some(number);
    }
    let table = view.read(Path::new(table)).ok()?;
    let mut entries = table.lines().map(|line| line.split(':'));
    entries.find_map(|mut fields| {
        (fields.next() == Some(word)).then(|| fields.nth(1)?.parse().ok())?
    })
}
