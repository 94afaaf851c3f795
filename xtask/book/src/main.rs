//! The book without an installed mdbook: build it, check its links, serve it while it is written.
//!
//! A program of its own, in a workspace of its own: its crates take longer to build than the first lab.

mod changes;
mod links;
mod live;
mod publish;
mod serve;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, anyhow};
use clap::{Parser, Subcommand};
use mdbook_driver::MDBook;

/// Build or serve the book.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask book",
    bin_name = "cargo xtask book",
    disable_help_subcommand = true
)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Clone, Subcommand)]
enum Task {
    /// Build the book into book/book
    Build {
        /// Open it in the browser
        #[arg(long)]
        open: bool,
        /// Also write a site for a static host into this empty folder: canonical links, previews, a sitemap
        #[arg(long, value_name = "DIR")]
        publish: Option<PathBuf>,
        /// Where that site is going to stand [default: the GitHub Pages of this checkout's origin]
        #[arg(long, value_name = "URL", requires = "publish")]
        site: Option<String>,
    },
    /// Build it and check every link inside it
    Check,
    /// Serve it on the loopback interface with buttons that run its blocks; reload it when a page or a lab changes
    Serve {
        /// Open it in the browser
        #[arg(long)]
        open: bool,
        /// The port; 0 takes a free one
        #[arg(long, short, default_value_t = 3001)]
        port: u16,
    },
}

fn main() -> ExitCode {
    match run(Cli::parse().task) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            anstream::eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(task: Task) -> Result<bool> {
    // Cargo says it at run time: the checkout may have been moved or copied since this was compiled.
    let package = std::env::var_os("CARGO_MANIFEST_DIR")
        .context("only cargo can start this program: type `cargo xtask book`")?;
    let root = Path::new(&package).join("../../book").canonicalize()?;
    match task {
        Task::Build {
            open,
            publish,
            site,
        } => {
            let built = build(&root)?;
            if let Some(folder) = publish {
                let site = site
                    .or_else(|| publish::pages_of(&origin(&root)?))
                    .context("where is the site going to stand? Say it: --site https://...")?;
                // Said from where the reader stands, which is not where we were started.
                let here = std::env::var_os(HERE).map_or_else(PathBuf::new, PathBuf::from);
                let folder = here.join(folder);
                let pages = publish::publish(&built, &folder, &site)?;
                anstream::println!("{pages} pages for {site} in {}", folder.display());
            }
            anstream::println!("{}", built.join("index.html").display());
            if open {
                opener::open(built.join("index.html"))?;
            }
            Ok(true)
        }
        Task::Check => links::check(&build(&root)?),
        Task::Serve { open, port } => {
            let runner = std::env::var_os(RUNNER)
                .context("the runner has not said where it is: type `cargo xtask book serve`")?;
            serve::serve(&root, runner.into(), port, open).map(|()| true)
        }
    }
}

/// Where the reader stands.
const HERE: &str = "TRAPPING_SIGNALS_HERE";

/// Where the runner is that has started this program.
const RUNNER: &str = "TRAPPING_SIGNALS_XTASK";

/// Builds the book at `root`; returns the folder of its pages.
fn build(root: &Path) -> Result<PathBuf> {
    let load = || -> Result<PathBuf> {
        let mut book = MDBook::load(root)?;
        let ours = book.config.get::<String>("output.html.edit-url-template")?;
        if let (None, Some(template)) = (ours, edit_url(root)) {
            book.config.set("output.html.edit-url-template", template)?;
        }
        book.build()?;
        Ok(book.build_dir_for("html"))
    };
    load().map_err(|error| anyhow!("the book does not build: {error:#}"))
}

/// Where a reader edits a page, if this checkout came from a forge: `{path}` is mdBook's to fill in.
fn edit_url(root: &Path) -> Option<String> {
    edit_template(&origin(root)?)
}

/// What this checkout was cloned from.
fn origin(root: &Path) -> Option<String> {
    let mut git = Command::new("git");
    let output = git
        .args(["remote", "get-url", "origin"])
        .current_dir(root)
        .output()
        .ok()?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

/// `https://forge/owner/name.git` and `git@forge:owner/name.git` both have their pages at `https://forge/owner/name`.
fn edit_template(origin: &str) -> Option<String> {
    let place = match origin.strip_prefix("https://") {
        Some(place) => place.to_owned(),
        None => origin.strip_prefix("git@")?.replacen(':', "/", 1),
    };
    let place = place
        .rsplit('@')
        .next()?
        .trim_end_matches(".git")
        .to_owned();
    Some(format!("https://{place}/edit/main/book/{{path}}"))
}

#[cfg(test)]
mod tests {
    use super::edit_template;

    #[test]
    fn a_forge_has_edit_pages_and_a_folder_has_none() {
        let expected = Some("https://forge.example/me/book/edit/main/book/{path}".to_owned());
        assert_eq!(edit_template("https://forge.example/me/book.git"), expected);
        assert_eq!(
            edit_template("https://user:token@forge.example/me/book"),
            expected
        );
        assert_eq!(edit_template("git@forge.example:me/book.git"), expected);
        assert_eq!(edit_template("/some/folder"), None);
    }
}
