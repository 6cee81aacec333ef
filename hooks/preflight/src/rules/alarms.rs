//! The alarms that roll a deployment back.

use super::Subject;
use crate::{
    facts::Key,
    look::Look,
    node::Node,
    pages::ALARMS,
    rule::{Rule, Severity},
    service::shifting,
};

pub(super) const SUBJECT: Subject = Subject { title: "Alarms", rules: RULES };

const BASE: Rule = Rule { link: ALARMS, ..Rule::BASE };
const WARNING: Rule = Rule { severity: Severity::Warning, ..BASE };

static RULES: &[Rule] = &[
    Rule {
        id: "DEPLOY-ALARM-MISSING",
        title: "alarms that change nothing",
        why: "An alarm that does not exist never fires, and alarms that are not enabled change nothing.",
        fix: "Name alarms that exist, and set `enable` to true; or take the alarms away.",
        looks_at: "the service's alarms",
        judge: Some(missing),
        ..BASE
    },
    Rule {
        id: "DEPLOY-ALARM-ROLLBACK",
        title: "alarms that end a deployment and do not undo it",
        why: "With `rollback` set to false an alarm fails the deployment, and ECS leaves the service where it then is: green may serve users on.",
        fix: "Set `deploymentConfiguration.alarms.rollback` to true.",
        looks_at: "the service's alarms",
        judge: Some(not_undone),
        ..WARNING
    },
    Rule {
        id: "DEPLOY-ALARM-STATE",
        title: "an alarm that is on before the deployment begins",
        why: "ECS ignores all alarms of a deployment if one of them is in ALARM when it starts, and says nothing of it.",
        fix: "Clear the alarm first, or let the hook `metrics` look at alarms: it tells those that were on before.",
        looks_at: "the state of the service's alarms",
        judge: Some(state),
        of_what_serves: true,
        ..WARNING
    },
    Rule {
        id: "DEPLOY-ALARM-DATA",
        title: "an alarm that may have no data to judge by",
        why: "Load balancers report errors only where there are some: without a data point such an alarm stays where it is, or in \
              INSUFFICIENT_DATA, and cannot fire in time.",
        fix: "Set `TreatMissingData` to `notBreaching`, and watch the number of requests with an alarm of its own.",
        looks_at: "the state of the service's alarms and how they treat missing data",
        judge: Some(data),
        ..WARNING
    },
    Rule {
        id: "DEPLOY-ALARM-TG",
        title: "an alarm that watches one target group of the pair",
        why: "Blue and green change places with every deployment, so this alarm sees green in every other one only.",
        fix: "Watch both target groups (metric math: `MAX([m1, m2])`), or the load balancer as a whole.",
        looks_at: "the dimensions of the service's alarms",
        judge: Some(one_of_the_pair),
        ..WARNING
    },
];

fn alarms<'a>(service: &Node<'a>) -> Node<'a> {
    service.at("deploymentConfiguration.alarms")
}

/// The alarms that are meant to roll a deployment back, by their names.
fn names<'a>(service: &Node<'a>) -> Vec<(Node<'a>, &'a str)> {
    let items = alarms(service).get("alarmNames").items();
    items.into_iter().filter_map(|item| item.text().map(|text| (item.clone(), text))).collect()
}

/// The alarms of a service, with what is known of them.
fn known<'a>(look: &'a Look<'a>) -> Vec<(Node<'a>, Node<'a>)> {
    let Some(service) = look.service() else { return Vec::new() };
    names(&service)
        .into_iter()
        .filter_map(|(at, name)| Some((at, look.get(&Key::Alarm(name.to_owned()))?)))
        .collect()
}

fn missing(look: &Look<'_>) {
    let Some(service) = look.service() else { return };
    let (alarms, names) = (alarms(&service), names(&service));
    for (at, name) in &names {
        if look.is_missing(&Key::Alarm((*name).to_owned())) {
            at.wrong(format!("there is no alarm `{name}`"));
        }
    }
    let flag = alarms.get("enable");
    let given = alarms.get("alarmNames");
    if flag.flag() == Some(true) && given.is_empty() {
        flag.wrong(format!(
            "`{}` is true, and `{}` names none",
            alarms.spelt("enable"),
            alarms.spelt("alarmNames")
        ));
    }
    if !names.is_empty() && flag.flag() == Some(false) {
        flag.wrong(format!("`{}` is false, so the alarms change nothing", alarms.spelt("enable")));
    }
}

fn not_undone(look: &Look<'_>) {
    let Some(service) = look.service() else { return };
    let (alarms, rollback) = (alarms(&service), alarms(&service).get("rollback"));
    if names(&service).is_empty() || alarms.get("enable").flag() == Some(false) {
        return;
    }
    if rollback.flag() == Some(false) {
        rollback.wrong(format!("`{}` is false", alarms.spelt("rollback")));
    }
}

fn state(look: &Look<'_>) {
    for (at, alarm) in known(look) {
        if alarm.get("StateValue").text() == Some("ALARM") {
            at.wrong(format!("`{at}` is in ALARM"));
        }
    }
}

fn data(look: &Look<'_>) {
    for (at, alarm) in known(look) {
        if alarm.get("StateValue").text() == Some("INSUFFICIENT_DATA") {
            at.wrong(format!("`{at}` is in INSUFFICIENT_DATA"));
            continue;
        }
        let sparse = alarm.get("MetricName").text().is_some_and(|metric| metric.starts_with("HTTPCode_"));
        let treated = alarm.get("TreatMissingData");
        if sparse && (treated.is_absent() || treated.text() == Some("missing")) {
            at.wrong(format!(
                "`{at}` has no data point while there are no errors, and treats missing data as missing"
            ));
        }
    }
}

fn one_of_the_pair(look: &Look<'_>) {
    let Some(service) = shifting(look) else { return };
    let pair_of = |balancer: &Node<'_>| {
        [balancer.get("targetGroupArn"), balancer.at("advancedConfiguration.alternateTargetGroupArn")]
            .map(|arn| arn.text().and_then(|text| text.rsplit(':').next()).map(str::to_owned))
    };
    let pairs: Vec<_> = service.get("loadBalancers").items().iter().map(pair_of).collect();
    for (at, alarm) in known(look) {
        let metrics = alarm.get("Metrics").items();
        let all = metrics.iter().map(|metric| metric.at("MetricStat.Metric.Dimensions"));
        let dimensions: Vec<Node<'_>> = all.chain([alarm.get("Dimensions")]).collect();
        if !dimensions.iter().all(Node::is_known) {
            continue;
        }
        let watched: Vec<&str> = dimensions
            .iter()
            .flat_map(Node::items)
            .filter(|dimension| dimension.get("Name").text() == Some("TargetGroup"))
            .filter_map(|dimension| dimension.get("Value").text())
            .collect();
        for [one, other] in &pairs {
            let sees =
                |group: &Option<String>| group.as_deref().is_some_and(|group| watched.contains(&group));
            if one.is_some() && other.is_some() && sees(one) != sees(other) {
                at.wrong(format!("`{at}` watches one target group only"));
            }
        }
    }
}
