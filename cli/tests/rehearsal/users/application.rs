//! Users before an application listener.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use greenlight_cli::rehearsal::Colour::{Blue, Green};
use greenlight_cli::rehearsal::application::Application;
use greenlight_cli::rehearsal::aws::elb::Condition;
use greenlight_cli::rehearsal::users::{NoAnswer, Settings, Side, Users};
use tokio::io::AsyncReadExt;

use super::support::{answered, of, seen, settings};
use crate::balancer::support::soon;
use crate::balancer::support::target::{answering, nobody, server};
use crate::balancer::support::world::{Served, fixed, forward, group, listener, rule, target};

const ERROR: &[u8] = b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 3\r\n\r\nno\n";

async fn blue() -> Application {
    Application::start(IpAddr::V4(Ipv4Addr::LOCALHOST), "1.0").await.unwrap()
}

async fn served(blue: SocketAddr, green: SocketAddr, weights: [u32; 2]) -> Served {
    Served::start(|elb| {
        elb.listeners.push(listener("HTTP", forward(&[("blue", weights[0]), ("green", weights[1])])));
        elb.target_groups.push(group("blue", vec![target(blue, "healthy")]));
        elb.target_groups.push(group("green", vec![target(green, "healthy")]));
    })
    .await
}

#[tokio::test]
async fn every_tenth_request_is_greens_where_green_has_ten_percent() {
    let (blue, green) = (blue().await, blue().await);
    let served = served(blue.address(), green.address(), [90, 10]).await;
    let seen = seen(&served, settings(&served), 100).await;
    assert_eq!((seen.total.errors, seen.total.rejected), (0, 0), "{seen}");
    let greens = of(&seen, Some(Green)).requests;
    assert!(greens == seen.sent / 10 || greens == seen.sent.div_ceil(10), "{seen}");
    assert_eq!(of(&seen, Some(Blue)).requests + greens, seen.sent, "{seen}");
    assert_eq!(seen.by_colour.len(), 2, "{seen}");
    assert_eq!(seen.total.statuses, BTreeMap::from([(200, seen.sent)]));
    assert!(seen.total.p50 > Some(Duration::ZERO) && seen.total.p50 <= seen.total.p99, "{seen}");
    // Connections are kept: no more than there were requests at once.
    let clients: std::collections::HashSet<_> =
        served.balancer.log().into_iter().map(|entry| entry.client).collect();
    assert!(clients.len() <= 50, "{} connections", clients.len());
}

#[tokio::test]
async fn an_error_of_a_target_is_its_sides() {
    let (blue, green) = (blue().await, answering(ERROR).await);
    let served = served(blue.address(), green.address, [1, 1]).await;
    let seen = seen(&served, settings(&served), 20).await;
    let (blues, greens) = (of(&seen, Some(Blue)), of(&seen, Some(Green)));
    assert_eq!((blues.errors, blues.first_error_at), (0, None), "{seen}");
    assert_eq!((greens.errors, greens.statuses.get(&500)), (greens.requests, Some(&greens.requests)));
    assert_eq!(seen.total.errors, greens.errors);
    assert!(greens.first_error_at.is_some() && greens.first_error_at <= greens.last_error_at);
    let text = seen.to_string();
    assert!(text.starts_with(&format!("users saw {} errors in ", greens.errors)), "{text}");
}

#[tokio::test]
async fn what_the_load_balancer_answers_for_a_side_is_that_sides() {
    let (blue, nobody) = (blue().await, nobody().await);
    let served = served(blue.address(), nobody, [1, 1]).await;
    // Nothing listens where green should be.
    let refused = seen(&served, settings(&served), 20).await;
    let greens = of(&refused, Some(Green));
    assert_eq!((greens.errors, greens.statuses.get(&502)), (greens.requests, Some(&greens.requests)));
    assert_eq!(of(&refused, Some(Blue)).errors, 0, "{refused}");
    // Green has no targets at all.
    served.change(|elb| elb.target_groups[1].targets.clear());
    let empty = seen(&served, settings(&served), 20).await;
    let greens = of(&empty, Some(Green));
    assert_eq!((greens.errors, greens.statuses.get(&503)), (greens.requests, Some(&greens.requests)));
}

#[tokio::test]
async fn what_nobody_was_asked_is_neithers() {
    let blue = blue().await;
    let served = served(blue.address(), blue.address(), [1, 0]).await;
    served.change(|elb| elb.listeners[0].default_actions = fixed(404, "no such host"));
    let seen = seen(&served, settings(&served), 10).await;
    let neither = of(&seen, None);
    assert_eq!((neither.rejected, neither.errors, seen.by_colour.len()), (seen.sent, 0, 1), "{seen}");
    let text = seen.to_string();
    assert!(text.contains(&format!(", {0} rejected ({0} x 404)", seen.sent)), "{text}");
}

#[tokio::test]
async fn users_ask_for_the_host_and_the_paths_in_turn() {
    let (blue, green) = (blue().await, blue().await);
    let served = served(blue.address(), green.address(), [1, 0]).await;
    served.change(|elb| {
        elb.listeners[0].default_actions = fixed(404, "");
        let user = || {
            vec![
                Condition::HostHeader(vec!["orders.example.com".to_owned()]),
                Condition::HttpHeader("user-agent".to_owned(), vec!["greenlight-users".to_owned()]),
            ]
        };
        for (priority, path, group) in [(1, "/hello/ada", "blue"), (2, "/ping", "green")] {
            let mut conditions = user();
            conditions.push(Condition::PathPattern(vec![path.to_owned()]));
            elb.rules.push(rule(priority, conditions, forward(&[(group, 1)])));
        }
    });
    let paths = ["/hello/ada?a=b", "/ping"].map(|path| path.parse().unwrap()).to_vec();
    let seen = seen(&served, Settings { paths, ..settings(&served) }, 20).await;
    assert_eq!((seen.total.rejected, seen.total.errors), (0, 0), "{seen}");
    assert_eq!(of(&seen, Some(Blue)).requests, seen.sent.div_ceil(2), "{seen}");
    assert_eq!(of(&seen, Some(Green)).requests, seen.sent / 2, "{seen}");
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_its_sides_too() {
    let silent = server(|mut connection| async move {
        let _ = connection.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let blue = blue().await;
    let served = served(blue.address(), silent.address, [0, 1]).await;
    let patience = Duration::from_millis(50);
    let seen = seen(&served, Settings { patience, ..settings(&served) }, 5).await;
    let greens = of(&seen, Some(Green));
    assert_eq!((greens.errors, greens.requests), (seen.sent, seen.sent), "{seen}");
    assert_eq!(greens.no_answers, BTreeMap::from([(NoAnswer::TimedOut, seen.sent)]), "{seen}");
    // It took as long as a user has waited, and not sixty times less.
    assert!(greens.p50 >= Some(patience), "{seen}");
}

#[tokio::test]
async fn an_answer_that_is_cut_off_is_an_error() {
    let cut = answering(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc").await;
    let blue = blue().await;
    let served = served(blue.address(), cut.address, [0, 1]).await;
    let seen = seen(&served, settings(&served), 10).await;
    let greens = of(&seen, Some(Green));
    assert_eq!(greens.no_answers, BTreeMap::from([(NoAnswer::CutOff, seen.sent)]), "{seen}");
    assert_eq!((greens.errors, greens.statuses.len()), (seen.sent, 0), "{seen}");
}

#[tokio::test]
async fn minutes_add_up_to_what_was_seen() {
    let (blue, green) = (blue().await, answering(ERROR).await);
    let served = served(blue.address(), green.address, [3, 1]).await;
    let reader = served.balancer.log_reader("");
    let users = Users::start(settings(&served));
    soon(answered(&served, &reader, 0, 40)).await;
    let windows = users.windows();
    let seen = soon(users.stop()).await;
    let totals = windows.look(|history| {
        let mut totals = [0; 6];
        for window in history.windows() {
            let total = window.total();
            let green = window.by_colour.get(&Side::Green).map_or(0, |counts| counts.target_5xx);
            for (sum, count) in totals.iter_mut().zip([
                window.asked,
                window.sent,
                total.requests,
                total.target_2xx,
                total.target_5xx,
                green,
            ]) {
                *sum += count;
            }
        }
        totals
    });
    let (blues, greens) = (of(&seen, Some(Blue)).requests, of(&seen, Some(Green)).requests);
    assert_eq!(totals, [seen.asked, seen.sent, seen.sent, blues, greens, greens]);
}
