//! From the instructions of a Dockerfile to a list of steps: variables are filled in, and what pocket does not
//! have is refused, with file and line.

use std::collections::{BTreeMap, BTreeSet};

use crate::build::arguments;
use crate::build::copy::Copy;
use crate::build::lines::{self, BadDirective, Instruction};
use crate::build::refusal::BadArguments;
use crate::build::step::{Plan, Step};
use crate::build::words::Filler;
use crate::error::{Error, Result, daemon};
use crate::store::image::{PATH, is_reference};

/// Variables that every build has, if they are given: the reference, "Predefined ARGs".
const PREDEFINED: [&str; 10] = [
    "ALL_PROXY",
    "FTP_PROXY",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "all_proxy",
    "ftp_proxy",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];

/// Reads `text`, which `file` names in messages. `given` are the values of `--build-arg`; `base_env`
/// looks up the environment of the image that FROM names, for substitution.
pub(crate) fn parse(
    text: &str,
    file: &str,
    given: &BTreeMap<String, String>,
    base_env: impl Fn(&str) -> Result<Vec<(String, String)>>,
) -> Result<Plan> {
    let wrong = |line: usize, what: &dyn std::fmt::Display| {
        daemon!("dockerfile parse error {file}:{line}: {what}")
    };
    let lines = lines::read(text).map_err(|bad| match bad {
        BadDirective::Escape(line, sign) => wrong(
            line,
            &format!("invalid escape token '{sign}' does not match ` or \\"),
        ),
        BadDirective::Twice(line, name) => wrong(
            line,
            &format!("only one {name} parser directive can be used"),
        ),
    })?;
    let mut scope = Scope {
        escape: lines.escape,
        given,
        before_from: BTreeMap::new(),
        args: BTreeMap::new(),
        env: BTreeMap::new(),
        asked: BTreeSet::new(),
    };
    let mut base = None;
    let mut steps = Vec::new();
    for instruction in &lines.instructions {
        let fail = |bad: BadArguments| wrong(instruction.line, &bad);
        let step = if instruction.keyword == "FROM" {
            if base.is_some() {
                let what = "a second FROM (multi-stage build)".to_owned();
                return Err(fail(BadArguments::NotHere(what)));
            }
            let name = scope.base_name(instruction).map_err(fail)?;
            scope.begin(base_env(&name)?);
            base = Some(name);
            Step::Nothing
        } else if base.is_none() && instruction.keyword != "ARG" {
            scope.step(instruction).map_err(fail)?;
            return Err(wrong(
                instruction.line,
                &"no build stage in current context: no FROM before it",
            ));
        } else {
            scope.step(instruction).map_err(fail)?
        };
        steps.push((instruction.text.clone(), step));
    }
    let base = base.ok_or_else(|| no_from(file, &lines.instructions))?;
    let known =
        |name: &&String| !scope.asked.contains(*name) && !PREDEFINED.contains(&name.as_str());
    let unused = given.keys().filter(known).cloned().collect();
    Ok(Plan {
        base,
        steps,
        unused,
    })
}

fn no_from(file: &str, instructions: &[Instruction]) -> Error {
    if instructions.is_empty() {
        daemon!("dockerfile parse error {file}: file with no instructions")
    } else {
        daemon!("dockerfile parse error {file}: no FROM")
    }
}

/// The variables that can be filled in, and their values so far.
struct Scope<'a> {
    escape: char,
    given: &'a BTreeMap<String, String>,
    /// What ARG said before FROM; it counts in FROM, and for an ARG of the stage that says no value.
    before_from: BTreeMap<String, Option<String>>,
    /// What ARG said in the stage.
    args: BTreeMap<String, Option<String>>,
    /// What ENV said, here and in the base image: it wins over ARG.
    env: BTreeMap<String, String>,
    /// All names that any ARG had.
    asked: BTreeSet<String>,
}

impl Scope<'_> {
    /// The value of a variable.
    fn value(&self, name: &str) -> Option<String> {
        if let Some(value) = self.env.get(name) {
            return Some(value.clone());
        }
        let default = self.args.get(name);
        if default.is_none() && !PREDEFINED.contains(&name) {
            return None;
        }
        let given = self.given.get(name).or(default.and_then(Option::as_ref));
        given
            .or_else(|| self.before_from.get(name)?.as_ref())
            .cloned()
    }

    fn fill(&self, text: &str) -> std::result::Result<String, BadArguments> {
        let value = |name: &str| self.value(name);
        let filler = Filler {
            escape: self.escape,
            value: &value,
        };
        filler
            .fill(text)
            .map_err(|bad| BadArguments::Word(text.to_owned(), bad))
    }

    fn fill_all(&self, words: &[String]) -> std::result::Result<Vec<String>, BadArguments> {
        words.iter().map(|word| self.fill(word)).collect()
    }

    /// What FROM names: `FROM image`, `FROM image AS name`.
    fn base_name(&self, from: &Instruction) -> std::result::Result<String, BadArguments> {
        let name = self.fill(arguments::from(from)?)?;
        if name.is_empty() {
            return Err(BadArguments::BlankBase);
        }
        let id = |digest: &str| digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit());
        let known = match name.split_once("sha256:") {
            Some(("", digest)) => id(digest),
            Some((name, digest)) => name.strip_suffix('@').is_some_and(is_reference) && id(digest),
            None => is_reference(&name),
        };
        if !known {
            return Err(BadArguments::Reference(name));
        }
        Ok(name)
    }

    /// The stage begins, on an image with this environment.
    fn begin(&mut self, env: Vec<(String, String)>) {
        self.before_from = std::mem::take(&mut self.args);
        // Every image has a PATH: moby's setDefaultPath.
        self.env = BTreeMap::from([("PATH".to_owned(), PATH.to_owned())]);
        self.env.extend(env);
    }

    fn step(&mut self, one: &Instruction) -> std::result::Result<Step, BadArguments> {
        arguments::check_flags(one)?;
        Ok(match one.keyword.as_str() {
            "ARG" => {
                for word in arguments::words(one, self.escape)? {
                    let (name, value) = arguments::name_and_value(&word)?;
                    let name = self.fill(name)?;
                    let value = value.map(|value| self.fill(value)).transpose()?;
                    self.asked.insert(name.clone());
                    self.args.insert(name, value);
                }
                Step::Nothing
            }
            "ENV" => {
                let pairs = self.pairs(one)?;
                self.env.extend(pairs.iter().cloned());
                Step::Env(pairs)
            }
            "LABEL" => Step::Label(self.pairs(one)?),
            "COPY" => {
                let mut from = self.fill_all(&arguments::paths(one)?)?;
                let to = from.pop().unwrap_or_default();
                let owner = one.flags.iter().find(|(name, _)| name == "chown");
                let owner = owner.and_then(|(_, value)| value.as_ref());
                let owner = owner.map(|owner| self.fill(owner)).transpose()?;
                Step::Copy(Copy {
                    from,
                    to,
                    owner: owner.filter(|owner| !owner.is_empty()),
                })
            }
            "WORKDIR" => match self.fill(arguments::one(one)?)? {
                empty if empty.is_empty() => return Err(BadArguments::NoFolder),
                folder => Step::Workdir(folder),
            },
            "USER" => Step::User(self.fill(arguments::one(one)?)?),
            "STOPSIGNAL" => {
                let name = self.fill(arguments::one(one)?)?;
                if crate::signal::parse(&name).is_err() {
                    return Err(BadArguments::Signal(name));
                }
                Step::StopSignal(name)
            }
            "EXPOSE" => {
                let filled = self.fill_all(&arguments::blank_separated(one)?)?;
                // A variable may hold several.
                let words = filled.iter().flat_map(|word| word.split_whitespace());
                let mut ports = Vec::new();
                for word in words {
                    ports.extend(arguments::ports(word)?);
                }
                Step::Expose(ports)
            }
            "SHELL" => Step::Shell(arguments::shell(one)?),
            "ENTRYPOINT" => Step::Entrypoint(arguments::command(&one.rest)?),
            "CMD" => Step::Cmd(arguments::command(&one.rest)?),
            "HEALTHCHECK" => {
                arguments::healthcheck(one)?;
                Step::Nothing
            }
            "ADD" | "MAINTAINER" | "ONBUILD" | "RUN" | "VOLUME" => {
                return Err(BadArguments::NotHere(one.keyword.clone()));
            }
            other => return Err(BadArguments::Unknown(other.to_owned())),
        })
    }

    fn pairs(&self, one: &Instruction) -> std::result::Result<Vec<(String, String)>, BadArguments> {
        let pairs = arguments::pairs(one, self.escape)?.into_iter();
        pairs
            .map(|(name, value)| Ok((self.fill(&name)?, self.fill(&value)?)))
            .collect()
    }
}

#[cfg(test)]
mod tests;
