//! Every instruction of the Dockerfile reference: what becomes of it, or how it is refused.

use super::*;
use crate::build::step::Words;

fn plan(text: &str) -> Result<Plan> {
    let given = BTreeMap::from([
        ("GIVEN".to_owned(), "g".to_owned()),
        ("http_proxy".to_owned(), "p".to_owned()),
    ]);
    let base = |name: &str| {
        let env = [("INHERITED", "i"), ("PATH", "/base")];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Ok(if name == "based" {
            env.to_vec()
        } else {
            Vec::new()
        })
    };
    parse(text, "Dockerfile", &given, base)
}

fn steps_on(base: &str, text: &str) -> Vec<Step> {
    let plan = plan(&format!("FROM {base}\n{text}")).expect(text);
    plan.steps
        .into_iter()
        .map(|(_, step)| step)
        .skip(1)
        .collect()
}

fn last(text: &str) -> Step {
    steps_on("x", text).pop().expect("a step")
}

fn user(name: &str) -> Step {
    Step::User(name.to_owned())
}

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
    list.iter().map(own).collect()
}

#[test]
fn from() {
    for (text, want) in [
        (
            "ARG BASE=debian\nARG GIVEN=x\nFROM ${BASE}:${GIVEN}",
            "debian:g",
        ),
        ("ARG A=1\nARG B=a$A\nFROM $B", "a1"),
        ("FROM x AS name", "x"),
        ("from x as n.a-m_e", "x"),
        ("FROM ${UNSET:-x}", "x"),
        ("FROM localhost:5000/a/b:c", "localhost:5000/a/b:c"),
    ] {
        assert_eq!(plan(text).expect(text).base, want, "{text}");
    }
}

#[test]
fn arg() {
    for (text, want) in [
        // What was said before FROM is unknown in the stage until it is asked for.
        ("ARG A=1\nFROM x\nUSER a${A}b", "ab"),
        ("ARG A=1\nFROM x\nARG A\nUSER $A", "1"),
        ("ARG A=1\nFROM x\nARG A=2\nUSER $A", "2"),
        ("ARG GIVEN\nFROM x\nARG GIVEN\nUSER $GIVEN", "g"),
        ("FROM x\nARG GIVEN=d\nUSER $GIVEN", "g"),
        ("FROM x\nUSER a$GIVEN", "a"),
        ("FROM x\nUSER $http_proxy", "p"),
        ("FROM x\nARG A=1 B=\"$A 2\" C\nUSER $B$C", "1 2"),
        ("FROM x\nARG A=\nUSER a$A", "a"),
        // ENV wins, in whatever order, and so does the base image's.
        ("FROM x\nENV A=e\nARG A=1\nUSER $A", "e"),
        ("FROM x\nARG A=1\nENV A=e\nUSER $A", "e"),
        ("FROM based\nARG INHERITED=1\nUSER $INHERITED", "i"),
    ] {
        let mut plan = plan(text).expect(text);
        assert_eq!(plan.steps.pop().expect("a step").1, user(want), "{text}");
    }
    assert_eq!(plan("FROM x").expect("valid").unused, ["GIVEN"]);
    assert!(plan("ARG GIVEN\nFROM x").expect("valid").unused.is_empty());
}

#[test]
fn env_and_label() {
    for (rest, want) in [
        (
            "A=1 B=\"two words\" C=a\\ b D='$A'",
            &[("A", "1"), ("B", "two words"), ("C", "a b"), ("D", "$A")][..],
        ),
        ("A  the rest  of \"it\"", &[("A", "the rest  of it")]),
        ("A=1 \\\n  B=2", &[("A", "1"), ("B", "2")]),
        ("\"A b\"=1", &[("A b", "1")]),
        ("A=", &[("A", "")]),
        ("A=b=c", &[("A", "b=c")]),
        // All of one instruction is filled in with the values of before.
        ("A=1 B=$A", &[("A", "1"), ("B", "")]),
    ] {
        assert_eq!(
            last(&format!("ENV {rest}")),
            Step::Env(pairs(want)),
            "{rest}"
        );
        assert_eq!(
            last(&format!("LABEL {rest}")),
            Step::Label(pairs(want)),
            "{rest}"
        );
    }
    let default = format!("/x:{PATH}");
    assert_eq!(
        last("ENV PATH=/x:$PATH"),
        Step::Env(pairs(&[("PATH", &default)]))
    );
    let based = steps_on("based", "ENV PATH=/x:$PATH").remove(0);
    assert_eq!(based, Step::Env(pairs(&[("PATH", "/x:/base")])));
}

#[test]
fn cmd_and_entrypoint() {
    let exec = |words: &[&str]| Words::Exec(strings(words));
    let shell = |text: &str| Words::Shell(text.to_owned());
    for (rest, want) in [
        ("[\"/app\", \"a b\"]", exec(&["/app", "a b"])),
        ("[]", exec(&[])),
        (" [ \"$X\\n\" ] ", exec(&["$X\n"])),
        ("", shell("")),
        (
            "exec /app $HOME; \\\n# no\n true",
            shell("exec /app $HOME;  true"),
        ),
        // What is no JSON is for the shell.
        ("['a']", shell("['a']")),
        ("[\"a\"", shell("[\"a\"")),
        ("[\"a\"] b", exec(&["a"])),
        ("[\"a\" \"b\"]", shell("[\"a\" \"b\"]")),
        ("{\"a\": 1}", shell("{\"a\": 1}")),
    ] {
        assert_eq!(last(&format!("CMD {rest}")), Step::Cmd(want), "{rest}");
    }
    assert_eq!(last("ENTRYPOINT []"), Step::Entrypoint(exec(&[])));
    assert_eq!(
        last("SHELL [\"a\", \"-c\"]"),
        Step::Shell(strings(&["a", "-c"]))
    );
}

#[test]
fn copy() {
    let copy = |from: &[&str], to: &str, owner: Option<&str>| {
        let owner = owner.map(str::to_owned);
        Step::Copy(Copy {
            from: strings(from),
            to: to.to_owned(),
            owner,
        })
    };
    for (rest, want) in [
        ("a b c/", copy(&["a", "b"], "c/", None)),
        ("[\"a b\", \"c d\"]", copy(&["a b"], "c d", None)),
        ("\"a\" 'b'", copy(&["a"], "b", None)),
        ("a\\ b c", copy(&["a", "b"], "c", None)),
        ("${X:-a} /$X/b", copy(&["a"], "//b", None)),
        ("--chown=${X:-1}:2 a b", copy(&["a"], "b", Some("1:2"))),
        ("-- --chown=1 b", copy(&["--chown=1"], "b", None)),
    ] {
        assert_eq!(last(&format!("COPY {rest}")), want, "{rest}");
    }
}

#[test]
fn the_rest() {
    assert_eq!(last("WORKDIR \"a b\"/c"), Step::Workdir("a b/c".into()));
    assert_eq!(last("USER a:b"), user("a:b"));
    assert_eq!(
        last("STOPSIGNAL sigrtmin+3"),
        Step::StopSignal("sigrtmin+3".into())
    );
    assert_eq!(last("HEALTHCHECK none"), Step::Nothing);
    let want = strings(&["80/tcp", "81/udp", "82/tcp", "83/tcp", "9/sctp"]);
    assert_eq!(
        last("ENV P='9/SCTP'\nEXPOSE 80 81/udp 82-83/tcp $P"),
        Step::Expose(want)
    );
}

#[test]
fn what_is_refused_names_its_line() {
    for (text, want) in [
        ("RUN true", "pocket does not have RUN"),
        ("run --mount=x true", "pocket does not have RUN"),
        ("ADD a b", "pocket does not have ADD"),
        ("VOLUME /x", "pocket does not have VOLUME"),
        ("ONBUILD USER x", "pocket does not have ONBUILD"),
        ("MAINTAINER x", "pocket does not have MAINTAINER"),
        ("FROM y", "pocket does not have a second FROM"),
        ("HEALTHCHECK CMD true", "pocket does not have HEALTHCHECK"),
        (
            "HEALTHCHECK --retries=3 CMD true",
            "pocket does not have HEALTHCHECK",
        ),
        ("HEALTHCHECK NONE x", "HEALTHCHECK NONE takes no arguments"),
        ("HEALTHCHECK x", "Unknown type \"X\" in HEALTHCHECK"),
        ("HEALTHCHECK", "HEALTHCHECK requires at least one argument"),
        ("COPY --from=y a b", "pocket does not have COPY --from"),
        ("COPY --link a b", "pocket does not have COPY --link"),
        (
            "COPY --chmod=755 a b",
            "the --chmod option requires BuildKit",
        ),
        ("COPY --nosuch a b", "Unknown flag: nosuch"),
        ("COPY --chown a b", "Missing a value on flag: chown"),
        (
            "COPY --chown=1 --chown=2 a b",
            "Duplicate flag specified: chown",
        ),
        (
            "COPY <<EOF /x",
            "pocket does not have here-documents (<<EOF)",
        ),
        ("COPY a", "COPY requires at least two arguments"),
        ("COPY [\"a\"]", "COPY requires at least two arguments"),
        (
            "COPY [\"a\", 1]",
            "arrays must be comprised of strings only",
        ),
        ("CMD [1]", "arrays must be comprised of strings only"),
        ("CMD --x a", "Unknown flag: x"),
        ("SHELL a", "SHELL requires the arguments to be in JSON form"),
        ("SHELL []", "SHELL requires at least one argument"),
        ("STOPSIGNAL FOO", "Invalid signal: FOO"),
        ("STOPSIGNAL", "STOPSIGNAL requires exactly one argument"),
        ("USER", "USER requires exactly one argument"),
        ("WORKDIR", "WORKDIR requires exactly one argument"),
        ("WORKDIR $X", "cannot normalize nothing"),
        ("BOGUS y", "unknown instruction: BOGUS"),
        (
            "USER ${A",
            "failed to process \"${A\": syntax error: missing '}'",
        ),
        ("USER ${A#b}", "pocket does not have the modifier (#)"),
        ("USER ${A:?why}", "A: why"),
        ("ENV A", "ENV must have two arguments"),
        ("ENV", "ENV requires at least one argument"),
        ("ENV =a", "ENV names can not be blank"),
        ("ENV a=b c", "can't find = in \"c\""),
        ("LABEL a", "LABEL must have two arguments"),
        ("ARG", "ARG requires at least one argument"),
        ("ARG =a", "ARG names can not be blank"),
        ("EXPOSE", "EXPOSE requires at least one argument"),
        ("EXPOSE x", "Invalid containerPort: x"),
        ("EXPOSE 65536", "Invalid containerPort: 65536"),
        ("EXPOSE 9-8", "Invalid containerPort: 9-8"),
        ("EXPOSE 80/x", "Invalid proto: x"),
        (
            "EXPOSE 1:2",
            "pocket does not have EXPOSE with a port of the host",
        ),
    ] {
        let error = plan(&format!("FROM x\n\n{text}"))
            .expect_err(text)
            .to_string();
        let placed = error.contains("Dockerfile:3: ") && error.contains(want);
        assert!(placed, "{text:?}: {error}");
    }
    for (text, want) in [
        ("", "file with no instructions"),
        ("# escape=x\nFROM x", ":1: invalid escape token 'x'"),
        ("ARG A", "no FROM"),
        ("USER a\nFROM x", ":1: no build stage in current context"),
        (
            "FROM x y",
            ":1: FROM requires either one or three arguments",
        ),
        ("FROM", ":1: FROM requires either one or three arguments"),
        ("FROM x AS 1", ":1: invalid name for build stage: \"1\""),
        (
            "FROM --platform=linux/arm64 x",
            ":1: pocket does not have FROM --platform",
        ),
        ("FROM $NONE", ":1: base name should not be blank"),
        ("FROM Upper", ":1: invalid reference format"),
    ] {
        let error = plan(text).expect_err(text).to_string();
        assert!(error.contains(want), "{text:?}: {error}");
    }
}
