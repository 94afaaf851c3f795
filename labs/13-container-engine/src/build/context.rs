//! The context of a build: the files that a Dockerfile may copy, as the daemon would have been sent them. What
//! `.dockerignore` names is not among them. Links in it lead within it; nothing outside is reached.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::build::ignore::{BadLine, Ignore};
use crate::build::pattern::Pattern;
use crate::error::{Context as _, Result, client};
use crate::store::files::{Folder, Kind, Owner, kind, permissions};

/// The context, listed.
#[derive(Debug)]
pub(crate) struct Context {
    top: Folder,
    /// By path within the context, in the order in which a walk meets them.
    entries: BTreeMap<PathBuf, Entry>,
}

#[derive(Debug)]
enum Entry {
    /// With its permissions.
    Folder(u32),
    Link(OsString),
    File,
}

/// What one word of COPY names.
#[derive(Debug)]
pub(crate) struct Source {
    /// The name that the copy gets in a folder: the one that was asked for, even if a link.
    pub(crate) name: OsString,
    /// Where in the context it is, links followed.
    path: PathBuf,
    pub(crate) is_folder: bool,
}

/// No such file, or a link that leads nowhere within the context.
pub(crate) struct NotFound(pub(crate) String);

impl Context {
    /// Lists the folder `path`.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let top = Folder::open(path).at("open", path)?;
        let name = OsStr::new(".dockerignore");
        let text = match top.look(name).at("read", path)? {
            None => String::new(),
            Some(_) => {
                let file = path.join(name);
                let text = top.read(name).and_then(io::read_to_string);
                text.at("read", &file)?
            }
        };
        let ignore = Ignore::parse(&text).map_err(|bad| match bad {
            BadLine::Pattern(line) => {
                client!("error checking context: .dockerignore: {line}: syntax error in pattern")
            }
            BadLine::Lone => {
                client!("error checking context: .dockerignore: illegal exclusion pattern: \"!\"")
            }
        })?;
        let mut entries = BTreeMap::new();
        list(&top, Path::new(""), &ignore, &mut entries).at("read", path)?;
        Ok(Self { top, entries })
    }

    /// What a word of COPY means: one path, or with a wildcard all that match.
    pub(crate) fn find(&self, word: &str) -> std::result::Result<Vec<Source>, NotFound> {
        let word = word.strip_prefix('/').unwrap_or(word);
        let word = word.strip_prefix("./").unwrap_or(word);
        if !has_wildcard(word) {
            return Ok(vec![
                self.source(Path::new(word))
                    .ok_or_else(|| NotFound(word.to_owned()))?,
            ]);
        }
        // Docker takes a bad pattern for one that matches nothing.
        let Ok(pattern) = Pattern::of_copy(word) else {
            return Ok(Vec::new());
        };
        let found = self
            .entries
            .keys()
            .filter(|path| pattern.matches(&path.to_string_lossy()));
        found
            .map(|path| {
                self.source(path)
                    .ok_or_else(|| NotFound(path.display().to_string()))
            })
            .collect()
    }

    fn source(&self, asked: &Path) -> Option<Source> {
        let path = self.resolve(asked)?;
        let is_folder = match self.entries.get(&path) {
            None if path.as_os_str().is_empty() => true,
            None | Some(Entry::Link(_)) => return None,
            Some(Entry::Folder(_)) => true,
            Some(Entry::File) => false,
        };
        let name = asked
            .file_name()
            .or(path.file_name())
            .unwrap_or_default()
            .to_owned();
        Some(Source {
            name,
            path,
            is_folder,
        })
    }

    /// Follows links; the top of the context is the root of all that is in it.
    fn resolve(&self, path: &Path) -> Option<PathBuf> {
        let mut done = PathBuf::new();
        let mut todo: Vec<OsString> = backwards(path);
        let mut links = 0;
        while let Some(step) = todo.pop() {
            if step == ".." {
                done.pop();
                continue;
            }
            let next = done.join(&step);
            if let Some(Entry::Link(target)) = self.entries.get(&next) {
                links += 1;
                if links > 40 {
                    return None;
                }
                if Path::new(target).is_absolute() {
                    done = PathBuf::new();
                }
                todo.extend(backwards(Path::new(target)));
            } else {
                done = next;
            }
        }
        Some(done)
    }

    /// Copies a file, under a name, into a folder.
    pub(crate) fn copy_file(
        &self,
        source: &Source,
        to: &Folder,
        name: &OsStr,
        owner: Owner,
    ) -> io::Result<()> {
        let from = self.enter(source.path.parent().unwrap_or(Path::new("")))?;
        let original = source.path.file_name().unwrap_or_default();
        from.copy(original, to, name, Some(owner)).map(drop)
    }

    /// Copies what is in a folder, links as links.
    pub(crate) fn copy_folder(&self, source: &Source, to: &Folder, owner: Owner) -> io::Result<()> {
        self.copy_below(&source.path, &self.enter(&source.path)?, to, owner)
    }

    fn copy_below(&self, path: &Path, from: &Folder, to: &Folder, owner: Owner) -> io::Result<()> {
        let after = self
            .entries
            .range::<Path, _>((std::ops::Bound::Excluded(path), std::ops::Bound::Unbounded));
        let inside = after.take_while(|(one, _)| one.starts_with(path));
        for (one, entry) in inside.filter(|(one, _)| one.parent() == Some(path)) {
            let name = one.file_name().unwrap_or_default();
            if let Some(made) = from.copy(name, to, name, Some(owner))?
                && let Entry::Folder(mode) = entry
            {
                self.copy_below(one, &from.enter(name)?, &made, owner)?;
                // After what is in it: its owner may not be allowed to add to it.
                made.permit(*mode)?;
            }
        }
        Ok(())
    }

    fn enter(&self, path: &Path) -> io::Result<Folder> {
        let mut folder = self.top.again()?;
        for name in path {
            folder = folder.enter(name)?;
        }
        Ok(folder)
    }
}

fn list(
    folder: &Folder,
    path: &Path,
    ignore: &Ignore,
    entries: &mut BTreeMap<PathBuf, Entry>,
) -> io::Result<()> {
    for name in folder.names()? {
        let Some(seen) = folder.look(&name)? else {
            // Gone since.
            continue;
        };
        let inside = path.join(&name);
        let text = inside.to_string_lossy();
        let out = ignore.leaves_out(&text);
        match kind(&seen) {
            Kind::Folder if out && !ignore.may_keep_in(&text) => {}
            Kind::Folder => {
                let before = entries.len();
                let mode = if out { 0o755 } else { permissions(&seen) };
                list(&folder.enter(&name)?, &inside, ignore, entries)?;
                // One that is left out comes along with what is kept in it.
                if !out || entries.len() > before {
                    entries.insert(inside, Entry::Folder(mode));
                }
            }
            _ if out => {}
            Kind::Link => {
                entries.insert(inside, Entry::Link(folder.link(&name)?));
            }
            // Nobody can send a socket.
            Kind::Other if is_socket(&seen) => {}
            Kind::File | Kind::Pipe | Kind::Other => {
                entries.insert(inside, Entry::File);
            }
        }
    }
    Ok(())
}

fn is_socket(seen: &nix::sys::stat::FileStat) -> bool {
    use nix::sys::stat::SFlag;
    SFlag::from_bits_truncate(seen.st_mode) & SFlag::S_IFMT == SFlag::S_IFSOCK
}

/// A backslash protects the sign after it, for this question; that it is then part of the name is Docker's way.
fn has_wildcard(word: &str) -> bool {
    let mut letters = word.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => {
                letters.next();
            }
            '*' | '?' | '[' => return true,
            _ => {}
        }
    }
    false
}

/// The names of a path and its `..`, the last one first.
fn backwards(path: &Path) -> Vec<OsString> {
    let parts = path.components().rev();
    parts
        .filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir))
        .map(|part| part.as_os_str().to_owned())
        .collect()
}
