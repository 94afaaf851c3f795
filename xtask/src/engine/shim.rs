//! `docker` on a session's PATH: a program that hands over to the chosen engine.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result};

use crate::engine::choice::{Engine, Kind};

/// The label that every container of a session bears.
pub const LABEL: &str = "trapping-signals.session";

/// `docker` on the session's PATH. pocket keeps each lab's containers apart by its own state folder, so
/// its shim is the engine itself; the other two get a label to clean up by and a base image to build on.
pub fn write(shim: &Path, engine: &Engine, base: &str, session: &str) -> Result<()> {
    let write = || -> std::io::Result<()> {
        let _ = fs::remove_file(shim);
        if engine.kind == Kind::Pocket {
            return std::os::unix::fs::symlink(&engine.program, shim);
        }
        let program = shell_quote(&engine.program.to_string_lossy());
        let program = match engine.kind {
            // Its warnings ("StopSignal SIGTERM failed to stop container") would be one engine's alone.
            Kind::Podman => format!("{program} --log-level=error"),
            _ => program,
        };
        let script = format!(
            "#!/bin/sh\n\
             # Hands over to the chosen engine. Adds what a reader need not type: a label to clean up by, and the\n\
             # base image made from this machine's shells, as none can be pulled without a registry.\n\
             case $1 in\n\
             run|create) verb=$1; shift; exec {program} \"$verb\" --label {LABEL}={session} \"$@\" ;;\n\
             build) shift; exec {program} build --build-arg BASE={base} \"$@\" ;;\n\
             esac\n\
             exec {program} \"$@\"\n"
        );
        fs::write(shim, script)?;
        fs::set_permissions(shim, fs::Permissions::from_mode(0o755))
    };
    write().with_context(|| format!("cannot write {}", shim.display()))
}

/// `text` as one word of a shell.
pub fn shell_quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
