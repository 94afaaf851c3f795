//! The rules for pictures: each that a block draws is kept and shown, and none is kept that no block draws.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::Tree;
use crate::chapter::course::Lab;
use crate::chapter::page::Chapter;

impl Tree<'_> {
    /// A chapter's own pictures.
    pub(super) fn chapter_pictures(&mut self, chapter: &Chapter, lab: &Lab) {
        let path = self.root.join(&chapter.source.path);
        for block in &chapter.blocks {
            let Some(name) = &block.fence.picture else {
                continue;
            };
            let file = format!("{}-{name}.html", lab.number);
            if !self.root.join(KEPT).join(&file).is_file() {
                self.fault(
                    &path,
                    block.line,
                    format!("there is no picture {file}"),
                    "cargo xtask lab N --pictures DIR --bless draws it",
                );
            }
            if !chapter.source.text.contains(&include(&file)) {
                self.fault(
                    &path,
                    block.line,
                    format!("the picture {file} is not shown"),
                    format!("put {} where it helps", include(&file)),
                );
            }
            self.pictures.insert(file);
        }
    }

    /// Pictures that are nobody's.
    pub(super) fn stray_pictures(&mut self) {
        let folder = self.root.join(KEPT);
        let kept: BTreeSet<String> = fs::read_dir(&folder)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        for name in kept.difference(&self.pictures.clone()) {
            self.fault(
                &folder.join(name),
                1,
                "no block draws this picture",
                "remove it, or name it in a block: console,picture=NAME",
            );
        }
    }
}

/// Where they are kept, below the course's root.
const KEPT: &str = "book/src/pictures";

/// How a page shows one.
fn include(file: &str) -> String {
    let folder = Path::new("pictures");
    format!("{{{{#include {}}}}}", folder.join(file).display())
}
