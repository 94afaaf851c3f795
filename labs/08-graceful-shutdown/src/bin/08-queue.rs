//! What becomes of connections that wait in a listening socket's queue when a server ends: with two
//! sockets on one port, and with two descriptors of one socket.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

const CLIENTS: usize = 100;

// ANCHOR: main
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let old = listen((Ipv4Addr::LOCALHOST, 0).into())?;
    let new = listen(old.local_addr()?)?;
    let lost = reset(old, new).await?;
    println!("two sockets, SO_REUSEPORT: {lost} of {CLIENTS} reset");

    let old = listen((Ipv4Addr::LOCALHOST, 0).into())?.into_std()?;
    let new = TcpListener::from_std(old.try_clone()?)?;
    let lost = reset(TcpListener::from_std(old)?, new).await?;
    println!("two descriptors, one socket: {lost} of {CLIENTS} reset");
    Ok(())
}

fn listen(address: SocketAddr) -> Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseport(true)?;
    socket.bind(address)?;
    Ok(socket.listen(1024)?)
}

/// Clients connect: the kernel completes the handshake and queues them. Then the
/// old server ends, and the new one serves whoever is left.
async fn reset(old: TcpListener, new: TcpListener) -> Result<usize> {
    let address = new.local_addr()?;
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        clients.push(TcpStream::connect(address).await?);
    }
    drop(old);

    let server = tokio::spawn(async move {
        while let Ok((mut client, _)) = new.accept().await {
            client.write_all(b"!").await?;
        }
        anyhow::Ok(())
    });
    let mut lost = 0;
    for mut client in clients {
        lost += usize::from(client.read_u8().await.is_err());
    }
    server.abort();
    Ok(lost)
}
// ANCHOR_END: main
