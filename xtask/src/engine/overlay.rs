//! A wrong answer in place of the right one: a copy of the lab's folder, where the mutant's files and its program stand in
//! `solution/` and `bin/`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::system::copy::copy;

/// Lays `mutants/NAME` of the lab in `folder` over its solution, in the folder `to`. `program` is the mutant's own, to stand
/// where the image takes the solution's from, at `replaced`.
pub fn lay(folder: &Path, name: &str, program: Option<(&Path, &str)>, to: &Path) -> Result<()> {
    let context = || {
        format!(
            "cannot lay {} over the solution",
            folder.join("mutants").join(name).display()
        )
    };
    // Whatever an earlier run has left is another mutant's.
    let _ = fs::remove_dir_all(to);
    let others = ["mutants", "exercise", "src"].map(|name| folder.join(name));
    copy(folder, to, &|path| others.iter().any(|other| other == path)).with_context(context)?;
    let over = to.join("solution");
    copy(&folder.join("mutants").join(name), &over, &|_| false).with_context(context)?;
    if let Some((program, replaced)) = program {
        fs::create_dir_all(to.join("bin"))
            .and_then(|()| fs::copy(program, to.join("bin").join(replaced)))
            .with_context(context)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mutant_differs_from_the_solution_in_its_files_alone() {
        let lab = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = lab.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        for (path, text) in [
            ("bin/01-solution", "right"),
            ("bin/01-tool", "tool"),
            ("solution/Dockerfile", "FROM"),
            ("solution/run.sh", "right"),
            ("exercise/run.sh", "start"),
            ("mutants/zero/run.sh", "wrong"),
            ("mutants/one/run.sh", "one"),
            ("built", "wrong"),
        ] {
            write(path, text);
        }
        let program = lab.path().join("built");
        let to = tempfile::tempdir().unwrap();
        let to = to.path().join("over");
        lay(lab.path(), "one", None, &to).unwrap();
        let wrong = Some((program.as_path(), "01-solution"));
        lay(lab.path(), "zero", wrong, &to).unwrap();
        let text = |path: &str| fs::read_to_string(to.join(path)).ok();
        assert_eq!(text("bin/01-solution").as_deref(), Some("wrong"));
        assert_eq!(text("bin/01-tool").as_deref(), Some("tool"));
        assert_eq!(text("solution/Dockerfile").as_deref(), Some("FROM"));
        assert_eq!(text("solution/run.sh").as_deref(), Some("wrong"));
        assert_eq!(
            (text("exercise/run.sh"), text("mutants/one/run.sh")),
            (None, None)
        );
        assert!(lay(lab.path(), "no-such", None, &to).is_err());
    }
}
