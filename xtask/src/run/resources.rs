//! Reads from a chapter's commands what it would share with others: ports, names, images.

use std::net::TcpListener;
use std::path::Path;

use anyhow::{Result, bail};

use crate::chapter::course::Lab;
use crate::chapter::page::{Block, Chapter};
use crate::engine::choice::Kind;
use crate::engine::programs::Which;
use crate::engine::sandbox;

/// The locks a script needs: its lab on this engine, its container names on this engine, its published ports.
///
/// A name belongs to one engine (pocket's to one lab); a port to the whole machine.
pub fn keys(blocks: &[&Block], lab: &Lab, kind: Kind) -> Vec<String> {
    let engine = kind.name();
    let mut keys = vec![sandbox::lock_key(kind, lab)];
    for words in commands(blocks) {
        if kind != Kind::Pocket {
            keys.extend(names(&words).map(|name| format!("{engine}/container {name}")));
        }
        keys.extend(ports(&words).iter().map(|port| format!("port {port}")));
    }
    keys
}

/// Every image of this lab that the script names has its Dockerfile.
pub fn images_exist(
    chapter: &Chapter,
    blocks: &[&Block],
    lab: &Lab,
    folder: &Path,
    which: &Which,
) -> Result<()> {
    let image = format!("lab{}", lab.number);
    for step in blocks.iter().flat_map(|block| &block.steps) {
        for word in step.command.split_whitespace() {
            let Some(rest) = word.strip_prefix(&image) else {
                continue;
            };
            let file = match rest.strip_prefix(':') {
                None if rest.is_empty() => folder.join("Dockerfile"),
                Some("exercise") => folder
                    .join(which.folder().unwrap_or("exercise"))
                    .join("Dockerfile"),
                Some(tag)
                    if tag
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)) =>
                {
                    let name = format!("Dockerfile.{tag}");
                    let own = which.folder().map(|sub| folder.join(sub).join(&name));
                    own.filter(|path| path.exists())
                        .unwrap_or_else(|| folder.join(name))
                }
                _ => continue,
            };
            // `docker build -t lab03:new` makes an image of its own.
            if !file.exists() && !step.command.contains("docker build") && !built(blocks, word) {
                bail!(
                    "{}: {word} has no Dockerfile\nwrite {}, or correct the name",
                    chapter.at(step.line),
                    file.display()
                );
            }
        }
    }
    Ok(())
}

fn built(blocks: &[&Block], image: &str) -> bool {
    commands(blocks).any(|words| {
        values(&words, "-t").any(|tag| tag == image) && words.iter().any(|word| word == "build")
    })
}

/// The values of an option in one command.
pub fn values_of(command: &str, option: &str) -> Vec<String> {
    values(&words(command), option).collect()
}

fn words(command: &str) -> Vec<String> {
    command
        .split_whitespace()
        .map(|word| word.trim_matches(['"', '\'', ';', ')']).to_owned())
        .collect()
}

fn commands<'a>(blocks: &'a [&'a Block]) -> impl Iterator<Item = Vec<String>> + 'a {
    let steps = blocks.iter().flat_map(|block| &block.steps);
    steps.map(|step| words(&step.command))
}

/// The values of `--name x` or `--name=x` among the words of a command.
fn values<'a>(words: &'a [String], option: &'a str) -> impl Iterator<Item = String> + 'a {
    let apart = words
        .windows(2)
        .filter(move |pair| pair[0] == option)
        .map(|pair| pair[1].clone());
    let joined = words.iter().filter_map(move |word| {
        word.strip_prefix(option)?
            .strip_prefix('=')
            .map(str::to_owned)
    });
    apart.chain(joined)
}

/// Every published port is free on this machine.
pub fn ports_are_free(chapter: &Chapter, blocks: &[&Block]) -> Result<()> {
    for step in blocks.iter().flat_map(|block| &block.steps) {
        for port in ports(&words(&step.command)) {
            if let Err(error) = TcpListener::bind(("0.0.0.0", port)) {
                bail!(
                    "{}: port {port} is not free ({error})\nstop the program that has it: `ss -ltnp 'sport = :{port}'` names it",
                    chapter.at(step.line)
                );
            }
        }
    }
    Ok(())
}

/// The names of containers, but for those that a shell variable makes: their words say nothing yet.
fn names(words: &[String]) -> impl Iterator<Item = String> {
    values(words, "--name").filter(|name| !name.contains('$'))
}

/// The host's ports that `-p HOST:CONTAINER` publishes.
fn ports(words: &[String]) -> Vec<u16> {
    let published = values(words, "-p").chain(values(words, "--publish"));
    published
        .filter_map(|value| value.rsplit(':').nth(1)?.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chapter::reader;
    use crate::chapter::source::Source;

    fn keys_of(command: &str, kind: Kind) -> Vec<String> {
        let text = format!("```console\n$ {command}\n```\n");
        let chapter = reader::parse(Source::new("x.md".into(), text)).unwrap();
        let blocks: Vec<&Block> = chapter.blocks.iter().collect();
        keys(&blocks, &Lab::from_slug("02-pid1").unwrap(), kind)
    }

    #[test]
    fn names_and_ports_are_shared_with_others() {
        let command = "docker run -d --name web02 -p 3000:3000 -p 127.0.0.1:8080:80 lab02";
        let keys = keys_of(command, Kind::Docker);
        assert_eq!(
            keys,
            [
                "docker/lab 02-pid1",
                "docker/container web02",
                "port 3000",
                "port 8080"
            ]
        );
    }

    #[test]
    fn a_pocket_name_belongs_to_its_lab() {
        assert_eq!(
            keys_of("docker run --name=web02 lab02", Kind::Pocket),
            ["pocket/lab 02-pid1"]
        );
    }
}
