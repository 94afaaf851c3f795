//! What to change: options of `docker run`, or lines of the image's sources.

use std::path::PathBuf;

use serde::Serialize;

/// A change that may help.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Fix {
    /// In words.
    pub text: String,
    /// Options for `docker run`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// What to run instead, after the image.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
    /// A unified diff of the image's sources.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch: Option<String>,
    /// The files that the diff changes, whole.
    #[serde(skip)]
    pub edits: Vec<Edit>,
}

/// One changed file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Which, absolute, below the folder that was given.
    pub path: PathBuf,
    /// How the diff names it.
    pub name: String,
    /// What it says now.
    pub old: String,
    /// What it should say.
    pub new: String,
    /// Where a script stands in the image; the Dockerfile stands nowhere there.
    pub in_image: Option<String>,
}

impl Edit {
    /// A script, and where it stands in the image.
    #[must_use]
    pub fn at(mut self, in_image: &str) -> Edit {
        self.in_image = Some(in_image.to_owned());
        self
    }
}

impl Fix {
    /// Options for `docker run`.
    pub fn option(text: &str, options: &[&str]) -> Fix {
        Fix {
            text: text.into(),
            options: options.iter().map(ToString::to_string).collect(),
            ..Fix::default()
        }
    }

    /// Another command for the same image.
    pub fn command(text: &str, entrypoint: &str, arguments: Vec<String>) -> Fix {
        let options = vec!["--entrypoint".into(), entrypoint.into()];
        Fix {
            text: text.into(),
            options,
            arguments,
            ..Fix::default()
        }
    }

    /// A change of the sources.
    pub fn edit(text: &str, edit: Edit) -> Fix {
        let patch = similar::TextDiff::from_lines(&edit.old, &edit.new)
            .unified_diff()
            .context_radius(2)
            .header(&format!("a/{}", edit.name), &format!("b/{}", edit.name))
            .to_string();
        Fix {
            text: text.into(),
            patch: Some(patch),
            edits: vec![edit],
            ..Fix::default()
        }
    }
}
