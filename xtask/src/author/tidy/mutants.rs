//! The rules for wrong answers: enough of them, each on the list with a hint that is not `otherwise`, each program known to
//! cargo.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Tree, names};
use crate::chapter::course::Lab;
use crate::chapter::mutants::{self, LIST, Mutant};
use crate::chapter::page::Chapter;
use crate::engine::programs::mutant_program;

/// How many wrong answers an exercise has, at least.
const ENOUGH: usize = 5;

impl Tree<'_> {
    pub(super) fn mutants(&mut self, folder: &Path, chapter: &Chapter, lab: &Lab) {
        let list = folder.join(LIST);
        let mutants = match mutants::read(folder) {
            Ok(mutants) => mutants,
            Err(error) => return self.fault(&list, 1, format!("{error:#}"), "mend the list"),
        };
        if mutants.len() < ENOUGH {
            let what = format!("{} wrong answers, not {ENOUGH}", mutants.len());
            self.fault(&list, 1, what, "which mistakes do people make here?");
        }
        if !mutants.iter().any(|mutant| mutant.name == "hard-coded") {
            let remedy = "keep one that says what the chapter shows: mutants/hard-coded";
            self.fault(&list, 1, "no answer that is written down", remedy);
        }
        let known: BTreeSet<&str> = chapter.hints.iter().map(|hint| hint.key.as_str()).collect();
        let programs = launch::programs(folder).unwrap_or_default();
        for mutant in &mutants {
            self.mutant(folder, mutant, &known, &programs, lab);
        }
        let listed: BTreeSet<&str> = mutants.iter().map(|mutant| mutant.name.as_str()).collect();
        for name in names(&folder.join("mutants")).unwrap_or_default() {
            if name != "README.md" && !listed.contains(name.as_str()) {
                let path = folder.join("mutants").join(&name);
                let remedy = format!("add it to {LIST}, with the hint that it must get");
                self.fault(&path, 1, "a wrong answer that is not on the list", remedy);
            }
        }
    }

    fn mutant(
        &mut self,
        folder: &Path,
        mutant: &Mutant,
        known: &BTreeSet<&str>,
        programs: &[String],
        lab: &Lab,
    ) {
        let (list, own) = (folder.join(LIST), folder.join("mutants").join(&mutant.name));
        if !own.is_dir() {
            self.fault(
                &list,
                mutant.line,
                "a wrong answer that is not there",
                format!("write mutants/{}, or take it off the list", mutant.name),
            );
        }
        let hint = mutant.hint.as_str();
        if hint == "otherwise" || !known.contains(hint) {
            self.fault(
                &list,
                mutant.line,
                format!("the chapter has no hint `{hint}` for this answer"),
                "give the chapter one that fits it, under \"If it fails\"",
            );
        }
        let program = mutant_program(lab, &mutant.name);
        if own.join("main.rs").is_file() && !programs.contains(&program) {
            self.fault(
                &own.join("main.rs"),
                1,
                format!("nobody builds {program}"),
                "give it its [[bin]] in the lab's Cargo.toml",
            );
        }
    }
}
