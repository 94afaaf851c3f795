//! The room: its learners and their results, in a SQLite file.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use tokio::sync::watch;

/// A room.
#[derive(Debug)]
pub struct Room {
    file: Mutex<Connection>,
    exercises: Vec<Exercise>,
    code: String,
    key: String,
    /// Counts what has changed.
    changes: watch::Sender<u64>,
}

/// An exercise of the course.
#[derive(Debug, Clone, Serialize)]
pub struct Exercise {
    /// `03-shell-form`.
    pub slug: String,
    /// Its chapter's title.
    pub title: String,
}

/// How an answer came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It passed.
    Passed,
    /// It failed, with this hint.
    Failed(String),
}

/// Why somebody is not let in.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// Another code than the room's.
    Code,
    /// No name, a long one, or one with control characters.
    Name,
    /// Somebody has this name.
    Taken,
    /// There are too many.
    Full,
}

/// The room as the leader sees it.
#[derive(Debug, Serialize)]
pub struct View {
    /// What the leader reads out.
    pub code: String,
    /// Each exercise, and how many have passed it.
    pub exercises: Vec<Standing>,
    /// Everybody, by name.
    pub learners: Vec<Learner>,
}

/// How many have passed an exercise.
#[derive(Debug, Serialize)]
pub struct Standing {
    /// The exercise.
    #[serde(flatten)]
    pub exercise: Exercise,
    /// How many.
    pub passed: u32,
}

/// Somebody in the room.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Learner {
    /// As chosen.
    pub name: String,
    /// The exercise of the last result.
    pub at: Option<String>,
    /// The hint of the last result; none if it passed.
    pub hint: Option<String>,
    /// Since when at that exercise without passing it, in seconds; none who has passed it.
    pub trying: Option<u64>,
    /// What was passed.
    pub passed: Vec<String>,
}

/// More learners than any room has seats: who floods stands alone.
const SEATS: u32 = 1000;

/// The longest name, in characters.
const NAME: usize = 40;

impl Room {
    /// Opens the room in `file`, or a new one.
    pub fn open(file: &Path, exercises: Vec<Exercise>) -> Result<Room> {
        let context = || format!("cannot keep the room in {}", file.display());
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).with_context(context)?;
        }
        let connection = Connection::open(file).with_context(context)?;
        // A commit is in the write-ahead log before it is answered: the end of this program loses none.
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;
                 CREATE TABLE IF NOT EXISTS room (code TEXT NOT NULL, key TEXT NOT NULL);
                 CREATE TABLE IF NOT EXISTS learner (
                     id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, token TEXT NOT NULL UNIQUE,
                     at TEXT, since INTEGER, hint TEXT);
                 CREATE TABLE IF NOT EXISTS passed (
                     learner INTEGER NOT NULL REFERENCES learner ON DELETE CASCADE,
                     exercise TEXT NOT NULL, time INTEGER NOT NULL, PRIMARY KEY (learner, exercise));",
            )
            .with_context(context)?;
        let known = connection
            .query_row("SELECT code, key FROM room", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()
            .with_context(context)?;
        let (code, key) = match known {
            Some(known) => known,
            None => {
                let new = (
                    random(&LETTERS[..LETTERS.len() - 10], 6)?,
                    random(LETTERS, 32)?,
                );
                connection
                    .execute("INSERT INTO room VALUES (?1, ?2)", params![new.0, new.1])
                    .with_context(context)?;
                new
            }
        };
        Ok(Room {
            file: Mutex::new(connection),
            exercises,
            code,
            key,
            changes: watch::Sender::new(0),
        })
    }

    fn file(&self) -> MutexGuard<'_, Connection> {
        // Each change is one statement or one transaction: a panic elsewhere spoils nothing.
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the leader reads out.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// What opens the leader's page.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Told of each change.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    /// Lets somebody in, who from then on says the token that this returns.
    pub fn join(&self, code: &str, name: &str) -> Result<Result<String, Refused>> {
        if !code.trim().eq_ignore_ascii_case(&self.code) {
            return Ok(Err(Refused::Code));
        }
        let name = name.trim();
        if name.is_empty() || name.chars().count() > NAME || name.chars().any(char::is_control) {
            return Ok(Err(Refused::Name));
        }
        let token = random(LETTERS, 32)?;
        {
            let file = self.file();
            let seats: u32 =
                file.query_row("SELECT count(*) FROM learner", [], |row| row.get(0))?;
            if seats >= SEATS {
                return Ok(Err(Refused::Full));
            }
            let sat = file.execute(
                "INSERT INTO learner (name, token) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING",
                params![name, token],
            )?;
            if sat == 0 {
                return Ok(Err(Refused::Taken));
            }
        }
        self.changed();
        Ok(Ok(token))
    }

    /// Whether the course has this exercise.
    pub fn has(&self, exercise: &str) -> bool {
        self.exercises.iter().any(|known| known.slug == exercise)
    }

    /// Notes a result; false if nobody has this token.
    pub fn result(&self, token: &str, exercise: &str, result: &Outcome) -> Result<bool> {
        let now = seconds();
        {
            let mut file = self.file();
            let change = file.transaction()?;
            let learner: Option<(i64, Option<String>, Option<i64>)> = change
                .query_row(
                    "SELECT id, at, since FROM learner WHERE token = ?1",
                    [token],
                    |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
                )
                .optional()?;
            let Some((id, at, since)) = learner else {
                return Ok(false);
            };
            // Who tries the same exercise again has been at it since the first try.
            let same = at.as_deref() == Some(exercise);
            let (since, hint) = match result {
                Outcome::Passed => (None, None),
                Outcome::Failed(hint) => (since.filter(|_| same).or(Some(now)), Some(hint)),
            };
            change.execute(
                "UPDATE learner SET at = ?2, since = ?3, hint = ?4 WHERE id = ?1",
                params![id, exercise, since, hint],
            )?;
            if *result == Outcome::Passed {
                change.execute(
                    "INSERT OR IGNORE INTO passed VALUES (?1, ?2, ?3)",
                    params![id, exercise, now],
                )?;
            }
            change.commit()?;
        }
        self.changed();
        Ok(true)
    }

    /// Takes somebody's entry away; false if nobody has this token.
    pub fn leave(&self, token: &str) -> Result<bool> {
        let gone = self
            .file()
            .execute("DELETE FROM learner WHERE token = ?1", [token])?;
        if gone > 0 {
            self.changed();
        }
        Ok(gone > 0)
    }

    /// The room as it is.
    pub fn view(&self) -> Result<View> {
        let now = seconds();
        let file = self.file();
        let mut passed: BTreeMap<i64, Vec<String>> = BTreeMap::new();
        let mut statement =
            file.prepare_cached("SELECT learner, exercise FROM passed ORDER BY learner, exercise")?;
        for row in statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))? {
            let (learner, exercise) = row?;
            passed.entry(learner).or_default().push(exercise);
        }
        let standing = |exercise: &Exercise| {
            let of = passed
                .values()
                .filter(|passed| passed.contains(&exercise.slug));
            Standing {
                exercise: exercise.clone(),
                passed: u32::try_from(of.count()).unwrap_or(u32::MAX),
            }
        };
        let exercises = self.exercises.iter().map(standing).collect();
        let mut statement = file.prepare_cached(
            "SELECT id, name, at, since, hint FROM learner ORDER BY name COLLATE NOCASE, name",
        )?;
        let learners = statement.query_map([], |row| {
            let id: i64 = row.get(0)?;
            let since: Option<i64> = row.get(3)?;
            Ok(Learner {
                name: row.get(1)?,
                at: row.get(2)?,
                hint: row.get(4)?,
                trying: since.map(|since| u64::try_from(now - since).unwrap_or(0)),
                passed: passed.get(&id).cloned().unwrap_or_default(),
            })
        })?;
        Ok(View {
            code: self.code.clone(),
            exercises,
            learners: learners.collect::<rusqlite::Result<_>>()?,
        })
    }
}

/// Letters that sound and look different when they are read out; ten digits behind them for what nobody reads out.
const LETTERS: &[u8] = b"ABCDEFGHJKMNPQRSTUVWXYZ0123456789";

/// So many letters that nobody can guess.
fn random(letters: &[u8], count: usize) -> Result<String> {
    let mut word = String::new();
    while word.len() < count {
        let mut byte = [0];
        getrandom::fill(&mut byte)
            .map_err(|error| anyhow::anyhow!("no random numbers: {error}"))?;
        // Those beyond the last whole round would make the first letters likelier.
        let rounds = 256 / letters.len() * letters.len();
        if usize::from(byte[0]) < rounds {
            word.push(char::from(letters[usize::from(byte[0]) % letters.len()]));
        }
    }
    Ok(word)
}

fn seconds() -> i64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exercises() -> Vec<Exercise> {
        let exercise = |slug: &str| Exercise {
            slug: slug.into(),
            title: slug.to_uppercase(),
        };
        vec![exercise("01-a"), exercise("02-b")]
    }

    #[test]
    fn a_restart_loses_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("below/room.sqlite");
        let room = Room::open(&file, exercises()).unwrap();
        let (code, key) = (room.code().to_owned(), room.key().to_owned());
        let ada = room.join(&code.to_lowercase(), " Ada ").unwrap().unwrap();
        let bob = room.join(&code, "Bob").unwrap().unwrap();
        assert!(room.result(&ada, "01-a", &Outcome::Passed).unwrap());
        assert!(
            room.result(&ada, "02-b", &Outcome::Failed("137".into()))
                .unwrap()
        );
        assert!(room.result(&bob, "01-a", &Outcome::Passed).unwrap());
        assert!(room.leave(&bob).unwrap());
        drop(room);
        let room = Room::open(&file, exercises()).unwrap();
        assert_eq!((room.code(), room.key()), (code.as_str(), key.as_str()));
        let view = room.view().unwrap();
        let passed: Vec<u32> = view
            .exercises
            .iter()
            .map(|standing| standing.passed)
            .collect();
        assert_eq!(passed, [1, 0]);
        assert_eq!(view.learners.len(), 1);
        let learner = &view.learners[0];
        assert_eq!(
            (learner.name.as_str(), learner.at.as_deref()),
            ("Ada", Some("02-b"))
        );
        assert_eq!(learner.hint.as_deref(), Some("137"));
        assert_eq!(learner.passed, ["01-a"]);
        assert!(learner.trying.is_some());
        // Who has left is nobody.
        assert!(!room.result(&bob, "01-a", &Outcome::Passed).unwrap());
        assert!(room.result(&ada, "02-b", &Outcome::Passed).unwrap());
        assert_eq!(room.view().unwrap().learners[0].trying, None);
    }

    #[test]
    fn nobody_is_let_in_without_the_code_or_under_anothers_name() {
        let folder = tempfile::tempdir().unwrap();
        let room = Room::open(&folder.path().join("room"), exercises()).unwrap();
        let code = room.code().to_owned();
        assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_uppercase()));
        let join = |code: &str, name: &str| room.join(code, name).unwrap().err();
        assert_eq!(join("AAAAAAA", "Eve"), Some(Refused::Code));
        assert_eq!(join("", "Eve"), Some(Refused::Code));
        for name in ["", "  ", "a\u{1b}[2J", &"x".repeat(41)] {
            assert_eq!(join(&code, name), Some(Refused::Name), "{name:?}");
        }
        assert_eq!(join(&code, "Ada"), None);
        assert_eq!(join(&code, "Ada "), Some(Refused::Taken));
        assert_eq!(join(&code, &"é".repeat(40)), None);
    }
}
