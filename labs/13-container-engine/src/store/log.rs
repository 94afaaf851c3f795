//! The container's log: what it wrote, line by line, as Docker's json-file keeps it.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::time::{Nanos, fixed, now, read_fixed};

/// One line of a log.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// With its newline, if it had one.
    pub(crate) log: String,
    /// `stdout` or `stderr`.
    pub(crate) stream: String,
    pub(crate) time: String,
}

impl Entry {
    pub(crate) fn nanos(&self) -> Nanos {
        read_fixed(&self.time).unwrap_or_default()
    }
}

/// A line is cut here even if it goes on: as Docker's.
const LONGEST: usize = 16 * 1024;

/// Appends to a log, whole lines only.
#[derive(Debug)]
pub(crate) struct Writer {
    path: PathBuf,
    /// Opened when there is something to write.
    file: Option<File>,
    /// What came of a line that has not ended, for stdout and for stderr.
    partial: [Vec<u8>; 2],
}

impl Writer {
    /// For the log at `path`.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self {
            path,
            file: None,
            partial: Default::default(),
        }
    }

    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let file = match self.file.take() {
            Some(file) => file,
            None => OpenOptions::new()
                .append(true)
                .create(true)
                .open(&self.path)?,
        };
        self.file.insert(file).write_all(lines)
    }

    /// Takes what the container wrote; `stderr` tells which stream.
    pub(crate) fn write(&mut self, stderr: bool, mut bytes: &[u8]) -> io::Result<()> {
        let mut out = Vec::new();
        let partial = &mut self.partial[usize::from(stderr)];
        while !bytes.is_empty() {
            let room = LONGEST.saturating_sub(partial.len()).min(bytes.len());
            let newline = bytes[..room].iter().position(|byte| *byte == b'\n');
            let (now, later) = bytes.split_at(newline.map_or(room, |at| at + 1));
            partial.extend(now);
            bytes = later;
            if newline.is_some() || partial.len() >= LONGEST {
                entry(&mut out, stderr, partial)?;
                partial.clear();
            }
        }
        self.append(&out)
    }

    /// Writes what is left of lines without end.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        let mut out = Vec::new();
        for (stderr, partial) in [false, true].into_iter().zip(&mut self.partial) {
            if !partial.is_empty() {
                entry(&mut out, stderr, partial)?;
                partial.clear();
            }
        }
        self.append(&out)
    }
}

fn entry(out: &mut Vec<u8>, stderr: bool, bytes: &[u8]) -> io::Result<()> {
    let stream = if stderr { "stderr" } else { "stdout" };
    let log = String::from_utf8_lossy(bytes).into_owned();
    serde_json::to_writer(
        &mut *out,
        &Entry {
            log,
            stream: stream.into(),
            time: fixed(now()),
        },
    )?;
    out.push(b'\n');
    Ok(())
}

/// Reads a log that may still grow.
#[derive(Debug)]
pub(crate) struct Reader {
    file: BufReader<File>,
    line: Vec<u8>,
}

impl Reader {
    /// Opens the log at its start.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self {
            file: BufReader::new(File::open(path)?),
            line: Vec::new(),
        })
    }

    /// The next entry; `None` when there is none yet.
    pub(crate) fn next(&mut self) -> io::Result<Option<Entry>> {
        loop {
            self.file.read_until(b'\n', &mut self.line)?;
            // Half a line: the writer is at it. Keep it, and go on from there next time.
            if self.line.last() != Some(&b'\n') {
                return Ok(None);
            }
            // A full disk, or SIGKILL, may have cut a line off, and the next one follows at once: both are lost.
            let entry = serde_json::from_slice(&self.line);
            self.line.clear();
            if let Ok(entry) = entry {
                return Ok(Some(entry));
            }
        }
    }
}
