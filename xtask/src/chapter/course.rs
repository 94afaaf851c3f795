//! The course: the labs that SUMMARY.md names, and nothing else.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::chapter::page::{self, Chapter};
use crate::chapter::reader;

/// One lab: a chapter and a folder under one slug.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lab {
    /// `03-shell-form`.
    pub slug: String,
    /// `03`: as it stands in names of images, `lab03`.
    pub number: String,
}

impl Lab {
    /// The lab of a slug like `03-shell-form`; `None` for anything else.
    pub fn from_slug(slug: &str) -> Option<Lab> {
        let (number, name) = slug.split_once('-')?;
        let digits = number.len() == 2 && number.bytes().all(|byte| byte.is_ascii_digit());
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let named = !name.is_empty() && !name.starts_with('-') && name.bytes().all(plain);
        (digits && named).then(|| Lab {
            slug: slug.to_owned(),
            number: number.to_owned(),
        })
    }

    /// The slug without its number.
    pub fn name(&self) -> &str {
        &self.slug[self.number.len() + 1..]
    }

    /// The package of the lab's programs.
    pub fn package(&self) -> String {
        format!("lab-{}", self.slug)
    }
}

/// A checkout of the book and its labs.
#[derive(Debug, Clone)]
pub struct Course {
    /// Its top folder.
    pub root: PathBuf,
    /// Its labs, in the order of SUMMARY.md.
    pub labs: Vec<Lab>,
}

impl Course {
    /// Reads SUMMARY.md of the course at `root`.
    pub fn open(root: &Path) -> Result<Course> {
        let summary = root.join("book/src/SUMMARY.md");
        let text = fs::read_to_string(&summary)
            .with_context(|| format!("cannot read {}", summary.display()))?;
        let link = |line: &str| {
            let (_, target) = line.split_once("](")?;
            Lab::from_slug(
                target
                    .split_once(')')?
                    .0
                    .trim_start_matches("./")
                    .strip_suffix(".md")?,
            )
        };
        Ok(Course {
            root: root.to_path_buf(),
            labs: text.lines().filter_map(link).collect(),
        })
    }

    /// The lab that the reader means by `3`, `03`, `shell-form` or `03-shell-form`.
    pub fn find(&self, wanted: &str) -> Result<Lab> {
        let number = wanted.parse::<u32>().ok();
        let fits = |lab: &&Lab| {
            lab.slug == wanted
                || lab.name() == wanted
                || (number.is_some() && lab.number.parse().ok() == number)
        };
        if let Some(lab) = self.labs.iter().find(fits) {
            return Ok(lab.clone());
        }
        let distance = |lab: &&Lab| {
            [lab.slug.as_str(), lab.name(), lab.number.as_str()]
                .into_iter()
                .map(|name| strsim::damerau_levenshtein(name, wanted))
                .min()
        };
        let Some(nearest) = self.labs.iter().min_by_key(distance) else {
            bail!("no lab `{wanted}`: book/src/SUMMARY.md names no lab at all");
        };
        let (number, name) = (nearest.number.trim_start_matches('0'), nearest.name());
        bail!(
            "no lab `{wanted}`; did you mean {number} ({name})? `cargo xtask lab` lists them all"
        );
    }

    /// The lab's folder: where its commands run.
    pub fn folder(&self, lab: &Lab) -> PathBuf {
        self.root.join("labs").join(&lab.slug)
    }

    /// The lab's chapter, read and parsed.
    pub fn chapter(&self, lab: &Lab) -> Result<Chapter> {
        let path = page::path_of(&lab.slug);
        reader::read(&self.root.join(&path), &path)
    }

    /// The runner's own folder: sessions, shims, the local base image. Below `target`, so nothing of it
    /// is ever outside the checkout.
    pub fn scratch(&self) -> PathBuf {
        self.root.join("target/xtask")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn course() -> Course {
        let labs = ["01-signals", "03-shell-form", "13-container-engine"];
        Course {
            root: PathBuf::new(),
            labs: labs
                .iter()
                .filter_map(|slug| Lab::from_slug(slug))
                .collect(),
        }
    }

    #[test]
    fn a_lab_is_found_by_every_name() {
        for name in ["3", "03", "shell-form", "03-shell-form"] {
            assert_eq!(course().find(name).unwrap().slug, "03-shell-form", "{name}");
        }
    }

    #[test]
    fn an_unknown_lab_suggests_the_nearest() {
        let error = course().find("shell-from").unwrap_err().to_string();
        assert!(error.contains("did you mean 3 (shell-form)?"), "{error}");
    }

    #[test]
    fn slugs_are_two_digits_and_a_name() {
        for slug in [
            "introduction",
            "3-x",
            "003-x",
            "03-",
            "03-X",
            "03--x",
            "appendix-signals",
            "../03-x",
        ] {
            assert_eq!(Lab::from_slug(slug), None, "{slug}");
        }
    }
}
