//! CloudWatch: values over windows, alarms, and the two formats that clients speak to it.

use ciborium::Value as Cbor;
use greenlight_cli::rehearsal::aws::cloudwatch::{Alarm, State};
use greenlight_cli::rehearsal::aws::{Aws, World};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{SIGNED, call, refusal, send};

const GET: &str = "GraniteServiceVersion20100801.GetMetricData";
const DESCRIBE: &str = "GraniteServiceVersion20100801.DescribeAlarms";
/// 2026-11-21T10:00:00Z.
const TEN: i64 = 1_795_255_200;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(TEN + second).unwrap()
}

/// Ten minutes, each with the same requests; in the last one they are slow.
fn state() -> State {
    let mut state = State::default();
    for minute in 0..10 {
        let dimensions = [("LoadBalancer", "app/a/1"), ("TargetGroup", "targetgroup/green/2")];
        let mut put =
            |name, value| state.record("AWS/ApplicationELB", name, &dimensions, at(minute * 60 + 30), value);
        put("RequestCount", (1.0, 10));
        put("TargetResponseTime", (if minute == 9 { 2.0 } else { 0.1 }, 10));
    }
    state
}

async fn aws() -> Aws {
    let aws = Aws::start().await.unwrap();
    aws.change(|world| world.cloudwatch = state());
    aws
}

fn query(id: &str, name: &str, stat: &str, period: u64) -> Value {
    json!({"Id": id, "MetricStat": {
        "Metric": {
            "Namespace": "AWS/ApplicationELB", "MetricName": name,
            "Dimensions": [
                {"Name": "TargetGroup", "Value": "targetgroup/green/2"},
                {"Name": "LoadBalancer", "Value": "app/a/1"},
            ],
        },
        "Period": period, "Stat": stat,
    }})
}

fn input(queries: &[Value], start: i64, end: i64) -> Value {
    json!({"MetricDataQueries": queries, "StartTime": TEN + start, "EndTime": TEN + end})
}

fn values(answer: &Value, index: usize) -> Vec<(i64, f64)> {
    let result = &answer["MetricDataResults"][index];
    let times = result["Timestamps"].as_array().unwrap();
    let values = result["Values"].as_array().unwrap();
    #[expect(clippy::cast_possible_truncation, reason = "whole seconds")]
    let second = |time: &Value| time.as_f64().unwrap() as i64 - TEN;
    times.iter().zip(values).map(|(time, value)| (second(time), value.as_f64().unwrap())).collect()
}

#[tokio::test]
async fn periods_begin_with_the_window_and_statistics_are_of_all_values_in_them() {
    let aws = aws().await;
    for (name, asked, start, end, expected) in [
        ("a sum of the whole", query("a", "RequestCount", "Sum", 600), 0, 600, vec![(0, 100.0)]),
        ("the end is excluded", query("a", "RequestCount", "Sum", 600), 0, 540, vec![(0, 90.0)]),
        (
            "by halves, newest first",
            query("a", "RequestCount", "Sum", 300),
            0,
            600,
            vec![(300, 50.0), (0, 50.0)],
        ),
        ("not by the clock's quarters", query("a", "RequestCount", "Sum", 420), 120, 540, vec![(120, 70.0)]),
        ("seconds do not count", query("a", "RequestCount", "Sum", 60), 59, 61, vec![(0, 10.0)]),
        ("a percentile of the whole", query("a", "TargetResponseTime", "p90", 600), 0, 600, vec![(0, 0.1)]),
        ("and one above it", query("a", "TargetResponseTime", "p91", 600), 0, 600, vec![(0, 2.0)]),
        ("nothing was recorded", query("a", "HTTPCode_Target_5XX_Count", "Sum", 600), 0, 600, vec![]),
    ] {
        let answer = call(&aws, GET, &input(&[asked], start, end)).await.json();
        assert_eq!(values(&answer, 0), expected, "{name}");
        assert_eq!(answer["MetricDataResults"][0]["StatusCode"], "Complete", "{name}");
    }
    let less = json!([{"Name": "LoadBalancer", "Value": "app/a/1"}]);
    let mut asked = query("a", "RequestCount", "Sum", 600);
    asked["MetricStat"]["Metric"]["Dimensions"] = less;
    let answer = call(&aws, GET, &input(&[asked], 0, 600)).await.json();
    assert_eq!(values(&answer, 0), [], "other dimensions are another metric");
}

#[tokio::test]
async fn long_answers_come_in_pages() {
    let aws = aws().await;
    let asked = [query("a", "RequestCount", "Sum", 300), query("b", "TargetResponseTime", "Maximum", 600)];
    let mut asked = input(&asked, 0, 600);
    asked["MaxDatapoints"] = 1.into();
    let mut seen = Vec::new();
    loop {
        let answer = call(&aws, GET, &asked).await.json();
        let result = &answer["MetricDataResults"][0];
        seen.push((result["Id"].clone(), values(&answer, 0), result["StatusCode"].clone()));
        let Some(token) = answer.get("NextToken") else { break };
        asked["NextToken"] = token.clone();
    }
    assert_eq!(
        seen,
        [
            (json!("a"), vec![(300, 50.0)], json!("PartialData")),
            (json!("a"), vec![(0, 50.0)], json!("Complete")),
            (json!("b"), vec![(0, 2.0)], json!("Complete")),
        ]
    );
    asked["NextToken"] = "other".into();
    assert_eq!(refusal(&call(&aws, GET, &asked).await).1, "InvalidNextToken");
}

#[tokio::test]
async fn what_it_does_not_understand_is_refused() {
    let aws = aws().await;
    let good = query("a", "RequestCount", "Sum", 60);
    let with = |edit: fn(&mut Value)| {
        let mut asked = good.clone();
        edit(&mut asked);
        input(&[asked], 0, 60)
    };
    for (input, message) in [
        (json!({}), "The parameter MetricDataQueries is required."),
        (
            input(std::slice::from_ref(&good), 60, 60),
            "The parameter StartTime must be less than the parameter EndTime.",
        ),
        (
            input(&vec![good.clone(); 501], 0, 60),
            "The collection MetricDataQueries must not have a size greater than 500.",
        ),
        (
            with(|asked| asked["Id"] = "A".into()),
            "The value A for parameter Id is not matching the expected pattern",
        ),
        (with(|asked| asked["MetricStat"]["Period"] = 90.into()), "a multiple of 60"),
        (with(|asked| asked["MetricStat"]["Stat"] = "tm99".into()), "does not compute the statistic tm99"),
        (with(|asked| *asked = json!({"Id": "e", "Expression": "a*2"})), "computes no expressions: a*2"),
        (with(|asked| *asked = json!({"Id": "e"})), "must have either MetricStat or Expression"),
    ] {
        let response = call(&aws, GET, &input).await;
        let (status, code, observed) = refusal(&response);
        assert_eq!((status, &*code), (400, "ValidationError"), "{message}");
        assert!(observed.contains(message), "{observed}");
        assert_eq!(response.header("x-amzn-query-error"), Some("ValidationError;Sender"));
    }
}

#[tokio::test]
async fn alarms_are_told_by_type_name_and_state() {
    let alarm = |name: &str, state: &str| Alarm {
        alarm_name: name.to_owned(),
        state_value: state.to_owned(),
        state_transitioned_timestamp: Some(at(0)),
        ..Alarm::default()
    };
    let aws = Aws::start().await.unwrap();
    aws.change(|world| {
        world.cloudwatch.metric_alarms = vec![alarm("b", "OK"), alarm("a", "ALARM")];
        world.cloudwatch.composite_alarms = vec![alarm("all", "ALARM")];
    });
    let both = json!(["MetricAlarm", "CompositeAlarm"]);
    for (name, input, metric, composite) in [
        ("metric alarms, where nothing is said", json!({}), vec!["a", "b"], vec![]),
        ("all", json!({"AlarmTypes": both}), vec!["a", "b"], vec!["all"]),
        ("by name; who is not there is left out", json!({"AlarmNames": ["b", "gone"]}), vec!["b"], vec![]),
        ("by prefix", json!({"AlarmNamePrefix": "a", "AlarmTypes": both}), vec!["a"], vec!["all"]),
        ("by state", json!({"StateValue": "ALARM", "AlarmTypes": both}), vec!["a"], vec!["all"]),
    ] {
        let answer = call(&aws, DESCRIBE, &input).await.json();
        let names = |key: &str| -> Vec<String> {
            let alarms = answer[key].as_array().unwrap();
            alarms.iter().map(|alarm| alarm["AlarmName"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(
            (names("MetricAlarms"), names("CompositeAlarms")),
            (
                metric.iter().map(ToString::to_string).collect(),
                composite.iter().map(ToString::to_string).collect(),
            ),
            "{name}"
        );
    }
    let answer = call(&aws, DESCRIBE, &json!({"AlarmNames": ["a"]})).await.json();
    assert_eq!(answer["MetricAlarms"][0]["StateTransitionedTimestamp"], json!(1_795_255_200.0));
    let many: Vec<_> = (0..101).map(|index| index.to_string()).collect();
    assert_eq!(refusal(&call(&aws, DESCRIBE, &json!({"AlarmNames": many})).await).1, "ValidationError");
}

async fn in_cbor(aws: &Aws, operation: &str, headers: &[(&str, &str)], body: &Cbor) -> (u16, Cbor) {
    let mut sent = Vec::new();
    ciborium::into_writer(body, &mut sent).unwrap();
    let request_line = format!("POST /service/GraniteServiceVersion20100801/operation/{operation}");
    let headers = [&[SIGNED, ("content-type", "application/cbor")], headers].concat();
    let response = send(aws, &request_line, &headers, sent).await.expect("an answer");
    assert_eq!(response.header("smithy-protocol"), Some("rpc-v2-cbor"));
    assert_eq!(response.header("content-type"), Some("application/cbor"));
    (response.status, ciborium::from_reader(response.body.as_slice()).unwrap())
}

fn member<'value>(value: &'value Cbor, name: &str) -> &'value Cbor {
    let members = value.as_map().expect("a map");
    members.iter().find(|(key, _)| key.as_text() == Some(name)).map(|(_, value)| value).expect(name)
}

#[tokio::test]
async fn the_sdk_of_rust_is_answered_in_cbor() {
    let aws = aws().await;
    let text = |text: &str| Cbor::Text(text.to_owned());
    let map = |members: Vec<(&str, Cbor)>| {
        Cbor::Map(members.into_iter().map(|(name, value)| (text(name), value)).collect())
    };
    let time = |second: i64| Cbor::Tag(1, Box::new(Cbor::Integer((TEN + second).into())));
    let metric = map(vec![
        ("Namespace", text("AWS/ApplicationELB")),
        ("MetricName", text("RequestCount")),
        (
            "Dimensions",
            Cbor::Array(vec![
                map(vec![("Name", text("LoadBalancer")), ("Value", text("app/a/1"))]),
                map(vec![("Name", text("TargetGroup")), ("Value", text("targetgroup/green/2"))]),
            ]),
        ),
    ]);
    let stat = map(vec![("Metric", metric), ("Period", Cbor::Integer(600.into())), ("Stat", text("Sum"))]);
    let asked = |stat: Cbor, end: i64| {
        map(vec![
            ("MetricDataQueries", Cbor::Array(vec![map(vec![("Id", text("a")), ("MetricStat", stat)])])),
            ("StartTime", time(0)),
            ("EndTime", time(end)),
        ])
    };
    let spoken = [("smithy-protocol", "rpc-v2-cbor")];
    let (status, answer) = in_cbor(&aws, "GetMetricData", &spoken, &asked(stat.clone(), 600)).await;
    let result = &member(&answer, "MetricDataResults").as_array().unwrap()[0];
    assert_eq!(status, 200);
    assert_eq!(member(result, "Values"), &Cbor::Array(vec![Cbor::Float(100.0)]));
    let began = Cbor::Tag(1, Box::new(Cbor::Float(1_795_255_200.0)));
    assert_eq!(member(result, "Timestamps"), &Cbor::Array(vec![began]));

    let (status, answer) = in_cbor(&aws, "GetMetricData", &spoken, &asked(stat, 0)).await;
    assert_eq!((status, member(&answer, "__type")), (400, &text("ValidationError")));
    for (operation, headers) in [("PutMetricData", &spoken[..]), ("GetMetricData", &[])] {
        let (_, answer) = in_cbor(&aws, operation, headers, &map(Vec::new())).await;
        assert_eq!(member(&answer, "__type"), &text("UnknownOperationException"), "{operation}");
    }
}

#[test]
fn metrics_and_alarms_stand_in_the_file_of_a_world() {
    let file = json!({"cloudwatch": {
        "metrics": [{
            "namespace": "Shop", "metricName": "Failed", "dimensions": {"Service": "orders"},
            "datapoints": [{"timestamp": "2026-11-21T10:00:00Z", "values": [1.0, 2.0], "counts": [3.0, 1.0]}],
        }],
        "metricAlarms": [{"alarmName": "a", "stateValue": "ALARM"}],
    }});
    let world = World::from_json(file.to_string().as_bytes()).unwrap();
    assert_eq!(world.cloudwatch.metrics[0].datapoints[0].values, [1.0, 2.0]);
    let arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:a";
    assert_eq!(world.cloudwatch.metric_alarms[0].alarm_arn, arn);
}
