//! A client that sends exactly the bytes it is given.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, SystemTime};

use super::TIMEOUT;

/// A valid upgrade request; its key is the RFC's own example.
pub(crate) const UPGRADE: &str = "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";

/// The answer to it, without its `Date`: see [`RawClient::read_switching`].
pub(crate) const SWITCHING: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nConnection: Upgrade\r\n\r\n";

/// One frame with exactly these bits: FIN, RSV and opcode, then the payload, masked with zeros or not
/// masked.
pub(crate) fn frame(first: u8, payload: &[u8], masked: bool) -> Vec<u8> {
    let mut frame = vec![first];
    let mask = if masked { 0x80 } else { 0 };
    match payload.len() {
        length @ 0..=125 => frame.push(mask | length as u8),
        length @ 126..=65_535 => {
            frame.push(mask | 126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(mask | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    if masked {
        frame.extend([0; 4]);
    }
    frame.extend(payload);
    frame
}

/// A masked text frame.
pub(crate) fn text(text: &str) -> Vec<u8> {
    frame(0x81, text.as_bytes(), true)
}

/// A TCP connection.
pub(crate) struct RawClient(pub(crate) TcpStream);

impl RawClient {
    pub(crate) fn connect(address: SocketAddr) -> RawClient {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        stream.set_nodelay(true).unwrap();
        RawClient(stream)
    }

    /// A connection that has become a WebSocket.
    pub(crate) fn upgraded(address: SocketAddr) -> RawClient {
        let mut raw = RawClient::connect(address);
        raw.send(UPGRADE.as_bytes());
        assert_eq!(raw.read_switching(), SWITCHING);
        raw
    }

    /// A WebSocket that has sent hello and received welcome.
    pub(crate) fn welcomed(address: SocketAddr, user: &str) -> RawClient {
        let mut raw = RawClient::upgraded(address);
        raw.send(&text(&format!(r#"{{"type":"hello","user":"{user}"}}"#)));
        assert!(raw.read_text().starts_with(r#"{"type":"welcome""#));
        raw
    }

    /// The same with a password.
    pub(crate) fn welcomed_with(address: SocketAddr, user: &str, password: &str) -> RawClient {
        let mut raw = RawClient::upgraded(address);
        raw.send(&text(&format!(r#"{{"type":"hello","user":"{user}","password":"{password}"}}"#)));
        assert!(raw.read_text().starts_with(r#"{"type":"welcome""#));
        raw
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).unwrap();
    }

    /// Sends; the server may have closed already.
    pub(crate) fn try_send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).ok();
    }

    pub(crate) fn read_exactly(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.0.read_exact(&mut bytes).unwrap();
        bytes
    }

    /// The answer to a valid upgrade. Its `Date` must be of this minute, and is left out.
    pub(crate) fn read_switching(&mut self) -> String {
        let date = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n".len();
        let answer = String::from_utf8(self.read_exactly(SWITCHING.len() + date)).unwrap();
        let (before, rest) = answer.split_once("Date: ").expect("it has a date");
        let (date, after) = rest.split_once("\r\n").unwrap();
        let at = httpdate::parse_http_date(date).unwrap();
        let apart = SystemTime::now().duration_since(at).unwrap_or_else(|error| error.duration());
        assert!(apart < Duration::from_secs(60), "{date}");
        [before, after].concat()
    }

    /// Everything until the server closes. A reset counts as the end.
    pub(crate) fn read_to_end(&mut self) -> Vec<u8> {
        let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
        loop {
            match self.0.read(&mut chunk) {
                Ok(0) => return bytes,
                Ok(count) => bytes.extend(&chunk[..count]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return bytes,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => panic!("no end came: {error}, after {bytes:?}"),
            }
        }
    }

    /// One frame: its first byte and its payload. It must be valid for a server: unmasked, and its length in
    /// the shortest form.
    pub(crate) fn read_frame(&mut self) -> (u8, Vec<u8>) {
        let head = self.read_exactly(2);
        let length = match head[1] {
            126 => {
                let length = u16::from_be_bytes(self.read_exactly(2).try_into().unwrap());
                assert!(length > 125, "not the shortest form");
                usize::from(length)
            }
            127 => {
                let length = u64::from_be_bytes(self.read_exactly(8).try_into().unwrap());
                assert!(length > 65_535, "not the shortest form");
                usize::try_from(length).unwrap()
            }
            length => {
                assert!(length < 126, "a server must not mask");
                usize::from(length)
            }
        };
        assert_eq!(head[0] & 0x70, 0, "no extension was negotiated");
        (head[0], self.read_exactly(length))
    }

    /// The next text message.
    pub(crate) fn read_text(&mut self) -> String {
        let (first, payload) = self.read_frame();
        assert_eq!(first, 0x81, "not a text frame: {payload:?}");
        String::from_utf8(payload).unwrap()
    }

    /// Reads until a Close frame, then to the end: its code, or 1005 for none.
    pub(crate) fn read_close(&mut self) -> u16 {
        loop {
            let (first, payload) = self.read_frame();
            if first == 0x88 {
                assert_eq!(self.read_to_end(), b"", "nothing follows a Close");
                let code = payload.first_chunk().map(|code| u16::from_be_bytes(*code));
                return code.unwrap_or(1005);
            }
        }
    }

    /// Requests `path` over HTTP: the whole response.
    pub(crate) fn get(mut self, path: &str) -> String {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes());
        String::from_utf8(self.read_to_end()).unwrap()
    }

    /// The value of this metric, with these labels.
    pub(crate) fn count(self, name: &str) -> f64 {
        let page = self.get("/metrics");
        let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("{name} is not in\n{page}")).parse().unwrap()
    }

    pub(crate) fn finish_sending(&self) {
        self.0.shutdown(Shutdown::Write).unwrap();
    }
}
