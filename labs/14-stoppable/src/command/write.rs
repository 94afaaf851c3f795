//! `--write`: applies the fixes that were proved, when asked, and only below the folder that was given.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::finding::about::Finding;
use crate::finding::dockerfile::Sources;

/// Writes each proved edit, and returns the names of the changed files.
pub fn all(findings: &[Finding], sources: &Sources) -> Result<Vec<String>> {
    let mut written = Vec::<String>::new();
    let proved = findings.iter().filter(|finding| finding.proof.is_some());
    for edit in proved
        .filter_map(|finding| finding.fix.as_ref())
        .flat_map(|fix| &fix.edits)
    {
        let path = fs::canonicalize(&edit.path)
            .with_context(|| format!("cannot find {}", edit.path.display()))?;
        if !path.starts_with(&sources.folder) && path != sources.dockerfile {
            bail!(
                "{} is outside of {}: not changed",
                path.display(),
                sources.folder.display()
            );
        }
        let now =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        if now == edit.new {
            continue;
        }
        if now != edit.old {
            bail!("{} has changed meanwhile: not overwritten", path.display());
        }
        // The whole file or nothing: a full disk must not leave half of it.
        let beside = path.with_extension("stoppable-new");
        let replaced = fs::write(&beside, &edit.new)
            .and_then(|()| fs::set_permissions(&beside, fs::metadata(&path)?.permissions()))
            .and_then(|()| fs::rename(&beside, &path));
        if let Err(error) = replaced {
            let _ = fs::remove_file(&beside);
            return Err(error).with_context(|| format!("cannot write {}", path.display()));
        }
        written.push(edit.name.clone());
    }
    Ok(written)
}
