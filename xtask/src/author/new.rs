//! `cargo xtask new 14-slug`: folder, chapter and the line in SUMMARY.md.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::chapter::course::{Course, Lab};

const MANIFEST: &str = include_str!("templates/Cargo.toml");
const MAIN: &str = include_str!("templates/main.rs");
const CHAPTER: &str = include_str!("templates/chapter.md");
const DOCKERFILE: &str = include_str!("templates/Dockerfile");
const EXERCISE: &str = include_str!("templates/exercise");
const SOLUTION: &str = include_str!("templates/solution");

/// Writes a lab that runs and passes; nothing that exists is touched.
pub fn write_lab(course: &Course, slug: &str) -> Result<()> {
    let Some(lab) = Lab::from_slug(slug) else {
        bail!(
            "`{slug}` is no slug: two digits, a hyphen, a name of small letters, digits and hyphens, as in 14-cgroups"
        );
    };
    if let Some(other) = course.labs.iter().find(|other| other.number == lab.number) {
        bail!("number {} is taken by {}", lab.number, other.slug);
    }
    let folder = course.folder(&lab);
    let chapter = course.root.join(crate::chapter::page::path_of(slug));
    for path in [&folder, &chapter] {
        if path.exists() {
            bail!("{} exists already", path.display());
        }
    }
    let title = title(&lab);
    let fill = |text: &str| {
        text.replace("SLUG", slug)
            .replace("NN", &lab.number)
            .replace("TITLE", &title)
    };
    // The manifest last but for the summary: cargo accepts no folder without one, and no manifest without code.
    write(&folder.join("src/main.rs"), &fill(MAIN))?;
    write(&folder.join("Dockerfile"), &fill(DOCKERFILE))?;
    write(&folder.join("exercise/Dockerfile"), &fill(EXERCISE))?;
    write(&folder.join("solution/Dockerfile"), &fill(SOLUTION))?;
    write(&folder.join("Cargo.toml"), &fill(MANIFEST))?;
    write(&chapter, &fill(CHAPTER))?;
    let summary = course.root.join("book/src/SUMMARY.md");
    let text = fs::read_to_string(&summary)
        .with_context(|| format!("cannot read {}", summary.display()))?;
    write(&summary, &insert(&text, &lab, &title))
}

/// `14-process-groups` is "Process groups".
fn title(lab: &Lab) -> String {
    let words = lab.name().replace('-', " ");
    words[..1].to_uppercase() + &words[1..]
}

/// Puts the lab's line behind that of the last lab with a smaller number, or before the first lab.
fn insert(summary: &str, lab: &Lab, title: &str) -> String {
    let line = format!("- [{title}]({}.md)", lab.slug);
    let mut lines: Vec<&str> = summary.lines().collect();
    let number = |line: &str| {
        let slug = line.split_once("](")?.1.split_once(".md)")?.0.to_owned();
        Lab::from_slug(&slug).map(|lab| lab.number)
    };
    let before = lines
        .iter()
        .rposition(|line| number(line).is_some_and(|other| other < lab.number));
    let first = lines.iter().position(|line| number(line).is_some());
    let place = before.map(|index| index + 1).or(first);
    lines.insert(place.unwrap_or(lines.len()), &line);
    lines.join("\n") + "\n"
}

fn write(path: &Path, text: &str) -> Result<()> {
    let context = || format!("cannot write {}", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(context)?;
    }
    fs::write(path, text).with_context(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_goes_where_its_number_belongs() {
        let summary = "# S\n\n- [A](01-a.md)\n- [C](03-c.md)\n\n[End](end.md)\n";
        let lab = Lab::from_slug("02-b-b").unwrap();
        let after = insert(summary, &lab, &title(&lab));
        assert_eq!(
            after,
            "# S\n\n- [A](01-a.md)\n- [B b](02-b-b.md)\n- [C](03-c.md)\n\n[End](end.md)\n"
        );
        let zero = Lab::from_slug("00-zero").unwrap();
        let before = insert(summary, &zero, "Zero");
        assert!(
            before.starts_with("# S\n\n- [Zero](00-zero.md)\n- [A]"),
            "{before}"
        );
    }
}
