//! Names and connections that fail: ours until shown otherwise, tried again, told with their usual cause.

use std::net::SocketAddr;
use std::time::Duration;

use greenlight_prober::{Limits, Load, Obstacle, Overrides, Phase, Prober, Stopped};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use super::support::{
    Nobody, answer, any, endpoint, get, hasty, never, nobody, patient, prober, unreachable,
};

/// A listener that accepts nothing, with a queue of connections that is full, so that one more is never answered.
struct Full {
    address: SocketAddr,
    _listener: TcpListener,
    _queue: Vec<TcpStream>,
}

async fn full() -> Full {
    let Nobody { address, socket } = nobody();
    let listener = socket.listen(1).unwrap();
    let mut queue = Vec::new();
    while let Ok(Ok(stream)) =
        tokio::time::timeout(Duration::from_millis(300), TcpStream::connect(address)).await
    {
        queue.push(stream);
        assert!(queue.len() < 100, "the queue of connections never fills");
    }
    Full { address, _listener: listener, _queue: queue }
}

#[tokio::test]
async fn a_refused_connection_is_tried_again() {
    let Nobody { address, socket: _socket } = nobody();
    let found =
        unreachable(prober(&format!("http://{address}"), patient()).send(&get(), never()).await.unwrap());
    assert_eq!((&found.obstacle, found.phase(), found.attempts), (&Obstacle::Refused, Phase::Connect, 3));
    assert_eq!((&found.tried[..], found.cut_short), (&[address][..], false));
    let words = found.to_string();
    assert!(words.starts_with(&format!("cannot reach {address} (connect phase, 3 attempts)")), "{words}");
    assert!(words.contains("refused; usually nothing listens on that port"), "{words}");
}

#[tokio::test]
async fn a_connection_that_is_refused_at_first() {
    let Nobody { address, socket } = nobody();
    let prober = prober(&format!("http://{address}"), Limits { attempts: 1000, ..patient() });
    let request = get();
    let asked = prober.send(&request, never());
    let served = async {
        let listener = socket.listen(1).unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        stream.writable().await.unwrap();
        stream.try_write(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
        stream
    };
    // The probe is polled first, so its first attempt finds nobody.
    let (reply, _stream) = tokio::join!(biased; asked, served);
    assert_eq!(answer(reply.unwrap()).status, 204);
}

#[tokio::test]
async fn a_connection_that_is_never_accepted() {
    let full = full().await;
    let limits = Limits { attempts: 2, ..hasty() };
    let prober = prober(&format!("http://{}", full.address), limits);
    let found = unreachable(prober.send(&get(), never()).await.unwrap());
    assert!(
        matches!(found.obstacle, Obstacle::ConnectTimedOut { after } if after >= hasty().connect_timeout)
    );
    assert_eq!(found.attempts, 2);
    assert!(found.to_string().contains("usually a security group"), "{found}");
}

#[tokio::test]
async fn a_name_that_is_none() {
    // Longer than a name can be, so that no resolver asks anybody.
    let overrides = Overrides { connect_to: Some(("x".repeat(300), 80)), ..Overrides::default() };
    let prober = Prober::new(endpoint("http://orders.example.com", &overrides), patient());
    let found = unreachable(prober.send(&get(), never()).await.unwrap());
    assert!(matches!(found.obstacle, Obstacle::NameUnknown { .. }), "{found}");
    assert_eq!((found.phase(), found.attempts, found.tried.len()), (Phase::Name, 3, 0));
    assert!(found.to_string().contains("private hosted zone"), "{found}");
}

#[tokio::test]
async fn every_address_of_a_name_is_tried_and_the_last_one_named() {
    let Nobody { address, socket: _socket } = nobody();
    let url = format!("http://localhost:{}", address.port());
    let found = unreachable(prober(&url, patient()).send(&get(), never()).await.unwrap());
    assert!(found.tried.contains(&address), "{:?}", found.tried);
    let last = found.tried.last().unwrap();
    assert!(found.to_string().contains(&format!("localhost:{} at {last}", address.port())), "{found}");
}

#[tokio::test]
async fn the_deadline_ends_the_trying() {
    let limits = Limits { attempts: 1000, backoff: Duration::from_secs(30), ..patient() };
    let nobody = nobody();
    let prober = prober(&format!("http://{}", nobody.address), limits);
    let deadline = Instant::now() + Duration::from_secs(10);
    let found = unreachable(prober.send(&get(), deadline).await.unwrap());
    // A pause that would outlast the deadline is not begun.
    assert!(Instant::now() < deadline);
    assert_eq!((found.attempts, found.cut_short), (1, true));
    assert!(found.to_string().contains("1 attempt, cut short by the deadline"), "{found}");
}

#[tokio::test]
async fn the_deadline_ends_an_attempt() {
    let full = full().await;
    let prober = prober(&format!("http://{}", full.address), patient());
    let began = Instant::now();
    let found = unreachable(prober.send(&get(), began + Duration::from_millis(200)).await.unwrap());
    assert!(began.elapsed() < patient().connect_timeout, "{:?}", began.elapsed());
    assert!(matches!(found.obstacle, Obstacle::ConnectTimedOut { .. }), "{found}");
    assert!(found.cut_short);
}

#[tokio::test]
async fn a_target_out_of_reach_is_not_hammered() {
    let nobody = nobody();
    let prober = prober(&format!("http://{}", nobody.address), Limits { attempts: 1, ..patient() });
    let load = Load { requests: 1_000_000, concurrency: 4, deadline: never() };
    let tally = prober.run(&get(), load, any).await;
    assert_eq!((tally.stopped, tally.judged(), tally.unfinished), (Some(Stopped::Unreachable), 0, 0));
    assert!((4..=8).contains(&tally.unreachable.count()), "{}", tally.unreachable.count());
    assert_eq!(tally.unreachable.first().unwrap().obstacle, Obstacle::Refused);
    assert_eq!((tally.connects.count, tally.latency.count()), (0, 0));
}
