//! The rules for rooms: the folders of a crate have an order, and a file uses only what lies below its own.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::Result;

use super::imports::imports;
use super::order::{Crate, Doors, File, HERE};
use super::{Tree, names, walk};

impl Tree<'_> {
    pub(super) fn rooms(&mut self, of: &Crate) -> Result<()> {
        let src = self.root.join(of.src);
        // A course may come without its runner, as those of the tests do.
        if !src.is_dir() {
            return Ok(());
        }
        let doors = self.doors(of, &src)?;
        let files = self.files(of, &src)?;
        let arrows = of.arrows(&files);
        let mut known: BTreeSet<_> = of.known.iter().copied().collect();
        for arrow in &arrows {
            let to = format!("{}::{}", arrow.to.0, arrow.to.1);
            match of.fault(arrow, &doors, &arrows) {
                Some(_) if of.known.contains(&(arrow.file, &to)) => {
                    known.retain(|listed| *listed != (arrow.file, &to));
                }
                Some((what, remedy)) => {
                    self.fault(&src.join(arrow.file), arrow.line, what, remedy);
                }
                None => {}
            }
        }
        for (file, to) in known {
            self.fault(
                &self.root.join(HERE),
                1,
                format!("{file} no longer imports {to} against the order"),
                "take it out of `known` there: that list only shrinks",
            );
        }
        Ok(())
    }

    /// Each room has a `mod.rs` that says what lives there and what it may call. Returns the latter.
    fn doors(&mut self, of: &Crate, src: &Path) -> Result<Doors> {
        let mut may_call = BTreeMap::new();
        for name in names(src)? {
            let known = of.rooms.contains(&name.as_str());
            if src.join(&name).is_dir() && !known && name != "bin" {
                self.fault(
                    &src.join(&name),
                    1,
                    "a folder that is no room",
                    format!("give it its place in {HERE}"),
                );
            }
        }
        for &room in of
            .rooms
            .iter()
            .filter(|room| !src.join(format!("{room}.rs")).is_file())
        {
            let path = src.join(room).join("mod.rs");
            let Ok(text) = fs::read_to_string(&path) else {
                self.fault(
                    &path,
                    1,
                    "a room without its mod.rs",
                    format!("write one, or take the room out of {HERE}"),
                );
                continue;
            };
            let doc: Vec<&str> = text
                .lines()
                .map_while(|line| line.strip_prefix("//!"))
                .collect();
            let doc = doc.join("\n");
            let Some((before, sentence)) = doc.split_once(" It may call: ") else {
                self.fault(
                    &path,
                    1,
                    "a room that does not say what it may call",
                    "end its //! with a line `It may call: ...`",
                );
                continue;
            };
            if before.trim().is_empty() {
                self.fault(
                    &path,
                    1,
                    "a room that does not say what lives there",
                    "say so in its first line",
                );
            }
            match of.named(room, sentence) {
                Ok(rooms) => drop(may_call.insert(room, rooms)),
                Err(name) => self.fault(
                    &path,
                    1 + before.matches('\n').count(),
                    format!("`{name}` is not below `{room}`"),
                    format!("the order stands in {HERE}; say `name` and below, every room below, the single files, no other room"),
                ),
            }
        }
        Ok(may_call)
    }

    /// The crate's files with their imports; one that stands in no room is a fault, if it is not in the list.
    fn files(&mut self, of: &Crate, src: &Path) -> Result<Vec<File>> {
        let mut files = Vec::new();
        for path in walk(src)? {
            let below = path.strip_prefix(src).unwrap_or(&path);
            let text = below.to_string_lossy().into_owned();
            let Some(module) = text
                .strip_suffix(".rs")
                .filter(|_| !text.starts_with("bin/"))
            else {
                continue;
            };
            let mut module: Vec<&str> = module.split('/').collect();
            if module.len() == 1 && !of.rooms.contains(&module[0]) && !of.files.contains(&module[0])
            {
                self.fault(
                    &path,
                    1,
                    "a file outside the rooms",
                    format!("move it into its room, or name it in {HERE}"),
                );
            }
            let room = module[0].to_owned();
            let name = module.get(1).map_or("mod", |name| *name).to_owned();
            module.pop_if(|last| *last == "mod" || *last == "main");
            let imports = imports(&fs::read_to_string(&path)?, &module);
            files.push(File {
                path: text.clone(),
                place: (room, name),
                imports,
            });
        }
        Ok(files)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::author::tidy::order::CRATES;

    const HOUSE: Crate = Crate {
        src: "src",
        rooms: &["main", "attic", "hall", "cellar"],
        files: &["error", "time"],
        known: &[
            ("hall/table.rs", "attic::chest"),
            ("hall/chair.rs", "attic::chest"),
        ],
    };

    /// The faults of a crate of these files.
    fn faults(files: &[(&str, &str)]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join("src").join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let mut tree = Tree::new(folder.path());
        tree.rooms(&HOUSE).unwrap();
        tree.faults.iter().map(ToString::to_string).collect()
    }

    /// A house without a fault, but for what is put in place of one of its files, or added.
    fn house_with(path: &str, text: &str) -> Vec<String> {
        let mut files = vec![
            (
                "main.rs",
                "use crate::attic::chest;\nuse crate::error::E;\n",
            ),
            (
                "attic/mod.rs",
                "//! Boxes.\n//! It may call: every room below.\n",
            ),
            (
                "attic/chest.rs",
                "use crate::hall::table::T;\nuse crate::cellar::X;\n",
            ),
            (
                "hall/mod.rs",
                "//! Tables.\n//! Chairs.\n//! It may call: the single files.\n",
            ),
            (
                "hall/table.rs",
                "use crate::attic::chest::B;\nuse super::chair::C;\n",
            ),
            (
                "hall/chair.rs",
                "use crate::time::now;\nuse crate::attic::chest::B;\n",
            ),
            (
                "cellar/mod.rs",
                "//! Wine.\n//! It may call: no other room.\n",
            ),
            ("error.rs", "use crate::time::T;\n"),
            ("time.rs", ""),
            ("bin/other.rs", "use crate::x;\n"),
        ];
        files.retain(|(name, _)| *name != path);
        if text != "gone" {
            files.push((path, text));
        }
        faults(&files)
    }

    #[test]
    fn a_house_in_order_has_no_fault() {
        assert_eq!(house_with("hall/lamp.rs", ""), Vec::<String>::new());
    }

    /// The negative controls: one fault of each kind.
    #[test]
    fn each_rule_can_be_broken() {
        for (path, text, fault) in [
            (
                "cellar/rat.rs",
                "\n\nfn f() { crate::hall::table::f() }",
                "src/cellar/rat.rs:3: an import that runs up, from cellar to hall\n    move",
            ),
            (
                "cellar/rat.rs",
                "use crate::VERSION;",
                "src/cellar/rat.rs:1: an import that runs up, from cellar to main\n    move",
            ),
            (
                "time.rs",
                "use crate::cellar::X;",
                "src/time.rs:1: an import that runs up, from time to cellar\n    move",
            ),
            (
                "hall/lamp.rs",
                "use crate::cellar::X;",
                "src/hall/lamp.rs:1: hall may not call cellar\n    do without",
            ),
            (
                "hall/chair.rs",
                "use crate::attic::chest::B;\nuse super::table;",
                "src/hall/chair.rs:2: a circle: chair -> table -> chair\n    move",
            ),
            (
                "time.rs",
                "use crate::error::E;",
                "src/time.rs:1: a circle: time -> error -> time\n    move",
            ),
            (
                "hall/table.rs",
                "",
                "order.rs:1: hall/table.rs no longer imports attic::chest against the order\n    take",
            ),
            (
                "hall/mod.rs",
                "gone",
                "src/hall/mod.rs:1: a room without its mod.rs\n    write",
            ),
            (
                "hall/mod.rs",
                "//! Tables.\n",
                "src/hall/mod.rs:1: a room that does not say what it may call\n    end",
            ),
            (
                "hall/mod.rs",
                "//! It may call: the single files.\n",
                "src/hall/mod.rs:1: a room that does not say what lives there\n    say",
            ),
            (
                "hall/mod.rs",
                "//! Tables.\n//! It may call: `attic`.\n",
                "src/hall/mod.rs:2: `attic` is not below `hall`\n    the order",
            ),
            (
                "hall/mod.rs",
                "//! Tables.\n//! It may call: all.\n",
                "src/hall/mod.rs:2: `all` is not below `hall`\n    the order",
            ),
            (
                "lamp.rs",
                "",
                "src/lamp.rs:1: a file outside the rooms\n    move",
            ),
            (
                "shed/mod.rs",
                "//! X\n//! It may call: no other room.",
                "src/shed:1: a folder that is no room\n    give",
            ),
        ] {
            let faults = house_with(path, text).join("\n");
            assert!(faults.contains(fault), "wanted {fault}\ngot {faults}");
        }
    }

    #[test]
    fn every_crate_of_the_list_is_there() {
        let root = crate::system::checkout::root().unwrap();
        assert!(CRATES.iter().all(|of| root.join(of.src).is_dir()));
    }
}
