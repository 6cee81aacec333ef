//! A listener's socket and what is spoken on it.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use super::Site;
use super::certificates::Certificates;
use super::{application, network};
use crate::rehearsal::aws::elb;

pub(super) struct Listening {
    pub(super) arn: Arc<str>,
    pub(super) address: SocketAddr,
    kind: Kind,
    /// Whether it ends TLS.
    secure: bool,
    socket: TcpListener,
}

#[derive(Clone, Copy)]
enum Kind {
    Application,
    Network,
}

/// One connection to a listener.
#[derive(Clone)]
pub(super) struct Front {
    pub(super) site: Arc<Site>,
    pub(super) listener: Arc<str>,
    /// Where the listener is.
    pub(super) address: SocketAddr,
    /// Who is connected.
    pub(super) peer: SocketAddr,
    pub(super) secure: bool,
}

impl Listening {
    /// None for a listener that is not served.
    pub(super) async fn bind(
        listener: &elb::Listener,
        certificates: &Certificates,
    ) -> io::Result<Option<Self>> {
        let (kind, secure) = match listener.protocol.as_str() {
            "HTTP" => (Kind::Application, false),
            "HTTPS" => (Kind::Application, true),
            "TCP" | "TCP_UDP" => (Kind::Network, false),
            "TLS" => (Kind::Network, true),
            "UDP" => return Ok(None),
            other => {
                return Err(io::Error::new(
                    ErrorKind::Unsupported,
                    format!(
                        "the listener `{}` speaks `{other}`; it can be HTTP, HTTPS, TCP, TLS, UDP or TCP_UDP",
                        listener.arn
                    ),
                ));
            }
        };
        if secure {
            certificates.suffice(listener)?;
        }
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = socket.local_addr()?;
        Ok(Some(Self { arn: listener.arn.as_str().into(), address, kind, secure, socket }))
    }

    pub(super) async fn serve(self, site: Arc<Site>) {
        loop {
            let Ok((connection, peer)) = self.socket.accept().await else {
                // Out of descriptors, most likely; some come back when connections end.
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            };
            // Small answers must not wait for more. A connection that refuses the option is served all the same.
            drop(connection.set_nodelay(true));
            let front = Front {
                site: site.clone(),
                listener: self.arn.clone(),
                address: self.address,
                peer,
                secure: self.secure,
            };
            match self.kind {
                Kind::Application => site.tasks.spawn(application::serve(front, connection)),
                Kind::Network => site.tasks.spawn(network::serve(front, connection)),
            }
        }
    }
}

impl Front {
    pub(super) fn protocol(&self) -> &'static str {
        if self.secure { "https" } else { "http" }
    }

    /// The certificates that the listener has now, the default one first.
    pub(super) fn certificates(&self) -> Vec<String> {
        self.site.world.look(|world| {
            let listener = world.elb.listeners.iter().find(|known| known.arn == *self.listener);
            listener.map(|listener| listener.certificates.clone()).unwrap_or_default()
        })
    }
}
