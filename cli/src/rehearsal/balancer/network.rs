//! A network listener's connections: bytes to one target and back.

use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::certificates::Inside;
use super::conditions::Subject;
use super::listener::Front;
use super::log::{AnsweredBy, Entry};
use super::routing::{self, Route, Step};
use super::target::{self, Connection};

pub(super) async fn serve(front: Front, mut connection: TcpStream) {
    if !front.secure {
        if let Err(connection) = forward(&front, connection).await {
            reset(&connection);
        }
        return;
    }
    if front.site.handshakes.hang(&front.listener, &mut connection).await {
        return;
    }
    let certificates = front.certificates();
    // A client that cannot or will not shake hands is gone.
    if let Ok(connection) = front.site.certificates.accept(connection, &certificates, Inside::Bytes).await
        && let Err(connection) = forward(&front, connection).await
    {
        reset(connection.get_ref().0);
    }
}

/// Gives the connection back if there is no target to connect it to.
async fn forward<C: Connection>(front: &Front, mut connection: C) -> Result<(), C> {
    let (at, started) = (greenlight::clock::now(), Instant::now());
    let site = &front.site;
    let subject = Subject { peer: front.peer.ip(), request: None };
    let Route { rule, step } =
        site.world.look(|world| routing::route(&world.elb, &site.shares, &front.listener, &subject));
    let mut entry = Entry {
        listener: front.listener.to_string(),
        client: front.peer,
        trace: None,
        asked: None,
        rule,
        target_group: None,
        target: None,
        connected: false,
        status: None,
        answered_by: AnsweredBy::LoadBalancer,
        at,
        duration: started.elapsed(),
    };
    let mut connected = None;
    match step {
        Step::Forward { target_group, secure, target } => {
            connected = target::connect(&site.addresses, &target, secure).await.ok();
            entry.target_group = Some(target_group);
            entry.target = Some(target);
        }
        Step::NoTarget { target_group } => entry.target_group = target_group,
        // Nothing that a network listener can do.
        Step::FixedResponse { .. } | Step::Redirect { .. } | Step::Authenticate(_) => {}
    }
    entry.duration = started.elapsed();
    if connected.is_some() {
        entry.connected = true;
        entry.answered_by = AnsweredBy::Target;
    }
    site.log.add(entry);
    let Some(mut target) = connected else { return Err(connection) };
    // Whichever side breaks it off, both ends are gone now, which is all there is to tell either.
    let _ = copy_bidirectional(&mut connection, &mut target).await;
    Ok(())
}

/// What a client gets where no target takes its connection.
fn reset(connection: &TcpStream) {
    drop(connection.set_zero_linger());
}
