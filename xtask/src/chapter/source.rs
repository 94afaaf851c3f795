//! A source text with its path, and faults that point into it the way rustc does.

use std::fmt;
use std::path::PathBuf;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

/// A text and where it came from.
#[derive(Debug, Default, Clone)]
pub struct Source {
    /// The path as the reader knows it: below the course's root.
    pub path: PathBuf,
    /// The text.
    pub text: String,
}

impl Source {
    /// A source from its parts.
    pub fn new(path: PathBuf, text: String) -> Source {
        Source { path, text }
    }

    /// The line, from 1, in which the byte at `offset` stands.
    pub fn line_of(&self, offset: usize) -> usize {
        1 + self.text[..offset].matches('\n').count()
    }

    /// The offset at which a line, counted from 1, begins.
    pub fn line_start(&self, line: usize) -> usize {
        self.text
            .split_inclusive('\n')
            .take(line - 1)
            .map(str::len)
            .sum()
    }

    /// The source with `label` under `line`, under a title, with advice below.
    pub fn point(&self, line: usize, title: &str, label: &str, help: Option<&str>) -> String {
        let start = self.line_start(line);
        let length = self.text[start..].lines().next().unwrap_or_default().len();
        let path = self.path.display().to_string();
        let annotation = AnnotationKind::Primary
            .span(start..start + length)
            .label(label);
        let mut group = Level::ERROR.primary_title(title).element(
            Snippet::source(&self.text)
                .path(path)
                .annotation(annotation),
        );
        if let Some(help) = help {
            group = group.element(Level::HELP.message(help));
        }
        Renderer::styled().render(&[group])
    }
}

/// One thing that is wrong in a source.
#[derive(Debug, Clone)]
pub struct Fault {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Fault {
    /// A fault at a line.
    pub fn new(line: usize, message: impl Into<String>) -> Fault {
        Fault {
            line,
            message: message.into(),
            help: None,
        }
    }

    /// The same with its remedy.
    pub fn help(mut self, help: impl Into<String>) -> Fault {
        self.help = Some(help.into());
        self
    }
}

/// All that is wrong in a source.
#[derive(Debug)]
pub struct Faults {
    /// The source.
    pub source: Source,
    /// At least one.
    pub faults: Vec<Fault>,
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            let path = self.source.path.display();
            let title = format!("{path}:{}: {}", fault.line, fault.message);
            f.write_str(
                &self
                    .source
                    .point(fault.line, &title, "here", fault.help.as_deref()),
            )?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}
