//! The order of the rooms of each crate, and what is wrong with an import that does not keep it.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::imports::Import;

/// A crate whose folders are rooms.
pub(super) struct Crate {
    /// Its sources, below the course's root.
    pub(super) src: &'static str,
    /// What may call what: from the top down. The first are files, the others folders.
    pub(super) rooms: &'static [&'static str],
    /// Files below all rooms, which every room may call.
    pub(super) files: &'static [&'static str],
    /// Imports against the order that are still to be mended: file, and what it imports. The list only shrinks.
    pub(super) known: &'static [(&'static str, &'static str)],
}

/// The order of the rooms, stated here and nowhere else.
pub(super) const CRATES: [Crate; 3] = [
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
    Crate {
        src: "labs/14-stoppable/src",
        rooms: &[
            "main", "lib", "cli", "command", "report", "finding", "probe", "engine", "trace",
        ],
        files: &[],
        known: &[],
    },
];

/// Where the order stands.
pub(super) const HERE: &str = "xtask/src/author/tidy/order.rs";

/// A file of a crate: its room (or its own name, where it stands in no room), its name there, and its imports.
pub(super) struct File {
    pub(super) path: String,
    pub(super) place: Place,
    pub(super) imports: Vec<Import>,
}

/// A room and a file of it; `mod` is what stands in its `mod.rs`.
pub(super) type Place = (String, String);

/// What each room may call, as its `mod.rs` says.
pub(super) type Doors = BTreeMap<&'static str, BTreeSet<&'static str>>;

/// One file that uses another.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Arrow<'a> {
    pub(super) file: &'a str,
    pub(super) line: usize,
    pub(super) from: Place,
    pub(super) to: Place,
}

impl Crate {
    /// How far down a room is; all single files are at the bottom.
    pub(super) fn depth(&self, room: &str) -> usize {
        let place = self.rooms.iter().position(|name| *name == room);
        place.unwrap_or(self.rooms.len())
    }

    /// The rooms that a sentence of a `mod.rs` names, or what it names that is not below.
    pub(super) fn named(
        &self,
        room: &str,
        sentence: &str,
    ) -> Result<BTreeSet<&'static str>, String> {
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
    pub(super) fn arrows<'a>(&self, files: &'a [File]) -> BTreeSet<Arrow<'a>> {
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
    pub(super) fn is_placed(&self, name: &str) -> bool {
        self.rooms.contains(&name) || self.files.contains(&name)
    }

    /// What is wrong with an arrow, and the remedy.
    pub(super) fn fault(
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
    pub(super) fn circle(&self, arrow: &Arrow, arrows: &BTreeSet<Arrow>) -> Option<String> {
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
