//! The sources of an image: its Dockerfile, and the scripts beside it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::fix::Edit;

/// The folder that an image is built from.
#[derive(Debug, Clone)]
pub struct Sources {
    /// The build context.
    pub folder: PathBuf,
    /// The Dockerfile.
    pub dockerfile: PathBuf,
    text: String,
}

impl Sources {
    /// Reads a Dockerfile; the last stage is the image.
    pub fn read(folder: &Path, dockerfile: Option<&Path>) -> Result<Sources> {
        let folder = fs::canonicalize(folder)
            .with_context(|| format!("cannot find {}", folder.display()))?;
        let dockerfile = dockerfile.map_or_else(|| folder.join("Dockerfile"), Path::to_owned);
        let dockerfile = fs::canonicalize(&dockerfile)
            .with_context(|| format!("cannot find {}", dockerfile.display()))?;
        if !folder.is_dir() {
            bail!("{} is no folder", folder.display());
        }
        let text = fs::read_to_string(&dockerfile)
            .with_context(|| format!("cannot read {}", dockerfile.display()))?;
        Ok(Sources {
            folder,
            dockerfile,
            text,
        })
    }

    /// The Dockerfile with its last `name` instruction written anew.
    pub fn replaced(&self, name: &str, new: &str) -> Option<Edit> {
        let found = instructions(&self.text)
            .into_iter()
            .rfind(|found| found.name.eq_ignore_ascii_case(name))?;
        let mut text = self.text.clone();
        text.replace_range(found.begin..found.end, &format!("{new}\n"));
        Some(self.edit(&self.dockerfile, self.text.clone(), text))
    }

    /// The Dockerfile with an instruction more, before its last ENTRYPOINT or CMD, or in place of one of that name.
    pub fn with(&self, name: &str, new: &str) -> Edit {
        if let Some(edit) = self.replaced(name, new) {
            return edit;
        }
        let starts = |found: &Instruction| {
            ["ENTRYPOINT", "CMD"].contains(&found.name.to_ascii_uppercase().as_str())
        };
        let place = instructions(&self.text)
            .into_iter()
            .filter(starts)
            .map(|found| found.begin)
            .next_back();
        let mut text = self.text.clone();
        text.insert_str(place.unwrap_or(text.len()), &format!("{new}\n"));
        self.edit(&self.dockerfile, self.text.clone(), text)
    }

    /// What the last `name` instruction says.
    pub fn says(&self, name: &str) -> Option<&str> {
        let found = instructions(&self.text)
            .into_iter()
            .rfind(|found| found.name.eq_ignore_ascii_case(name))?;
        Some(self.text[found.begin + name.len()..found.end].trim())
    }

    /// A script of the folder, by the name that it has in the image; none if two are called so.
    pub fn script(&self, in_image: &str) -> Option<(PathBuf, String)> {
        let name = Path::new(in_image).file_name()?;
        let mut found = Vec::new();
        look(&self.folder, name, 4, &mut found);
        let path = if found.len() == 1 {
            found.pop()?
        } else {
            self.copied(in_image)?
        };
        Some((path.clone(), fs::read_to_string(path).ok()?))
    }

    /// The source of a `COPY SOURCE IN_IMAGE`.
    fn copied(&self, in_image: &str) -> Option<PathBuf> {
        let all = instructions(&self.text);
        let copies = all
            .iter()
            .filter(|found| ["COPY", "ADD"].contains(&found.name.to_ascii_uppercase().as_str()));
        let mut sources = copies.filter_map(|found| {
            let words: Vec<&str> = self.text[found.begin..found.end]
                .split_ascii_whitespace()
                .skip(1)
                .collect();
            let words: Vec<&&str> = words
                .iter()
                .filter(|word| !word.starts_with("--"))
                .collect();
            match words[..] {
                [source, to] if *to == in_image => fs::canonicalize(self.folder.join(source)).ok(),
                _ => None,
            }
        });
        sources
            .next_back()
            .filter(|path| path.starts_with(&self.folder))
    }

    /// A changed file of this folder.
    pub fn edit(&self, path: &Path, old: String, new: String) -> Edit {
        let name = path
            .strip_prefix(&self.folder)
            .unwrap_or(path)
            .display()
            .to_string();
        Edit {
            path: path.to_owned(),
            name,
            old,
            new,
            in_image: None,
        }
    }
}

/// Files called `name`, at most `depth` folders down. A link is not followed: it may lead out of the folder.
fn look(folder: &Path, name: &std::ffi::OsStr, depth: usize, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        if kind.is_dir() && depth > 0 && entry.file_name() != ".git" {
            look(&entry.path(), name, depth - 1, found);
        } else if kind.is_file() && entry.file_name() == name {
            found.push(entry.path());
        }
    }
}

/// An instruction: its name, and where it stands in the text, with its continuations and its newline.
struct Instruction {
    name: String,
    begin: usize,
    end: usize,
}

/// The instructions of a Dockerfile, as far as they are needed here.
fn instructions(text: &str) -> Vec<Instruction> {
    let (mut found, mut at, mut open) = (Vec::<Instruction>::new(), 0, false);
    for line in text.split_inclusive('\n') {
        let begin = at;
        at += line.len();
        let trimmed = line.trim();
        let comment = trimmed.is_empty() || trimmed.starts_with('#');
        match found.last_mut() {
            Some(last) if open => last.end = at,
            _ if comment => continue,
            _ => {
                let name = trimmed
                    .split_ascii_whitespace()
                    .next()
                    .unwrap_or_default()
                    .to_owned();
                found.push(Instruction {
                    name,
                    begin,
                    end: at,
                });
            }
        }
        open = trimmed.ends_with('\\') || open && comment;
    }
    found
}

/// A JSON list, as exec form wants it.
pub fn exec_form(words: &[String]) -> String {
    let words: Vec<String> = words
        .iter()
        .map(|word| serde_json::Value::from(word.as_str()).to_string())
        .collect();
    format!("[{}]", words.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(text: &str) -> Sources {
        Sources {
            folder: "/x".into(),
            dockerfile: "/x/Dockerfile".into(),
            text: text.into(),
        }
    }

    #[test]
    fn the_last_instruction_is_replaced_with_its_continuation() {
        let ill = sources("FROM x\nCMD a\n# note\ncmd b \\\n  # within\n  c\nLABEL d=e\n");
        assert_eq!(ill.says("CMD"), Some("b \\\n  # within\n  c"));
        let edit = ill.replaced("CMD", "CMD [\"b\"]").unwrap();
        assert_eq!(edit.new, "FROM x\nCMD a\n# note\nCMD [\"b\"]\nLABEL d=e\n");
        assert!(ill.replaced("ENTRYPOINT", "x").is_none());
    }

    #[test]
    fn an_instruction_is_added_before_the_command() {
        let ill = sources("FROM x\nENTRYPOINT [\"/app\"]\n");
        assert_eq!(
            ill.with("STOPSIGNAL", "STOPSIGNAL SIGINT").new,
            "FROM x\nSTOPSIGNAL SIGINT\nENTRYPOINT [\"/app\"]\n"
        );
        let other = sources("FROM x\nSTOPSIGNAL SIGQUIT\n");
        assert_eq!(
            other.with("STOPSIGNAL", "STOPSIGNAL SIGINT").new,
            "FROM x\nSTOPSIGNAL SIGINT\n"
        );
    }

    #[test]
    fn exec_form_is_json() {
        assert_eq!(
            exec_form(&["/a".into(), "b \"c\"".into()]),
            r#"["/a", "b \"c\""]"#
        );
    }
}
