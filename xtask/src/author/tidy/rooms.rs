//! The rules for rooms: the folders of a crate have an order, and a file uses only what lies below its own.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::Result;

use super::imports::{Import, imports};
use super::{Tree, names, walk};

/// A crate whose folders are rooms.
pub(super) struct Crate {
    /// Its sources, below the course's root.
    src: &'static str,
    /// What may call what: from the top down. The first are files, the others folders.
    rooms: &'static [&'static str],
    /// Files below all rooms, which every room may call.
    files: &'static [&'static str],
    /// Imports against the order that are still to be mended: file, and what it imports. The list only shrinks.
    known: &'static [(&'static str, &'static str)],
}

/// The order of the rooms, stated here and nowhere else.
pub(super) const CRATES: [Crate; 2] = [
    Crate {
        src: "xtask/src",
        rooms: &[
            "main", "cli", "commands", "author", "run", "engine", "report", "chapter", "system",
        ],
        files: &[],
        known: &[],
    },
    Crate {
        src: "labs/13-container-engine/src",
        rooms: &[
            "main", "commands", "client", "monitor", "pid1", "build", "store", "cli",
        ],
        files: &["error", "output", "pidfd", "signal", "time"],
        known: &[],
    },
];

const HERE: &str = "xtask/src/author/tidy/rooms.rs";

/// A file of a crate: its room (or its own name, where it stands in no room), its name there, and its imports.
struct File {
    path: String,
    place: Place,
    imports: Vec<Import>,
}

/// A room and a file of it; `mod` is what stands in its `mod.rs`.
type Place = (String, String);

/// What each room may call, as its `mod.rs` says.
type Doors = BTreeMap<&'static str, BTreeSet<&'static str>>;

/// One file that uses another.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Arrow<'a> {
    file: &'a str,
    line: usize,
    from: Place,
    to: Place,
}

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

impl Crate {
    /// How far down a room is; all single files are at the bottom.
    fn depth(&self, room: &str) -> usize {
        let place = self.rooms.iter().position(|name| *name == room);
        place.unwrap_or(self.rooms.len())
    }

    /// The rooms that a sentence of a `mod.rs` names, or what it names that is not below.
    fn named(&self, room: &str, sentence: &str) -> Result<BTreeSet<&'static str>, String> {
        let sentence = sentence.split('.').next().unwrap_or_default();
        let mut named = BTreeSet::new();
        let below = |room: &str| {
            self.rooms
                .iter()
                .skip(self.depth(room) + 1)
                .chain(self.files)
        };
        if sentence.contains("every room below") {
            named.extend(below(room));
        }
        if sentence.contains("the single files") {
            named.extend(self.files);
        }
        for name in sentence.split('`').skip(1).step_by(2) {
            let found = below(room).find(|below| **below == name);
            named.insert(*found.ok_or(name)?);
            if sentence.contains("and below") {
                named.extend(below(name));
            }
        }
        match named.is_empty() && !sentence.contains("no other room") {
            true => Err(sentence.to_owned()),
            false => Ok(named),
        }
    }

    /// Who uses whom. What is no room and no single file stands in `main.rs`.
    fn arrows<'a>(&self, files: &'a [File]) -> BTreeSet<Arrow<'a>> {
        let place = |import: &Import| {
            let part = |at: usize| import.path.get(at).map_or("mod", String::as_str);
            let room = Some(part(0)).filter(|name| self.is_placed(name));
            let place = (room.unwrap_or("main").to_owned(), part(1).to_owned());
            match files.iter().any(|file| file.place == place) {
                true => place,
                false => (place.0, "mod".to_owned()),
            }
        };
        let arrow = |file: &'a File, import: &Import| Arrow {
            file: &file.path,
            line: import.line,
            from: file.place.clone(),
            to: place(import),
        };
        files
            .iter()
            .flat_map(|file| file.imports.iter().map(move |import| arrow(file, import)))
            .filter(|arrow| arrow.from != arrow.to)
            .collect()
    }

    /// Whether the order names a folder or file.
    fn is_placed(&self, name: &str) -> bool {
        self.rooms.contains(&name) || self.files.contains(&name)
    }

    /// What is wrong with an arrow, and the remedy.
    fn fault(
        &self,
        arrow: &Arrow,
        doors: &Doors,
        arrows: &BTreeSet<Arrow>,
    ) -> Option<(String, String)> {
        let (from, to) = (&arrow.from.0, &arrow.to.0);
        match self.depth(from).cmp(&self.depth(to)) {
            Ordering::Greater => Some((
                format!("an import that runs up, from {from} to {to}"),
                format!("move what both need into {from} or below; the order stands in {HERE}"),
            )),
            Ordering::Less => (doors.get(from.as_str()))
                .is_some_and(|may_call| !may_call.contains(to.as_str()))
                .then(|| {
                    (
                        format!("{from} may not call {to}"),
                        format!("do without, or say so in {from}/mod.rs"),
                    )
                }),
            Ordering::Equal => self.circle(arrow, arrows).map(|circle| {
                (
                    format!("a circle: {circle}"),
                    "move what both need into a file of its own".to_owned(),
                )
            }),
        }
    }

    /// The way back from where an arrow leads, through files of the same depth.
    fn circle(&self, arrow: &Arrow, arrows: &BTreeSet<Arrow>) -> Option<String> {
        let mut ways = vec![vec![&arrow.from, &arrow.to]];
        let mut seen = BTreeSet::new();
        while let Some(way) = ways.pop() {
            let end = *way.last()?;
            if *end == arrow.from {
                let names = way.iter().map(|(room, name)| match name.as_str() {
                    "mod" => room.as_str(),
                    name => name,
                });
                return Some(names.collect::<Vec<_>>().join(" -> "));
            }
            let on = arrows.iter().filter(|next| next.from == *end);
            for next in on.filter(|next| self.depth(&next.to.0) == self.depth(&arrow.from.0)) {
                if seen.insert(&next.to) {
                    ways.push([way.as_slice(), &[&next.to]].concat());
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
                "rooms.rs:1: hall/table.rs no longer imports attic::chest against the order\n    take",
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
