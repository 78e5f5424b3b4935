// SPDX-License-Identifier: BSD-2-Clause
//! A peer for TAs that speak to the network: busybox' nc has no UDP.

use std::io;
use std::net::UdpSocket;
use std::process::ExitCode;

/// Bytes that a datagram may have.
const LONGEST: usize = 64 << 10;

/// Sends every datagram that comes to this port of the machine back, for ever; says first that it is there.
pub(crate) fn echo_udp(port: &str) -> ExitCode {
    let served = || -> io::Result<()> {
        let port = port.parse().map_err(|_| io::Error::other("no port"))?;
        let socket = UdpSocket::bind(("127.0.0.1", port))?;
        println!("{port}");
        let mut bytes = vec![0; LONGEST];
        loop {
            let (len, from) = socket.recv_from(&mut bytes)?;
            socket.send_to(bytes.get(..len).unwrap_or_default(), from)?;
        }
    };
    if let Err(error) = served() {
        eprintln!("echo-udp {port}: {error}");
    }
    ExitCode::FAILURE
}
