//! No path that was true at compile time: a checkout may be moved or copied with its target folder, and cargo compiles
//! nothing anew.

use std::path::Path;

use super::Tree;

impl Tree<'_> {
    /// `env!`, `option_env!` and `file!` in a Rust file, but for the package's own name and version.
    pub(super) fn compiled_paths(&mut self, path: &Path, text: &str) {
        for (line, what) in uses(text) {
            self.fault(
                path,
                line,
                format!("{what} is what was true when this was compiled"),
                "ask when it runs: std::env::var_os, launch::program_under_test or system::checkout::root",
            );
        }
    }
}

/// The lines with such a macro, and the macro. What follows the name may stand on the next line.
fn uses(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for macro_name in ["env", "file"] {
        let call = format!("{macro_name}!");
        for (start, _) in text.match_indices(&call) {
            let line_start = text[..start].rfind('\n').map_or(0, |end| end + 1);
            if text[line_start..start].contains("//") {
                continue;
            }
            let rest = text[start + call.len()..].trim_start();
            let Some(arguments) = rest.strip_prefix(['(', '[', '{']).map(str::trim_start) else {
                continue;
            };
            if macro_name == "env" && arguments.starts_with("\"CARGO_PKG_") {
                continue;
            }
            let argument = arguments
                .split([')', ']', '}', ','])
                .next()
                .unwrap_or_default();
            let line = text[..start].matches('\n').count() + 1;
            found.push((line, format!("{call}({})", argument.trim())));
        }
    }
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With `@` in the place of the exclamation mark, for this file is looked at, too.
    fn lines(text: &str) -> Vec<(usize, String)> {
        uses(&text.replace('@', "!"))
    }

    #[test]
    fn a_path_of_the_compilers_is_refused_where_it_stands() {
        let text = "fn f() {\n    env@(\"CARGO_MANIFEST_DIR\");\n    concat@(env@(\n        \"CARGO_BIN_EXE_x\"\n    ), 1);\n\
            let _ = option_env@ [\"OUT_DIR\", 1]; file@();\n}\n";
        let wanted = [
            (2, "env@(\"CARGO_MANIFEST_DIR\")"),
            (3, "env@(\"CARGO_BIN_EXE_x\")"),
            (6, "env@(\"OUT_DIR\")"),
            (6, "file@()"),
        ];
        let wanted = wanted.map(|(line, what)| (line, what.replace('@', "!")));
        assert_eq!(lines(text), wanted);
    }

    #[test]
    fn a_version_and_a_remark_are_not() {
        let text = "// env@(\"CARGO_MANIFEST_DIR\")\nlet a = env@(\"CARGO_PKG_VERSION\");\nlet b = std::env::var(\"X\");\n";
        assert_eq!(lines(text), []);
    }
}
