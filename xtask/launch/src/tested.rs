//! Where a test or a benchmark finds the programs that cargo has built for it.

use std::env;
use std::path::PathBuf;

/// The program `name` of the package whose test or benchmark this is. `env!("CARGO_BIN_EXE_NAME")` would name the file
/// that was there when the test was compiled: in a copied checkout, another checkout's.
pub fn program_under_test(name: &str) -> PathBuf {
    // Cargo says it since 1.94. Before that, tests are in a folder beside the programs.
    if let Some(told) = env::var_os(format!("CARGO_BIN_EXE_{name}")) {
        return told.into();
    }
    let own = env::current_exe().unwrap_or_default();
    let folder = own.ancestors().nth(2);
    folder.map_or_else(|| name.into(), |folder| folder.join(name))
}
