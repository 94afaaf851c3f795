//! What a client and the monitor say to each other over their socket. On the wire a message is its number, a length,
//! the bytes; in the program it is an enum with its data, and this file is the only one that knows both.

use std::borrow::Cow;
use std::io::{self, Read, Write};
use std::marker::PhantomData;

use crate::error::StartError;

/// What a client says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FromClient {
    /// What it came for; first of all.
    Hello(Wants),
    /// For the container's standard input.
    Stdin(Vec<u8>),
    /// Standard input has ended.
    Eof,
    /// The terminal has a new size.
    Resize(Size),
    /// Send this signal to PID 1.
    Signal(i32),
}

/// What the monitor says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FromMonitor {
    /// PID 1 runs.
    Started,
    /// PID 1 could not be started.
    Failed(StartError),
    /// So many bytes of the input are out of the way. See [`WINDOW`].
    Taken(u64),
    /// The container wrote this.
    Stdout(Vec<u8>),
    /// The same, to its standard error.
    Stderr(Vec<u8>),
    /// PID 1 has ended with this code, and everything that it wrote was sent before. A restart policy may start
    /// another one.
    Exit(u8),
}

/// What a client wants of a monitor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Wants {
    /// To hear that PID 1 runs. One that sees its output sees that, too.
    pub(crate) start: bool,
    /// To see what the container writes. One that only waits must never make it wait.
    pub(crate) output: bool,
    /// To be the container's standard input, which then ends with it, whether it writes or not.
    pub(crate) input: bool,
}

/// The size of a terminal, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) rows: u16,
    pub(crate) columns: u16,
}

/// How much input a client may have on the way. So the monitor can read all that comes, however long the
/// container does not read, and a signal never stands behind input that nobody takes.
pub(crate) const WINDOW: usize = 1 << 16;

/// Number and length.
const HEADER: usize = 5;
/// No message is longer: a guard against a peer that speaks another language.
const LIMIT: usize = 1 << 20;

/// One direction of the conversation.
pub(crate) trait Message: Sized {
    /// Its number, and its data as bytes.
    fn parts(&self) -> (u8, Cow<'_, [u8]>);
    /// The message that [`Message::parts`] took apart; `None` if there is no such.
    fn from_parts(number: u8, body: &[u8]) -> Option<Self>;
}

impl Message for FromClient {
    fn parts(&self) -> (u8, Cow<'_, [u8]>) {
        match self {
            Self::Hello(wants) => {
                let Wants {
                    start,
                    output,
                    input,
                } = *wants;
                (0, [start, output, input].map(u8::from).to_vec().into())
            }
            Self::Stdin(bytes) => (1, bytes.into()),
            Self::Eof => (2, Cow::default()),
            Self::Resize(Size { rows, columns }) => {
                let both = [rows.to_le_bytes(), columns.to_le_bytes()];
                (3, both.concat().into())
            }
            Self::Signal(number) => (4, number.to_le_bytes().to_vec().into()),
        }
    }

    fn from_parts(number: u8, body: &[u8]) -> Option<Self> {
        Some(match (number, body) {
            (0, &[start, output, input]) => Self::Hello(Wants {
                start: start != 0,
                output: output != 0,
                input: input != 0,
            }),
            (1, bytes) => Self::Stdin(bytes.to_vec()),
            (2, []) => Self::Eof,
            (3, &[a, b, c, d]) => Self::Resize(Size {
                rows: u16::from_le_bytes([a, b]),
                columns: u16::from_le_bytes([c, d]),
            }),
            (4, number) => Self::Signal(i32::from_le_bytes(number.try_into().ok()?)),
            _ => return None,
        })
    }
}

impl Message for FromMonitor {
    fn parts(&self) -> (u8, Cow<'_, [u8]>) {
        match self {
            Self::Started => (0, Cow::default()),
            Self::Failed(error) => {
                let mut body = vec![error.code];
                body.extend(error.message.bytes());
                (1, body.into())
            }
            Self::Taken(count) => (2, count.to_le_bytes().to_vec().into()),
            Self::Stdout(bytes) => (3, bytes.into()),
            Self::Stderr(bytes) => (4, bytes.into()),
            Self::Exit(code) => (5, vec![*code].into()),
        }
    }

    fn from_parts(number: u8, body: &[u8]) -> Option<Self> {
        Some(match (number, body) {
            (0, []) => Self::Started,
            (1, [code, message @ ..]) => Self::Failed(StartError {
                code: *code,
                message: String::from_utf8_lossy(message).into_owned(),
            }),
            (2, count) => Self::Taken(u64::from_le_bytes(count.try_into().ok()?)),
            (3, bytes) => Self::Stdout(bytes.to_vec()),
            (4, bytes) => Self::Stderr(bytes.to_vec()),
            (5, &[code]) => Self::Exit(code),
            _ => return None,
        })
    }
}

/// A message as it goes over the wire.
pub(crate) fn encode(message: &impl Message) -> Vec<u8> {
    let (number, body) = message.parts();
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    let mut out = Vec::with_capacity(HEADER + body.len());
    out.push(number);
    out.extend(length.to_le_bytes());
    out.extend(body.iter());
    out
}

/// Writes a message.
pub(crate) fn send(mut to: impl Write, message: &impl Message) -> io::Result<()> {
    to.write_all(&encode(message))
}

/// Cuts a stream of bytes into the messages of one side.
#[derive(Debug)]
pub(crate) struct Decoder<M> {
    unread: Vec<u8>,
    side: PhantomData<M>,
}

impl<M> Default for Decoder<M> {
    fn default() -> Self {
        Self {
            unread: Vec::new(),
            side: PhantomData,
        }
    }
}

impl<M: Message> Decoder<M> {
    /// Takes what there is to read; false at the end of the stream.
    pub(crate) fn fill(&mut self, mut from: impl Read) -> io::Result<bool> {
        let mut buffer = [0; 16 * 1024];
        let count = loop {
            match from.read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result?,
            }
        };
        self.unread.extend(&buffer[..count]);
        Ok(count > 0)
    }

    /// The next message, if all of it has come.
    pub(crate) fn next(&mut self) -> io::Result<Option<M>> {
        let Some((&[number, a, b, c, d], rest)) = self.unread.split_first_chunk::<HEADER>() else {
            return Ok(None);
        };
        let foreign = || io::Error::other("the other side speaks another language");
        let length = usize::try_from(u32::from_le_bytes([a, b, c, d])).unwrap_or(usize::MAX);
        if length > LIMIT {
            return Err(foreign());
        }
        let Some(body) = rest.get(..length) else {
            return Ok(None);
        };
        let message = M::from_parts(number, body).ok_or_else(foreign)?;
        self.unread.drain(..HEADER + length);
        Ok(Some(message))
    }

    /// Waits for the next message; `None` at the end of the stream.
    pub(crate) fn wait(&mut self, mut from: impl Read) -> io::Result<Option<M>> {
        loop {
            if let Some(message) = self.next()? {
                return Ok(Some(message));
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

    /// Every message there is, with data that has a zero, a newline and a large number in it.
    fn all() -> (Vec<FromClient>, Vec<FromMonitor>) {
        let wants = Wants {
            start: true,
            output: false,
            input: true,
        };
        let size = Size {
            rows: 24,
            columns: 65535,
        };
        let error = StartError {
            code: 127,
            message: "exec: \"no such\"".into(),
        };
        (
            vec![
                FromClient::Hello(wants),
                FromClient::Stdin(b"a\0\n".to_vec()),
                FromClient::Stdin(Vec::new()),
                FromClient::Eof,
                FromClient::Resize(size),
                FromClient::Signal(64),
            ],
            vec![
                FromMonitor::Started,
                FromMonitor::Failed(error),
                FromMonitor::Taken(u64::MAX),
                FromMonitor::Stdout(b"\0out".to_vec()),
                FromMonitor::Stderr(b"err\n".to_vec()),
                FromMonitor::Exit(255),
            ],
        )
    }

    fn cut_anywhere<M: Message + std::fmt::Debug + PartialEq>(messages: &[M]) {
        let bytes: Vec<u8> = messages.iter().flat_map(encode).collect();
        for cut in 0..=bytes.len() {
            let mut decoder = Decoder::<M>::default();
            let mut found = Vec::new();
            for part in [&bytes[..cut], &bytes[cut..]] {
                decoder.fill(part).expect("a slice");
                while let Some(message) = decoder.next().expect("messages") {
                    found.push(message);
                }
            }
            assert_eq!(found, messages, "cut at {cut}");
        }
    }

    #[test]
    fn messages_survive_being_cut_anywhere() {
        let (client, monitor) = all();
        cut_anywhere(&client);
        cut_anywhere(&monitor);
    }

    #[test]
    fn rubbish_is_an_error() {
        for rubbish in [
            &b"GET / HTTP/1.1"[..], // a length beyond all bounds
            b"\x09\0\0\0\0",        // no such message
            b"\x05\0\0\0\0",        // an exit without a code
        ] {
            let mut decoder = Decoder::<FromMonitor>::default();
            decoder.fill(rubbish).expect("a slice");
            assert!(decoder.next().is_err(), "{rubbish:?}");
        }
    }
}
