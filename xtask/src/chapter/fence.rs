//! The words of a console fence: what a block is for, and where it can run.

/// The words a reader of an error message may use.
pub const WORDS: &str = "known words: console, no_run, exercise, needs=PROGRAM, engine=docker|podman|pocket, picture=NAME, connections (separated by commas)";

/// What stands behind the three backticks of a console block.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Fence {
    /// Shown only; the prose gives the reason.
    pub no_run: bool,
    /// Part of the exercise's grader.
    pub exercise: bool,
    /// Programs that must be on PATH.
    pub needs: Vec<String>,
    /// The engines that can show it; empty: all.
    pub engines: Vec<String>,
    /// The picture that shows what its containers do.
    pub picture: Option<String>,
    /// It shows connections to them, too.
    pub connections: bool,
}

impl Fence {
    /// `None` for a block that is no console block; an error for a word nobody knows.
    pub fn parse(info: &str) -> Option<Result<Fence, String>> {
        let mut words = info
            .split([',', ' '])
            .map(str::trim)
            .filter(|word| !word.is_empty());
        (words.next()? == "console").then(|| words.try_fold(Fence::default(), Fence::word))
    }

    fn word(mut self, word: &str) -> Result<Fence, String> {
        match word.split_once('=') {
            None if word == "no_run" => self.no_run = true,
            None if word == "exercise" => self.exercise = true,
            None if word == "connections" => self.connections = true,
            Some(("needs", program)) if !program.is_empty() => self.needs.push(program.to_owned()),
            Some(("engine", engine)) if ["docker", "podman", "pocket"].contains(&engine) => {
                self.engines.push(engine.to_owned());
            }
            Some(("picture", name)) if is_name(name) => self.picture = Some(name.to_owned()),
            _ => return Err(format!("unknown fence word `{word}`")),
        }
        Ok(self)
    }
}

/// Is it a name for a file: lower case, digits, hyphens?
fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read() {
        let fence = Fence::parse("console,exercise,needs=busybox,engine=docker,engine=podman")
            .unwrap()
            .unwrap();
        assert!(fence.exercise && !fence.no_run);
        assert_eq!(fence.needs, ["busybox"]);
        assert_eq!(fence.engines, ["docker", "podman"]);
        let fence = Fence::parse("console,picture=stop-2,connections")
            .unwrap()
            .unwrap();
        assert!(fence.connections);
        assert_eq!(fence.picture.as_deref(), Some("stop-2"));
    }

    #[test]
    fn other_blocks_are_none_of_our_business() {
        assert_eq!(Fence::parse("rust,ignore"), None);
        assert_eq!(Fence::parse(""), None);
        assert_eq!(Fence::parse("consoles"), None);
    }

    #[test]
    fn unknown_words_are_errors() {
        for info in [
            "console,norun",
            "console,needs=",
            "console,engine=lxc",
            "console no_run=1",
            "console,picture=",
            "console,picture=../x",
        ] {
            assert!(Fence::parse(info).unwrap().is_err(), "{info}");
        }
    }
}
