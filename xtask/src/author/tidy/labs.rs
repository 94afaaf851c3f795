//! The rules for a lab's folder: its manifest, its exercise, its Dockerfiles and scripts.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::Result;

use super::{Tree, walk};
use crate::chapter::course::Lab;

impl Tree<'_> {
    pub(super) fn folder(&mut self, folder: &Path, lab: &Lab) -> Result<()> {
        let manifest = folder.join("Cargo.toml");
        let Ok(text) = fs::read_to_string(&manifest) else {
            self.fault(
                &manifest,
                1,
                "a lab without its Cargo.toml",
                "cargo xtask new writes one",
            );
            return Ok(());
        };
        if !text.contains(&format!("name = \"{}\"", lab.package())) {
            self.fault(
                &manifest,
                1,
                "another package name than the folder's",
                "name it lab-NN-slug",
            );
        }
        if !text.contains("[lints]\nworkspace = true") {
            self.fault(
                &manifest,
                1,
                "the workspace's lints are not on",
                "add [lints] with workspace = true",
            );
        }
        for part in ["exercise", "solution"] {
            let dockerfile = folder.join(part).join("Dockerfile");
            if !dockerfile.is_file() {
                self.fault(
                    &dockerfile,
                    1,
                    format!("no {part}"),
                    "every lab has an exercise and its solution",
                );
            }
        }
        for path in walk(folder)? {
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default()
                .to_owned();
            let text = fs::read_to_string(&path).unwrap_or_default();
            if name.starts_with("Dockerfile") {
                self.dockerfile(&path, &text);
            }
            let executable = fs::metadata(&path)?.permissions().mode() & 0o111 != 0;
            if text.starts_with("#!") && !executable {
                self.fault(
                    &path,
                    1,
                    "a script that is not executable",
                    "chmod +x, and commit that",
                );
            }
        }
        Ok(())
    }

    fn dockerfile(&mut self, path: &Path, text: &str) {
        for (index, line) in text.lines().enumerate() {
            let upper = line.trim_start().to_ascii_uppercase();
            if upper.starts_with("RUN ") || upper.starts_with("ADD ") {
                self.fault(
                    path,
                    index + 1,
                    "RUN and ADD need a network or a builder",
                    "COPY what xtask has built",
                );
            }
            if upper.starts_with("FROM ")
                && !upper.contains("${BASE}")
                && !upper.contains("SCRATCH")
                && !upper.contains("FROM LAB")
            {
                self.fault(
                    path,
                    index + 1,
                    "a fixed base image",
                    "ARG BASE=debian:bookworm-slim, then FROM ${BASE}",
                );
            }
        }
    }
}
