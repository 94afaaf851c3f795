//! From the text of a Dockerfile to a list of steps: parse, substitute variables, and refuse what
//! pocket does not do, with file and line.

use std::collections::BTreeMap;
use std::ops::Range;

use parse_dockerfile::{Command, Flag, HealthcheckArguments, Instruction, Source};

use crate::build::words;
use crate::error::{Error, Result, daemon};

/// One instruction with everything filled in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Copy {
        from: Vec<String>,
        to: String,
        mode: Option<u32>,
    },
    Env(Vec<(String, String)>),
    Label(Vec<(String, String)>),
    Workdir(String),
    User(String),
    Shell(Vec<String>),
    Entrypoint(Words),
    Cmd(Words),
    StopSignal(String),
    Expose(Vec<String>),
}

/// A command in one of its two forms.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Words {
    /// `["app", "-v"]`: the arguments as they are.
    Exec(Vec<String>),
    /// `app -v`: one text for a shell.
    Shell(String),
}

/// A Dockerfile that was understood.
#[derive(Debug)]
pub(crate) struct Plan {
    /// What FROM names.
    pub(crate) base: String,
    /// What follows, in order, each with its text as written.
    pub(crate) steps: Vec<(String, Step)>,
}

/// Reads `text`, which `file` names in messages. `given` are the values of `--build-arg`; `base_env`
/// looks up the environment of the image that FROM names, for substitution.
pub(crate) fn parse(
    text: &str,
    file: &str,
    given: &BTreeMap<String, String>,
    base_env: impl FnOnce(&str) -> Result<Vec<(String, String)>>,
) -> Result<Plan> {
    let mut reader = Reader {
        text,
        file,
        given,
        variables: BTreeMap::new(),
        fixed: BTreeMap::new(),
    };
    let parsed = parse_dockerfile::parse(text).map_err(|error| {
        let line = text
            .lines()
            .nth(error.line().saturating_sub(1))
            .unwrap_or_default();
        match error.to_string() {
            what if what.contains("unknown instruction") => {
                let word = line
                    .split_whitespace()
                    .next()
                    .unwrap_or_default()
                    .to_uppercase();
                daemon!(
                    "dockerfile parse error {file}:{}: unknown instruction: {word}",
                    error.line()
                )
            }
            what => daemon!("dockerfile parse error {file}:{}: {what}", error.line()),
        }
    })?;
    let mut base_env = Some(base_env);
    let mut base = None;
    let mut steps = Vec::new();
    for instruction in &parsed.instructions {
        if let Instruction::From(from) = instruction {
            if let Some(flag) = from.options.first() {
                return Err(reader.refuse(flag.span(), "FROM with options"));
            }
            let name = reader.expand(&from.image.value, from.from.span.clone())?;
            let Some(base_env) = base_env.take() else {
                return Err(
                    reader.refuse(from.from.span.clone(), "a second FROM (multi-stage build)")
                );
            };
            if name.is_empty() {
                return Err(reader.fail(from.from.span.clone(), "base name is empty"));
            }
            // What stands before FROM counts for FROM alone, until an ARG of the stage asks for it.
            let global = std::mem::take(&mut reader.variables);
            reader.fixed = base_env(&name)?.into_iter().collect();
            base = Some(name);
            reader
                .variables
                .extend(global.into_iter().map(|(k, v)| (format!("{GLOBAL}{k}"), v)));
            continue;
        }
        if let Some(step) = reader.step(instruction)? {
            steps.push(step);
        }
    }
    let base = base.ok_or_else(|| daemon!("dockerfile parse error {file}: no FROM"))?;
    Ok(Plan { base, steps })
}

/// Marks a variable set before FROM. No variable of a Dockerfile can begin so.
const GLOBAL: &str = "\0";

struct Reader<'a> {
    text: &'a str,
    file: &'a str,
    given: &'a BTreeMap<String, String>,
    /// What ARG set so far.
    variables: BTreeMap<String, String>,
    /// What ENV set so far: it wins over ARG.
    fixed: BTreeMap<String, String>,
}

impl Reader<'_> {
    fn line(&self, span: &Range<usize>) -> usize {
        self.text[..span.start.min(self.text.len())]
            .matches('\n')
            .count()
            + 1
    }

    fn fail(&self, span: Range<usize>, what: &str) -> Error {
        daemon!(
            "dockerfile parse error {}:{}: {what}",
            self.file,
            self.line(&span)
        )
    }

    fn refuse(&self, span: Range<usize>, what: &str) -> Error {
        self.fail(span, &format!("pocket does not support {what}"))
    }

    fn step(&mut self, instruction: &Instruction<'_>) -> Result<Option<(String, Step)>> {
        let (span, step) = match instruction {
            Instruction::Arg(arg) => {
                self.arg(&arg.arguments.value, arg.arg.span.clone())?;
                return Ok(None);
            }
            Instruction::Healthcheck(check) => match check.arguments {
                HealthcheckArguments::None { .. } => return Ok(None),
                _ => {
                    return Err(
                        self.refuse(check.healthcheck.span.clone(), "HEALTHCHECK but for NONE")
                    );
                }
            },
            Instruction::Copy(copy) => {
                let span = copy.copy.span.clone();
                let mode = self.copy_options(&copy.options)?;
                let mut from = Vec::new();
                for source in &copy.src {
                    match source {
                        Source::Path(path) => from.push(self.expand(&path.value, span.clone())?),
                        _ => return Err(self.refuse(span, "COPY of a here-document")),
                    }
                }
                let to = self.expand(&copy.dest.value, span.clone())?;
                (span, Step::Copy { from, to, mode })
            }
            Instruction::Env(env) => {
                let span = env.env.span.clone();
                let pairs = self.pairs(&env.arguments.value, true, span.clone())?;
                self.fixed.extend(pairs.iter().cloned());
                (span, Step::Env(pairs))
            }
            Instruction::Label(label) => {
                let span = label.label.span.clone();
                (
                    span.clone(),
                    Step::Label(self.pairs(&label.arguments.value, false, span)?),
                )
            }
            Instruction::Workdir(dir) => {
                let span = dir.workdir.span.clone();
                (
                    span.clone(),
                    Step::Workdir(self.expand(&dir.arguments.value, span)?),
                )
            }
            Instruction::User(user) => {
                let span = user.user.span.clone();
                (
                    span.clone(),
                    Step::User(self.expand(&user.arguments.value, span)?),
                )
            }
            Instruction::Stopsignal(signal) => {
                let span = signal.stopsignal.span.clone();
                let name = self.expand(&signal.arguments.value, span.clone())?;
                if crate::signal::parse(&name).is_err() {
                    return Err(self.fail(span, &format!("invalid signal: {name}")));
                }
                (span, Step::StopSignal(name))
            }
            Instruction::Expose(expose) => {
                let span = expose.expose.span.clone();
                let expand = |port: &parse_dockerfile::UnescapedString<'_>| {
                    self.expand(&port.value, span.clone())
                };
                let ports = expose.arguments.iter().map(expand).collect::<Result<_>>()?;
                (span, Step::Expose(ports))
            }
            Instruction::Shell(shell) => {
                let words = shell
                    .arguments
                    .iter()
                    .map(|word| word.value.clone().into_owned());
                (shell.shell.span.clone(), Step::Shell(words.collect()))
            }
            Instruction::Entrypoint(entrypoint) => (
                entrypoint.entrypoint.span.clone(),
                Step::Entrypoint(in_form(&entrypoint.arguments)),
            ),
            Instruction::Cmd(cmd) => (cmd.cmd.span.clone(), Step::Cmd(in_form(&cmd.arguments))),
            Instruction::Add(other) => return Err(self.refuse(other.add.span.clone(), "ADD")),
            Instruction::Run(other) => return Err(self.refuse(other.run.span.clone(), "RUN")),
            Instruction::Volume(other) => {
                return Err(self.refuse(other.volume.span.clone(), "VOLUME"));
            }
            Instruction::Onbuild(other) => {
                return Err(self.refuse(other.onbuild.span.clone(), "ONBUILD"));
            }
            Instruction::Maintainer(other) => {
                return Err(self.refuse(other.maintainer.span.clone(), "MAINTAINER"));
            }
            _ => {
                return Err(daemon!(
                    "dockerfile parse error {}: unknown instruction",
                    self.file
                ));
            }
        };
        let rest = self.text.get(span.start..).unwrap_or_default();
        let text = rest.lines().next().unwrap_or_default().trim().to_owned();
        Ok(Some((text, step)))
    }

    fn arg(&mut self, text: &str, span: Range<usize>) -> Result<()> {
        for word in words::split(text) {
            let (name, default) = match word.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(self.expand(value, span.clone())?)),
                None => (word, None),
            };
            let global = self.variables.get(&format!("{GLOBAL}{name}")).cloned();
            if let Some(value) = self.given.get(&name).cloned().or(default).or(global) {
                self.variables.insert(name, value);
            }
        }
        Ok(())
    }

    fn copy_options(&self, options: &[Flag<'_>]) -> Result<Option<u32>> {
        let mut mode = None;
        for flag in options {
            let value = flag
                .value
                .as_ref()
                .map(|value| value.value.as_ref())
                .unwrap_or_default();
            match flag.name.value.as_ref() {
                "chmod" => match u32::from_str_radix(value, 8) {
                    Ok(bits) if bits <= 0o7777 => mode = Some(bits),
                    _ => return Err(self.fail(flag.span(), &format!("invalid --chmod: {value}"))),
                },
                name => return Err(self.refuse(flag.span(), &format!("COPY --{name}"))),
            }
        }
        Ok(mode)
    }

    /// `A=1 B="two words"`, or for ENV the old form `A the rest of the line`.
    fn pairs(
        &self,
        text: &str,
        old_form: bool,
        span: Range<usize>,
    ) -> Result<Vec<(String, String)>> {
        let words = words::split(text);
        if words.first().is_some_and(|word| !word.contains('=')) {
            return match text.split_once(char::is_whitespace) {
                Some((name, value)) if old_form => {
                    Ok(vec![(name.to_owned(), self.expand(value.trim(), span)?)])
                }
                _ => Err(self.fail(span, &format!("expected NAME=VALUE, found {text}"))),
            };
        }
        let mut pairs = Vec::new();
        for word in words {
            let Some((name, value)) = word.split_once('=') else {
                return Err(self.fail(span, &format!("expected NAME=VALUE, found {word}")));
            };
            pairs.push((words::unquote(name), self.expand(value, span.clone())?));
        }
        Ok(pairs)
    }

    /// Fills variables in, and removes quotes. What ENV set wins over ARG.
    fn expand(&self, text: &str, span: Range<usize>) -> Result<String> {
        let value = |name: &str| {
            self.fixed
                .get(name)
                .or_else(|| self.variables.get(name))
                .cloned()
                .unwrap_or_default()
        };
        words::expand(text, &value).map_err(|what| self.fail(span, &what))
    }
}

fn in_form(command: &Command<'_>) -> Words {
    match command {
        Command::Exec(list) => Words::Exec(
            list.value
                .iter()
                .map(|word| word.value.clone().into_owned())
                .collect(),
        ),
        Command::Shell(text) => Words::Shell(words::join_lines(text.value)),
        other => Words::Shell(format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(text: &str) -> Result<Plan> {
        let given = BTreeMap::from([("GIVEN".to_owned(), "g".to_owned())]);
        parse(text, "Dockerfile", &given, |_| Ok(Vec::new()))
    }

    fn steps(text: &str) -> Vec<Step> {
        let plan = plan(&format!("FROM x\n{text}")).expect("a valid Dockerfile");
        plan.steps.into_iter().map(|(_, step)| step).collect()
    }

    #[test]
    fn arguments_before_from_name_the_base() {
        let plan =
            plan("ARG BASE=debian\nARG GIVEN=x\nFROM ${BASE}:${GIVEN}\nARG BASE\nUSER $BASE")
                .expect("valid");
        assert_eq!(plan.base, "debian:g");
        assert_eq!(plan.steps[0].1, Step::User("debian".into()));
    }

    #[test]
    fn a_global_argument_is_unknown_in_the_stage_until_it_is_asked_for() {
        let plan = plan("ARG A=1\nFROM x\nUSER a${A}b").expect("valid");
        assert_eq!(plan.steps[0].1, Step::User("ab".into()));
    }

    #[test]
    fn both_forms() {
        let found = steps("ENTRYPOINT [\"/app\", \"a b\"]\nCMD exec /app $HOME; \\\n true");
        assert_eq!(
            found[0],
            Step::Entrypoint(Words::Exec(vec!["/app".into(), "a b".into()]))
        );
        assert_eq!(
            found[1],
            Step::Cmd(Words::Shell("exec /app $HOME;  true".into()))
        );
    }

    #[test]
    fn what_is_refused_names_its_line() {
        for (text, want) in [
            (
                "FROM x\nRUN true",
                "Dockerfile:2: pocket does not support RUN",
            ),
            (
                "FROM x\n\nADD a b",
                "Dockerfile:3: pocket does not support ADD",
            ),
            (
                "FROM x\nFROM y",
                "Dockerfile:2: pocket does not support a second FROM",
            ),
            (
                "FROM x\nCOPY --from=y a b",
                "Dockerfile:2: pocket does not support COPY --from",
            ),
            (
                "FROM x\nSTOPSIGNAL FOO",
                "Dockerfile:2: invalid signal: FOO",
            ),
            (
                "FROM x\nBOGUS y",
                "Dockerfile:2: unknown instruction: BOGUS",
            ),
            ("FROM x\nUSER ${A", "Dockerfile:2: cannot substitute"),
            ("FROM x\nENV A", "Dockerfile:2: expected NAME=VALUE"),
            (
                "FROM x\nHEALTHCHECK CMD true",
                "Dockerfile:2: pocket does not support HEALTHCHECK",
            ),
        ] {
            let error = plan(text).expect_err(text).to_string();
            assert!(error.contains(want), "{text:?}: {error}");
        }
    }
}
