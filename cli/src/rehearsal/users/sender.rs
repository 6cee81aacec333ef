//! Sends what is due.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, HOST, HeaderName, USER_AGENT};
use http::uri::PathAndQuery;
use http::{HeaderValue, Request, Uri};
use http_body_util::Empty;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::connection::{Connection, Unconnected, Way};
use super::finished::NoAnswer;
use super::ledger::{Key, Ledger};
use super::schedule::{Due, Schedule};
use super::settings::Settings;
use crate::rehearsal::clock::Clock;

const NAME: HeaderValue = HeaderValue::from_static("greenlight-users");
const TRACE: HeaderName = HeaderName::from_static("x-amzn-trace-id");

/// From one look at the schedule to the next at least: timers are no finer, and what has become due
/// meanwhile is sent at once.
const PAUSE: Duration = Duration::from_millis(2);

pub(super) struct Sender {
    clock: Clock,
    rate: f64,
    most_per_second: u32,
    most_at_once: usize,
    users: Arc<All>,
}

/// What all users share.
struct All {
    way: Way,
    network: bool,
    host: HeaderValue,
    paths: Vec<PathAndQuery>,
    patience: Duration,
    /// Connections that wait for a request.
    idle: Mutex<Vec<Connection>>,
    ledger: Arc<Ledger>,
}

/// Why a request has no answer.
enum Failed {
    NoAnswer(NoAnswer),
    /// It was never sent.
    NoPort,
}

impl Sender {
    pub(super) fn new(settings: Settings) -> (Self, Arc<Ledger>) {
        let Settings { clock, network, log, colours, .. } = settings;
        let ledger = Arc::new(Ledger::new(clock.clone(), log, colours, network));
        let users = Arc::new(All {
            way: Way::new(settings.address, settings.tls),
            network,
            host: settings.host,
            paths: settings.paths,
            patience: settings.patience,
            idle: Mutex::default(),
            ledger: ledger.clone(),
        });
        let Settings { rate, most_per_second, most_at_once, .. } = settings;
        (Self { clock, rate, most_per_second, most_at_once, users }, ledger)
    }

    pub(super) async fn run(self, mut stopped: oneshot::Receiver<()>) {
        let mut schedule =
            Schedule::new(self.rate, self.most_per_second, self.clock.elapsed(), Instant::now());
        // Dropped with this future, which ends all that is under way.
        let mut under_way = JoinSet::new();
        let mut turn = 0_usize;
        while let Some(next) = schedule.next() {
            tokio::select! {
                biased;
                _ = &mut stopped => break,
                _ = async { tokio::join!(self.clock.sleep_until(next), sleep(PAUSE)) } => {}
            }
            while under_way.try_join_next().is_some() {}
            let free = self.most_at_once.saturating_sub(under_way.len());
            let Due { asked, sent } = schedule.due(self.clock.elapsed(), Instant::now(), free);
            self.users.ledger.asked(asked, sent);
            for _ in 0..sent {
                under_way.spawn(self.users.clone().ask(turn));
                turn = turn.wrapping_add(1);
            }
        }
        if schedule.next().is_none() {
            let _ = stopped.await;
        }
        while under_way.join_next().await.is_some() {}
    }
}

impl All {
    async fn ask(self: Arc<Self>, turn: usize) {
        let began = Instant::now();
        let (trace, header) = self.ledger.begin();
        // A network listener reads no traces, and an application listener shares connections.
        let mut key = (!self.network).then_some(trace);
        let exchange = timeout(self.patience, self.exchange(self.request(turn, header), &mut key)).await;
        let answer = match exchange {
            Ok(Ok(status)) => Ok(status),
            Ok(Err(Failed::NoPort)) => return self.ledger.unsent(),
            Ok(Err(Failed::NoAnswer(reason))) => Err(reason),
            Err(_) => Err(NoAnswer::TimedOut),
        };
        self.ledger.finish(key, answer, began.elapsed()).await;
    }

    async fn exchange(
        &self,
        mut request: Request<Empty<Bytes>>,
        key: &mut Option<Key>,
    ) -> Result<u16, Failed> {
        while let Some(mut connection) = self.idle() {
            if !connection.is_ready().await {
                continue;
            }
            match connection.exchange(request).await {
                Ok(answer) => return self.keep(connection, answer),
                Err(unsent) => request = unsent,
            }
        }
        let end_of_log = self.ledger.end_of_log();
        let (connection, client) = self.way.connect().await?;
        if self.network {
            *key = Some(Key::Client(client, end_of_log));
        }
        let mut connection = self.way.open(connection).await?;
        match connection.exchange(request).await {
            Ok(answer) => self.keep(connection, answer),
            Err(_) => Err(Failed::NoAnswer(NoAnswer::CutOff)),
        }
    }

    fn request(&self, turn: usize, trace: HeaderValue) -> Request<Empty<Bytes>> {
        let path = turn.checked_rem(self.paths.len()).and_then(|turn| self.paths.get(turn));
        let mut request = Request::new(Empty::new());
        *request.uri_mut() = path.map_or_else(|| Uri::from_static("/"), |path| Uri::from(path.clone()));
        let headers = request.headers_mut();
        headers.insert(HOST, self.host.clone());
        headers.insert(USER_AGENT, NAME);
        headers.insert(TRACE, trace);
        if self.network {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        request
    }

    fn idle(&self) -> Option<Connection> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Keeps a connection that has carried a whole answer.
    fn keep(&self, connection: Connection, answer: Result<u16, NoAnswer>) -> Result<u16, Failed> {
        let status = answer?;
        if !self.network {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
        Ok(status)
    }
}

impl From<NoAnswer> for Failed {
    fn from(reason: NoAnswer) -> Self {
        Self::NoAnswer(reason)
    }
}

impl From<Unconnected> for Failed {
    fn from(unconnected: Unconnected) -> Self {
        match unconnected {
            Unconnected::NoAnswer(reason) => Self::NoAnswer(reason),
            Unconnected::NoPort => Self::NoPort,
        }
    }
}
