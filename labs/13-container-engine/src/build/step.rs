//! What a Dockerfile asks for, as data.

use crate::build::copy::Copy;

/// One instruction with everything filled in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing that the image keeps: ARG, HEALTHCHECK NONE.
    Nothing,
    Copy(Copy),
    Env(Vec<(String, String)>),
    Label(Vec<(String, String)>),
    Workdir(String),
    User(String),
    Shell(Vec<String>),
    Entrypoint(Words),
    Cmd(Words),
    StopSignal(String),
    Expose(Vec<String>),
}

/// A command in one of its two forms.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Words {
    /// `["app", "-v"]`: the arguments as they are.
    Exec(Vec<String>),
    /// `app -v`: one text for a shell.
    Shell(String),
}

impl Words {
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Exec(words) => words.is_empty(),
            Self::Shell(text) => text.is_empty(),
        }
    }
}

/// A Dockerfile that was understood.
#[derive(Debug)]
pub(crate) struct Plan {
    /// What FROM names.
    pub(crate) base: String,
    /// All instructions, in order, each with its text as written. ARGs before FROM and FROM itself do nothing.
    pub(crate) steps: Vec<(String, Step)>,
    /// `--build-arg`s that no ARG asked for.
    pub(crate) unused: Vec<String>,
}
