//! What a client and the monitor say to each other over their socket: a kind, a length, the bytes.

use std::io::{self, Read, Write};

/// What the bytes of a frame are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// Client: for the container's standard input.
    Stdin,
    /// Client: standard input has ended.
    Eof,
    /// Client: the terminal has a new size: rows and columns, two bytes each.
    Resize,
    /// Client: send this signal to PID 1: four bytes.
    Signal,
    /// Monitor: PID 1 runs.
    Started,
    /// Monitor: PID 1 could not be started: a `StartError` as JSON.
    Failed,
    /// Monitor: so many bytes of the input are out of the way: a `usize`. See [`WINDOW`].
    Taken,
    /// Monitor: the container wrote this.
    Stdout,
    Stderr,
    /// Monitor: all is over, and this is the exit code: one byte.
    Exit,
}

const KINDS: [Kind; 10] = [
    Kind::Stdin,
    Kind::Eof,
    Kind::Resize,
    Kind::Signal,
    Kind::Started,
    Kind::Failed,
    Kind::Taken,
    Kind::Stdout,
    Kind::Stderr,
    Kind::Exit,
];

/// How much input a client may have on the way. So the monitor can read all that comes, however long the
/// container does not read, and a signal never stands behind input that nobody takes.
pub(crate) const WINDOW: usize = 1 << 16;

/// Kind and length.
const HEADER: usize = 5;
/// No frame is longer: a guard against a peer that speaks another language.
const LIMIT: usize = 1 << 20;

/// A frame as bytes.
pub(crate) fn encode(kind: Kind, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    let mut out = Vec::with_capacity(HEADER + body.len());
    out.push(kind as u8);
    out.extend(length.to_le_bytes());
    out.extend(body);
    out
}

/// Writes a frame.
pub(crate) fn send(mut to: impl Write, kind: Kind, body: &[u8]) -> io::Result<()> {
    to.write_all(&encode(kind, body))
}

/// Cuts a stream of bytes into frames.
#[derive(Debug, Default)]
pub(crate) struct Decoder(Vec<u8>);

impl Decoder {
    /// Takes what there is to read; false at the end of the stream.
    pub(crate) fn fill(&mut self, mut from: impl Read) -> io::Result<bool> {
        let mut buffer = [0; 16 * 1024];
        let count = loop {
            match from.read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result?,
            }
        };
        self.0.extend(&buffer[..count]);
        Ok(count > 0)
    }

    /// The next frame, if all of it has come.
    pub(crate) fn next(&mut self) -> io::Result<Option<(Kind, Vec<u8>)>> {
        let Some((header, rest)) = self.0.split_first_chunk::<HEADER>() else {
            return Ok(None);
        };
        let [kind, a, b, c, d] = *header;
        let length = usize::try_from(u32::from_le_bytes([a, b, c, d])).unwrap_or(usize::MAX);
        let kind = KINDS.get(usize::from(kind)).filter(|_| length <= LIMIT);
        let kind = *kind.ok_or_else(|| io::Error::other("not a frame"))?;
        if rest.len() < length {
            return Ok(None);
        }
        let body = rest[..length].to_vec();
        self.0.drain(..HEADER + length);
        Ok(Some((kind, body)))
    }

    /// Waits for the next frame; `None` at the end of the stream.
    pub(crate) fn wait(&mut self, mut from: impl Read) -> io::Result<Option<(Kind, Vec<u8>)>> {
        loop {
            if let Some(frame) = self.next()? {
                return Ok(Some(frame));
            }
            if !self.fill(&mut from)? {
                return Ok(None);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_survive_being_cut_anywhere() {
        let mut bytes = encode(Kind::Stdout, b"hello");
        bytes.extend(encode(Kind::Eof, b""));
        for cut in 0..bytes.len() {
            let mut decoder = Decoder::default();
            decoder.fill(&bytes[..cut]).expect("a slice");
            let mut found = Vec::new();
            while let Some(frame) = decoder.next().expect("frames") {
                found.push(frame);
            }
            decoder.fill(&bytes[cut..]).expect("a slice");
            while let Some(frame) = decoder.next().expect("frames") {
                found.push(frame);
            }
            assert_eq!(
                found,
                [(Kind::Stdout, b"hello".to_vec()), (Kind::Eof, Vec::new())]
            );
        }
    }

    #[test]
    fn kinds_are_their_own_numbers() {
        for (number, kind) in KINDS.iter().enumerate() {
            assert_eq!(*kind as usize, number);
        }
    }

    #[test]
    fn rubbish_is_an_error() {
        let mut decoder = Decoder::default();
        decoder.fill(&b"GET / HTTP/1.1"[..]).expect("a slice");
        assert!(decoder.next().is_err());
    }
}
